/* SPDX-License-Identifier: MIT */
/*
 * What foreign scripts leave in the tree, and what foreign programs print there: files that the
 * stages read, lists that dpkg, find and dkms write. A thread plays the helper. The first piece of
 * the input decides what is run and, byte for byte, what each request gets; the others are what is
 * read, one after the other.
 */
#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "rootfs/dkms.h"
#include "rootfs/ids.h"
#include "rootfs/insserv.h"
#include "rootfs/questions.h"
#include "rootfs/settings.h"
#include "sandbox/protocol.h"
#include "sandbox/sandbox-exchange.h"

/* ---- the helper ------------------------------------------------------------------------------ */

struct helper {
	int sock;
	const struct fuzz_pieces *pieces;
	size_t control; /* bytes of the first piece that are used up */
	size_t file;	/* piece to be read next */
};

static unsigned next_control(struct helper *h)
{
	const struct text *control = &h->pieces->item[0];

	return h->control < control->length ? (unsigned char)control->data[h->control++] : 0;
}

/* A command ends well, most of the time. */
static void answer_run(struct helper *h, struct message *request, struct message *reply)
{
	const uint64_t count = message_get_u64(request);

	for (uint64_t i = 0; i < count && i < 64; i++)
		message_put_u64(reply, next_control(h) == '!' ? 1 << 8 : 0);
}

/* -1: there is no such file. */
static int answer_read(struct helper *h, struct message *reply)
{
	const struct text *piece = &h->pieces->item[h->file];

	h->file = h->file + 1 < h->pieces->count ? h->file + 1 : 1;
	if (next_control(h) == '!') {
		CLEANUP(err_release) struct err err = { 0 };

		reply->type = MESSAGE_ERROR;
		err_errno(&err, ERR_BUILD, ENOENT, "cannot open it");
		message_put_err(reply, &err);
		return -1;
	}
	return fuzz_fd((const uint8_t *)piece->data, piece->length);
}

static void answer(struct helper *h, struct message *request)
{
	CLEANUP(message_release) struct message reply = { .type = MESSAGE_OK };
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_fd int fd = -1;

	if (request->type == MESSAGE_RUN)
		answer_run(h, request, &reply);
	else if (request->type == MESSAGE_EXISTS)
		message_put_u64(&reply, next_control(h) != '!');
	else if (request->type == MESSAGE_READ)
		fd = answer_read(h, &reply);
	if (fd >= 0)
		message_put_fd(&reply, fd);
	assert(message_send(h->sock, &reply, &err) == 0);
}

static void *play(void *data)
{
	struct helper *h = data;

	for (;;) {
		CLEANUP(message_release) struct message m = { 0 };
		CLEANUP(err_release) struct err err = { 0 };

		if (message_receive(h->sock, -1, &m, &err) <= 0)
			return NULL;
		answer(h, &m);
	}
}

/* ---- the main program ------------------------------------------------------------------------ */

static int add_changes(struct rootfs *rootfs, struct err *err)
{
	CLEANUP(strv_release) struct strv before = { 0 };
	int r = file_log_snapshot(rootfs, &before, err);

	return r < 0 ? r : file_log_add_since(rootfs, &before, "x", err);
}

static int help(struct rootfs *rootfs, struct err *err)
{
	cleanup_free char *help = questions_help(rootfs, "wireshark-common", "wireshark-common");

	return help ? err_set(err, ERR_BUILD, "%s", help) : 0;
}

static int explain(struct rootfs *rootfs, struct err *err)
{
	(void)err_set(err, ERR_BUILD, "dpkg failed");
	return dkms_explain(rootfs, err);
}

static int (*const readers[])(struct rootfs *rootfs, struct err *err) = {
	stage_settings,
	questions_check,
	help,
	file_log_read_verified,
	add_changes,
	dkms_check,
	explain,
	ids_check,
	insserv_sort,
	settings_locale,
	settings_keys,
	settings_terminals,
	settings_services,
	settings_masks,
	settings_way_in,
	settings_accounts,
	settings_homes,
	settings_microcode,
	stage_normalise,
	stage_initramfs,
	stage_check,
	settings_identity,
	settings_apt,
	settings_password,
};

static const struct lock *the_lock(void)
{
	static struct lock lock;
	static const char *const names[] = { "dkms", "locales", "wireshark-common", "xz-utils" };

	for (size_t i = 0; lock.packages.count < ARRAY_SIZE(names); i++) {
		struct package *p = packages_add(&lock.packages);

		p->name = xstrdup(names[i]);
		p->version = xstrdup("1");
		p->architecture = xstrdup("amd64");
		p->suite = xstrdup("trixie");
		p->component = xstrdup("main");
		p->repository = xstrdup("");
		p->path = xasprintf("pool/main/%s.deb", names[i]);
	}
	return &lock;
}

static void run(int sock, const struct fuzz_pieces *pieces)
{
	CLEANUP(err_release) struct err err = { 0 };
	struct sandbox *sb = xcalloc(1, sizeof(*sb));
	struct rootfs rootfs = {
		.store = fuzz_store(),
		.recipe = fuzz_recipe(),
		.lock = the_lock(),
		.sandbox = sb,
		.jobs = 1,
		.kernel = "6.12.107+deb13-amd64",
	};
	const unsigned which = pieces->item[0].length ? (unsigned char)pieces->item[0].data[0] : 0;

	*sb = (struct sandbox){ .sock = sock, .log = -1, .child = CHILD_INIT };
	rootfs.kernels.item = xcalloc(1, sizeof(*rootfs.kernels.item));
	rootfs.kernels.count = rootfs.kernels.allocated = 1;
	rootfs.kernels.item[0].release = xstrdup(rootfs.kernel);
	(void)readers[which % ARRAY_SIZE(readers)](&rootfs, &err);
	rootfs_release(&rootfs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(fuzz_pieces_release) struct fuzz_pieces pieces = fuzz_cut(data, size);
	int pair[2];
	pthread_t thread;

	assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	struct helper helper = { .sock = pair[1], .pieces = &pieces, .control = 1, .file = 1 };
	assert(pthread_create(&thread, NULL, play, &helper) == 0);
	run(pair[0], &pieces);
	assert(pthread_join(thread, NULL) == 0 && close(pair[1]) == 0);
	return 0;
}
