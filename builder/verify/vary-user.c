/* SPDX-License-Identifier: MIT */
/*
 * Another user, for root's rebuild: one whom this machine does not know, with a uid that nobody has
 * and nobody can get. A user who exists would not do, since any process of theirs could replace
 * what the rebuild writes, or trace the rebuild itself, and so decide what verify compares.
 *
 * newuidmap(1) has to know the user and a range of subordinate ids; so /etc/passwd, subuid and
 * subgid are others in the rebuild's mount namespace.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/memory.h"
#include "base/subids.h"
#include "base/tree.h"
#include "verify/other-user.h"
#include "verify/vary-parts.h"

#define NAME "netrescue-verify"
#define PASSWD "/etc/passwd"
#define FILE_MAX ((size_t)64 << 20)
/* Above all ids that a sandbox of root's can have. */
#define UID_FIRST (SUBIDS_HIGH_LAST + SUBIDS_COUNT)
#define UID_COUNT 65536U

/* ---- the user ------------------------------------------------------------------------------- */

/* The uid follows from our pid, so that two verifications at the same time have different ones. If
 * they do not, the other's processes are seen, and the user is not varied. */
static int choose_uid(uid_t *ret, struct text *why_not)
{
	CLEANUP(err_release) struct err err = { 0 };
	uid_t uid = (uid_t)(UID_FIRST + (uint32_t)getpid() % UID_COUNT);
	bool taken;

	if (other_user_has_processes(uid, &taken, &err) < 0) {
		text_add(why_not, err.message);
		return 1;
	}
	if (taken || getpwuid(uid) || getgrgid(uid)) {
		text_printf(why_not, "somebody has the uid %u", (unsigned)uid);
		return 1;
	}
	*ret = uid;
	return 0;
}

static bool has_program(const char *name)
{
	CLEANUP(strv_release) struct strv directory = { 0 };

	strv_split(&directory, getenv("PATH") ?: "", ":");
	for (size_t i = 0; i < directory.count; i++) {
		cleanup_free char *path = xasprintf("%s/%s", directory.item[i], name);

		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

/* Puts that file, with one more line, over itself. */
static int add_line(struct vary *v, const char *name, const char *path, const char *line,
		    struct err *err)
{
	CLEANUP(text_release) struct text t = { 0 };
	int r = read_file(AT_FDCWD, path, FILE_MAX, &t, err);

	if (r < 0)
		return r;
	if (t.length > 0 && t.data[t.length - 1] != '\n')
		text_add(&t, "\n");
	text_printf(&t, "%s\n", line);
	r = vary_cover(v, name, path, t.data);
	return r < 0 ? err_errno(err, ERR_BUILD, -r, "cannot mount over '%s'", path) : 0;
}

static int add_lines(struct vary *v, uid_t uid, struct err *err)
{
	cleanup_free char *user = NULL, *range = NULL;
	uint32_t first;
	int r = subids_find_unused(&first, err);

	if (r < 0)
		return r;
	user = xasprintf(NAME ":x:%u:%u::%s:/bin/false", (unsigned)uid, (unsigned)uid, v->home);
	range = xasprintf(NAME ":%u:%u", first, SUBIDS_COUNT);
	r = add_line(v, "passwd", PASSWD, user, err);
	if (r == 0)
		r = add_line(v, "subuid", SUBUID_FILE, range, err);
	if (r == 0)
		r = add_line(v, "subgid", SUBGID_FILE, range, err);
	return r;
}

static int make_user(struct vary *v, uid_t *ret, struct text *why_not)
{
	CLEANUP(err_release) struct err err = { 0 };
	int r;

	if (access(SUBUID_FILE, F_OK) < 0 || access(SUBGID_FILE, F_OK) < 0 ||
	    !has_program("newuidmap") || !has_program("newgidmap")) {
		text_add(why_not,
			 "an ordinary user's sandbox needs newuidmap (apt install uidmap)");
		return 1;
	}
	r = choose_uid(ret, why_not);
	if (r != 0)
		return r;
	if (add_lines(v, *ret, &err) < 0) {
		text_add(why_not, err.message);
		return 1;
	}
	if (getpwuid(*ret))
		return 0;
	text_add(why_not, "this machine's users are not those of " PASSWD);
	return 1;
}

/* ---- what the user can use ------------------------------------------------------------------ */

static int check_entry(const struct walk_entry *e, void *data, struct err *err)
{
	(void)data;
	if (!S_ISLNK(e->st->st_mode) && faccessat(e->dirfd, e->name, R_OK, AT_EACCESS) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot read '%s'", e->path);
	return 0;
}

/* Checks as the user that this process is at the moment. */
static int check_path(const char *path, int mode, struct err *err)
{
	cleanup_fd int fd = -1;
	struct stat st;
	int r;

	if (faccessat(AT_FDCWD, path, mode, AT_EACCESS) < 0 || stat(path, &st) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot use '%s'", path);
	if (!S_ISDIR(st.st_mode))
		return 0;
	r = open_dir(AT_FDCWD, path, &fd, err);
	return r < 0 ? r : walk_tree(fd, check_entry, NULL, err);
}

static int check_all(const struct strv *paths, int mode, struct err *err)
{
	for (size_t i = 0; i < paths->count; i++) {
		int r = check_path(paths->item[i], mode, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int check_paths(const struct vary *v, struct err *err)
{
	int r = check_path(v->command[0], X_OK, err);

	if (r < 0)
		return r;
	r = check_all(&v->read, R_OK, err);
	if (r < 0)
		return r;
	return check_all(&v->write, W_OK, err);
}

static int give_all(const struct vary *v, uid_t uid, struct err *err)
{
	for (size_t i = 0; i < v->write.count; i++) {
		cleanup_fd int fd = -1;
		int r = open_dir(AT_FDCWD, v->write.item[i], &fd, err);

		if (r == 0)
			r = other_user_give(fd, uid, err);
		if (r < 0)
			return err_wrap(err, "giving '%s' to another user", v->write.item[i]);
	}
	return 0;
}

/* Who may use /dev/kvm, if it is a group, may the user as well: an appliance without it takes an
 * hour. */
static int set_groups(void)
{
	struct stat st;
	bool group = stat("/dev/kvm", &st) == 0 && st.st_gid != 0 &&
		     (st.st_mode & (S_IRGRP | S_IWGRP)) == (S_IRGRP | S_IWGRP);

	return setgroups(group ? 1 : 0, &st.st_gid);
}

/* Checks as the user, which this process is not for good before the last step. On an error it may
 * have become the user by half. */
static int become(const struct vary *v, uid_t uid, struct err *err)
{
	int r = give_all(v, uid, err);

	if (r < 0)
		return r;
	if (set_groups() < 0 || setegid(uid) < 0 || seteuid(uid) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot become uid %u", (unsigned)uid);
	r = check_paths(v, err);
	if (r < 0)
		return r;
	/* Only root may change all ids. */
	if (seteuid(0) < 0 || setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot become uid %u for good",
				 (unsigned)uid);
	return 0;
}

/* Root as it was before become(). */
struct root {
	gid_t gid[3]; /* real, effective, saved */
	uid_t uid[3];
	gid_t *group; /* owned: the supplementary ones */
	int group_count;
};

static void root_release(struct root *r)
{
	free(r->group);
}

static int root_save(struct root *r)
{
	r->group_count = getgroups(0, NULL);
	if (r->group_count < 0)
		return -errno;
	r->group = xcalloc((size_t)r->group_count + 1, sizeof(*r->group));
	if (getgroups(r->group_count, r->group) < 0 ||
	    getresgid(&r->gid[0], &r->gid[1], &r->gid[2]) < 0 ||
	    getresuid(&r->uid[0], &r->uid[1], &r->uid[2]) < 0)
		return -errno;
	return 0;
}

/* The user's first, since only root may change the others. */
static int root_restore(const struct root *r)
{
	if (seteuid(r->uid[1]) < 0 || setresuid(r->uid[0], r->uid[1], r->uid[2]) < 0 ||
	    setresgid(r->gid[0], r->gid[1], r->gid[2]) < 0 ||
	    setgroups((size_t)r->group_count, r->group) < 0)
		return -errno;
	return 0;
}

/* ---- the change ----------------------------------------------------------------------------- */

static void look_user(const struct vary *v, struct text *ret)
{
	const struct passwd *pw = getpwuid(geteuid());

	(void)v;
	text_add(ret, pw ? pw->pw_name : "a user without a name");
}

static int change_user(struct vary *v, struct text *why_not)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(err_release) struct err ignored = { 0 };
	CLEANUP(root_release) struct root root = { 0 };
	uid_t uid = 0;
	int r;

	if (geteuid() != 0) {
		text_add(why_not, "only root becomes another user");
		return 1;
	}
	r = make_user(v, &uid, why_not);
	if (r != 0)
		return r;
	r = root_save(&root);
	if (r < 0 || become(v, uid, &err) == 0)
		return r;
	text_printf(why_not, "another user cannot run it: %s", err.message);
	v->broken = root_restore(&root);
	if (v->broken < 0)
		return v->broken;
	/* Then root goes on, for whom a store of that user's would be a foreign one. */
	(void)give_all(v, 0, &ignored);
	return 1;
}

const struct trial vary_user[] = {
	{ "user", look_user, change_user },
	{ NULL, NULL, NULL },
};
