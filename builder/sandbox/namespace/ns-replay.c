/* SPDX-License-Identifier: MIT */
/* The end of a recording, and its use: what the command was made of and what it has made, then the
 * comparison with another tree, and the effect laid there. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "sandbox/namespace/ns-record.h"
#include "tar/extract.h"
#include "tar/pack.h"

/* ---- what it was made of -------------------------------------------------------------------- */

/* Nobody was seen to change it, so it is as it was before. */
static char *look_at_end(struct ns_record *r, const struct ns_node *n)
{
	CLEANUP(print_release) struct ns_print print = { 0 };
	int error = print_take(&r->printer, n->path, n->look, &print);

	if (error < 0) {
		ns_record_spoil(r, "'/%s' cannot be read: %s", n->path, strerrordesc_np(-error));
		return NULL;
	}
	if (ns_node_betrays(r, n, &print)) {
		ns_record_spoil(r, "'/%s' was changed in a way that was not seen", n->path);
		return NULL;
	}
	return print_format(&print, n->look);
}

static void add_inputs(struct ns_record *r, struct recording *ret)
{
	size_t text = 0;

	for (size_t i = 0; i < r->nodes.size && !r->why; i++) {
		const struct ns_node *n = r->nodes.slot[i];
		char *seen;

		if (!n || n->look == LOOK_NONE)
			continue;
		seen = n->has_before ? print_format(&n->before, n->look) : look_at_end(r, n);
		if (!seen)
			continue;
		recording_add(ret, n->path, n->look, seen);
		/* Links can have long targets. */
		text += strlen(seen);
		if (text > RECORDING_BYTES_MAX)
			ns_record_spoil(r, "what it looks at is too much to be kept");
	}
	recording_sort(ret);
}

/* ---- what it has made ----------------------------------------------------------------------- */

/* Whether the two differ in more than a directory's time, which archives do not keep. */
static bool has_changed(const struct ns_print *before, const struct ns_print *after)
{
	cleanup_free char *a = NULL, *b = NULL;
	struct ns_print x = *before, y = *after;

	if (x.kind == 'd' && y.kind == 'd') {
		x.seconds = y.seconds = 0;
		x.nanoseconds = y.nanoseconds = 0;
	}
	a = print_format(&x, LOOK_STATUS);
	b = print_format(&y, LOOK_STATUS);
	return !streq(a, b) || (x.kind == 'f' && !streq(x.content, y.content));
}

/* When it is laid, a file is made anew, and a directory where nothing is. */
static void add_made(struct ns_record *r, const struct ns_node *n, const struct ns_print *after,
		     struct strv *made)
{
	if (after->kind == 'd' && n->before.kind != '-')
		ns_record_spoil(r, "it puts a directory in place of '/%s'", n->path);
	else if (n->before.kind == 'f' && n->before.links > 1)
		ns_record_spoil(r, "it changes '/%s', which has other names", n->path);
	else
		strv_add(made, n->path);
}

static void add_effect(struct ns_record *r, const struct ns_node *n, struct strv *made,
		       struct strv *removed)
{
	CLEANUP(print_release) struct ns_print after = { 0 };
	int error = print_take(&r->printer, n->path, LOOK_CONTENT, &after);

	if (error < 0)
		ns_record_spoil(r, "'/%s' cannot be read: %s", n->path, strerrordesc_np(-error));
	else if (after.kind == 'o')
		ns_record_spoil(r, "it leaves '/%s', which is no file", n->path);
	else if (after.kind == '-' && n->before.kind != '-')
		strv_add(removed, n->path);
	else if (n->before.kind == 'd' && after.kind != '-' &&
		 (n->replaced || has_changed(&n->before, &after)))
		ns_record_spoil(r, "it changes the directory '/%s'", n->path);
	else if (n->before.kind != 'd' && after.kind != '-' && has_changed(&n->before, &after))
		add_made(r, n, &after, made);
}

static void add_effects(struct ns_record *r, struct strv *made, struct strv *removed)
{
	for (size_t i = 0; i < r->nodes.size && !r->why; i++) {
		const struct ns_node *n = r->nodes.slot[i];

		if (n && (n->replaced || n->touched) && n->has_before)
			add_effect(r, n, made, removed);
	}
	strv_sort(made);
	/* What is in a directory goes before the directory. */
	strv_sort(removed);
	for (size_t i = 0; i < removed->count / 2; i++) {
		char *path = removed->item[i];

		removed->item[i] = removed->item[removed->count - 1 - i];
		removed->item[removed->count - 1 - i] = path;
	}
}

static int finish(struct ns_record *r, int tar, struct recording *ret, struct err *err)
{
	CLEANUP(strv_release) struct strv made = { 0 };

	add_inputs(r, ret);
	add_effects(r, &made, &ret->removed);
	return r->why ? 0 : pack_paths(r->printer.tree, &made, r->printer.epoch, tar, err);
}

int ns_request_recorded(struct ns *ns, struct message *request, struct message *reply,
			struct err *err)
{
	CLEANUP(recording_release) struct recording recording = { 0 };
	CLEANUP(text_release) struct text bytes = { 0 };
	cleanup_fd int tar = message_take_fd(request);
	struct ns_record *r = ns->record;
	int status = message_end(request, err);

	if (status < 0)
		return status;
	if (!r)
		return err_set(err, ERR_BUILD, "no command of this sandbox was recorded");
	/* kernel.yama.ptrace_scope=3 forbids it, for instance. */
	if (!r->has_begun)
		ns_record_spoil(r, "the memory of its processes cannot be read");
	if (!r->why) {
		status = finish(r, tar, &recording, err);
		if (status < 0)
			return err_wrap(err, "keeping what a command has made");
	}
	if (!r->why)
		recording_format(&recording, &bytes);
	if (bytes.length > RECORDING_BYTES_MAX) {
		ns_record_spoil(r, "what it looks at is too much to be kept");
		text_release(&bytes);
	}
	message_put_text(reply, r->why);
	message_put_u64(reply, r->calls);
	message_put_u64(reply, recording.count);
	message_put_bytes(reply, bytes.data ? bytes.data : "", bytes.length);
	ns_record_free(ns->record);
	ns->record = NULL;
	return 0;
}

/* ---- another tree --------------------------------------------------------------------------- */

static bool is_same(struct ns_printer *p, const struct recorded *item)
{
	CLEANUP(print_release) struct ns_print print = { 0 };
	cleanup_free char *seen = NULL;

	if (print_take(p, item->path, item->look, &print) < 0)
		return false;
	seen = print_format(&print, item->look);
	return streq(seen, item->seen);
}

static int take_recording(struct message *request, struct recording *ret, struct err *err)
{
	size_t size;
	const char *data = message_get_bytes(request, &size);

	return recording_parse(data, size, ret, err);
}

int ns_request_match(struct ns *ns, struct message *request, struct message *reply, struct err *err)
{
	CLEANUP(recording_release) struct recording recording = { 0 };
	struct ns_printer p = { ns->tree, ns->epoch, PRINT_BYTES_MAX };
	const char *different = "";
	int r = take_recording(request, &recording, err);

	if (r < 0)
		return r;
	r = message_end(request, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < recording.count && !*different; i++)
		if (!is_same(&p, &recording.item[i]))
			different = recording.item[i].path;
	message_put_text(reply, different);
	return 0;
}

/* The way to it is as it was recorded, so there is no link on it. */
static int remove_recorded(const struct ns *ns, const char *path, struct err *err)
{
	struct stat st;

	if (fstatat(ns->tree, path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    unlinkat(ns->tree, path, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) == 0)
		return 0;
	return err_errno(err, ERR_BUILD, errno, "cannot remove '/%s'", path);
}

int ns_request_replay(struct ns *ns, struct message *request, struct message *reply,
		      struct err *err)
{
	CLEANUP(recording_release) struct recording recording = { 0 };
	cleanup_fd int root = ns_open("/", O_PATH | O_DIRECTORY, 0);
	cleanup_fd int tar = message_take_fd(request);
	int r = take_recording(request, &recording, err);

	(void)reply;
	if (r < 0)
		return r;
	r = message_end(request, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < recording.removed.count; i++) {
		r = remove_recorded(ns, recording.removed.item[i], err);
		if (r < 0)
			return r;
	}
	r = extract_tar(tar, root, "recording", err);
	return r < 0 ? err_wrap(err, "laying what a command has made") : 0;
}
