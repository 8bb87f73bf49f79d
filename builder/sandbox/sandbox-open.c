/* SPDX-License-Identifier: MIT */
/* Chooses the sandbox and finds its helper program. Other files need not know that there are
 * several; verify/ and `netrescue version` name them. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/socket.h>
#include <string.h>

#include "base/io.h"
#include "base/log.h"
#include "base/memory.h"
#include "sandbox/sandbox-exchange.h"

#define HELPER_FD 3

/* In the order in which `auto` tries them. */
static const struct kind {
	const char *name;
	const char *helper;
	const char *missing; /* what to do when the helper is not there */
} kinds[] = {
	{ "namespace", "sandbox-namespace",
	  "install it there, or name its directory in NETRESCUE_LIBEXEC" },
	{ "guestfs", "sandbox-guestfs",
	  "it is in the package netrescue-guestfs; from source it is built where libguestfs is "
	  "installed (sudo apt install libguestfs-dev, then make), "
	  "and lies beside netrescue or in NETRESCUE_LIBEXEC" },
};

static int find_helper(const struct kind *k, char **ret, struct err *err)
{
	static const char *const place[] = { "", "../libexec/netrescue/", "../" };
	const char *given = getenv("NETRESCUE_LIBEXEC");
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;

	if (n < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot find out where netrescue lies");
	exe[n] = '\0';
	slash = strrchr(exe, '/');
	slash[1] = '\0';
	for (size_t i = 0; i < (given ? 1 : ARRAY_SIZE(place)); i++) {
		cleanup_free char *path = given ? xasprintf("%s/%s", given, k->helper)
						: xasprintf("%s%s%s", exe, place[i], k->helper);

		if (access(path, X_OK) == 0) {
			*ret = take_ptr(path);
			return 0;
		}
	}
	err_set(err, ERR_BUILD, "cannot find the program '%s' %s '%s'", k->helper,
		given ? "in" : "beside", given ? given : exe);
	return err_hint(err, "%s", k->missing);
}

bool sandbox_is_installed(const char *kind)
{
	CLEANUP(err_release) struct err ignored = { 0 };
	cleanup_free char *helper = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (streq(kinds[i].name, kind))
			return find_helper(&kinds[i], &helper, &ignored) == 0;
	return false;
}

/* sandbox-guestfs brings sandbox-namespace into its machine. */
int sandbox_code(const char *kind, struct text *ret, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		cleanup_free char *helper = NULL;
		cleanup_fd int fd = -1;
		char digest[DIGEST_HEX];
		int r;

		if (i > 0 && !streq(kinds[i].name, kind))
			continue;
		r = find_helper(&kinds[i], &helper, err);
		if (r < 0)
			return r;
		r = open_file(AT_FDCWD, helper, 0, ERR_BUILD, &fd, err);
		if (r < 0)
			return r;
		r = digest_fd(fd, digest, err);
		if (r < 0)
			return r;
		text_printf(ret, "%s %s\n", kinds[i].helper, digest);
	}
	return 0;
}

int sandbox_check_kind(const char *kind, struct err *err)
{
	if (!kind || streq(kind, "auto"))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (streq(kind, kinds[i].name))
			return 0;
	if (streq(kind, "root-unconfined"))
		err_set(err, ERR_USAGE,
			"the sandbox 'root-unconfined' is not offered: package scripts "
			"would run as this machine's root, with nothing around them");
	else
		err_set(err, ERR_USAGE, "unknown sandbox '%s'", kind);
	return err_hint(err, "use --sandbox=auto, namespace or guestfs");
}

/* What a helper gets beside the usual (child.h): the variables that libguestfs, supermin and QEMU
 * read. */
static void fill_environment(struct strv *ret)
{
	static const char *const passed[] = {
		"PATH=",
		"HOME=",
		"TMPDIR=",
		"XDG_RUNTIME_DIR=",
		"LIBGUESTFS_",
		"SUPERMIN_",
		"NETRESCUE_APPLIANCE_",
	};

	for (char **e = environ; e && *e; e++)
		for (size_t i = 0; i < ARRAY_SIZE(passed); i++)
			if (starts_with(*e, passed[i]))
				strv_add(ret, *e);
	strv_add(ret, "TZ=UTC");
	strv_add(ret, "LC_ALL=C.UTF-8");
}

static int start_helper(struct sandbox *sb, const struct kind *k, struct err *err)
{
	CLEANUP(strv_release) struct strv env = { 0 };
	cleanup_free char *helper = NULL;
	int pair[2];
	int r = find_helper(k, &helper, err);

	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot make a socket for the sandbox");
	sb->sock = pair[0];
	cleanup_fd int theirs = pair[1];
	fill_environment(&env);
	return child_start(&sb->child,
			   &(struct child_options){
				   .argv = (const char *const[]){ helper, NULL },
				   .env = (const char *const *)env.item,
				   .fd = { { HELPER_FD, theirs } },
				   .fd_count = 1,
			   },
			   err);
}

static int greet(struct sandbox *sb, struct store *s, const struct sandbox_options *options,
		 struct err *err)
{
	CLEANUP(message_release) struct message m = { .type = MESSAGE_OPEN };
	CLEANUP(message_release) struct message reply = { 0 };
	struct sandbox_output output = { 0 };
	cleanup_fd int trees = -1;
	int r = store_open_dir(s, "tree", &trees, err);

	if (r == -ENOENT)
		return err_errno(err, ERR_BUILD, ENOENT, "cannot open '%s/tree'", store_path(s));
	if (r < 0)
		return r;
	message_put_u64(&m, MESSAGE_VERSION);
	message_put_u64(&m, (uint64_t)options->source_date_epoch);
	message_put_text(&m, options->hostname ? options->hostname : "netrescue");
	message_put_text(&m, options->kernel ? options->kernel : "6.1.0-netrescue");
	message_put_u64(&m, options->space);
	message_put_u64(&m, options->on_disk);
	message_put_limits(&m, &options->limits);
	message_put_fd(&m, trees);
	r = sandbox_exchange(sb, &m, &reply, &output, 1, err);
	sandbox_output_release(&output);
	if (r < 0)
		return r;
	sb->description = message_get_text(&reply);
	return message_end(&reply, err);
}

/* Opens one kind; sb->log and sb->on_line are set. */
static int open_kind(struct sandbox *sb, const struct kind *k, struct store *s,
		     const struct sandbox_options *options, struct err *err)
{
	int r = start_helper(sb, k, err);

	sb->lost = false;
	sb->kind = k->name;
	return r < 0 ? r : greet(sb, s, options, err);
}

/* Both errors, and both hints in the order in which they are worth trying. */
static int none_works(struct err *first, struct err *second, struct err *err)
{
	int r = err_set(err, ERR_BUILD, "no sandbox works here\nnamespace: %s\nguestfs: %s",
			first->message, second->message);

	if (first->hint && second->hint)
		return err_hint(err, "%s\nor: %s", first->hint, second->hint);
	if (first->hint || second->hint)
		return err_hint(err, "%s", first->hint ? first->hint : second->hint);
	return r;
}

/* Only opening a kind shows whether it works: no guess would be as good. */
static int open_any(struct sandbox *sb, struct store *s, const struct sandbox_options *options,
		    struct err *err)
{
	CLEANUP(err_release) struct err first = { 0 };
	CLEANUP(err_release) struct err second = { 0 };
	cleanup_free char *chosen = NULL;

	if (open_kind(sb, &kinds[0], s, options, &first) == 0)
		return 0;
	if (first.class == ERR_INTERRUPTED)
		return err_move(err, &first);
	sandbox_end(sb);
	log_note("no sandbox of namespaces here (%s): trying guestfs", first.message);
	if (open_kind(sb, &kinds[1], s, options, &second) < 0)
		return second.class == ERR_INTERRUPTED ? err_move(err, &second)
						       : none_works(&first, &second, err);
	chosen = xasprintf("%s, since namespaces do not work here: %s", sb->description,
			   first.message);
	free(sb->description);
	sb->description = take_ptr(chosen);
	return 0;
}

static int open_chosen(struct sandbox *sb, struct store *s, const struct sandbox_options *options,
		       struct err *err)
{
	if (!options->kind || streq(options->kind, "auto"))
		return open_any(sb, s, options, err);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (streq(options->kind, kinds[i].name))
			return open_kind(sb, &kinds[i], s, options, err);
	return sandbox_check_kind(options->kind, err);
}

int sandbox_open(struct store *s, const struct sandbox_options *options, struct sandbox **ret,
		 struct err *err)
{
	CLEANUP(sandbox_cleanup) struct sandbox *sb = xcalloc(1, sizeof(*sb));
	int r;

	sb->child = (struct child)CHILD_INIT;
	sb->sock = -1;
	sb->log = -1;
	sb->on_line = options->on_line;
	r = sandbox_check_kind(options->kind, err);
	if (r < 0)
		return r;
	if (options->log_fd >= 0) {
		sb->log = fcntl(options->log_fd, F_DUPFD_CLOEXEC, 3);
		if (sb->log < 0)
			return err_errno(err, ERR_BUILD, errno, "cannot use the sandbox's log");
	}
	r = open_chosen(sb, s, options, err);
	if (r < 0)
		return err_wrap(err, "opening the sandbox");
	*ret = take_ptr(sb);
	return 0;
}
