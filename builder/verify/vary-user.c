/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/memory.h"
#include "base/tree.h"
#include "verify/vary-parts.h"

#define SUBID_MAX ((size_t)4 << 20)
#define SUBID_NEEDED 65536

/* subuid(5): whether that user has a range that the sandbox can use. */
static bool has_range(const char *path, const char *name)
{
	CLEANUP(err_release) struct err ignored = { 0 };
	CLEANUP(text_release) struct text t = { 0 };
	CLEANUP(strv_release) struct strv lines = { 0 };
	uint64_t count;

	if (read_file(AT_FDCWD, path, SUBID_MAX, &t, &ignored) < 0)
		return false;
	strv_split(&lines, t.data, "\n");
	for (size_t i = 0; i < lines.count; i++) {
		CLEANUP(strv_release) struct strv field = { 0 };

		strv_split(&field, lines.item[i], ":");
		if (field.count == 3 && streq(field.item[0], name) &&
		    parse_u64(field.item[2], &count) == 0 && count >= SUBID_NEEDED)
			return true;
	}
	return false;
}

/* The first of /etc/passwd; getpwent(3) owns it. */
static const struct passwd *find_user(void)
{
	const struct passwd *pw;

	setpwent();
	while ((pw = getpwent()))
		if (pw->pw_uid != 0 && has_range("/etc/subuid", pw->pw_name) &&
		    has_range("/etc/subgid", pw->pw_name))
			break;
	endpwent();
	return pw;
}

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

static int give_entry(const struct walk_entry *e, void *data, struct err *err)
{
	const struct passwd *pw = data;

	if (fchownat(e->dirfd, e->name, pw->pw_uid, pw->pw_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot change the owner of '%s'", e->path);
	return 0;
}

static int give(const char *path, struct passwd *pw, struct err *err)
{
	cleanup_fd int fd = -1;
	int r = open_dir(AT_FDCWD, path, &fd, err);

	if (r < 0)
		return r;
	r = walk_tree(fd, give_entry, pw, err);
	if (r < 0)
		return r;
	if (fchown(fd, pw->pw_uid, pw->pw_gid) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot change the owner of '%s'", path);
	return 0;
}

/* Gives the directories away, and sees whether the user could work with all there is. */
static int give_all(const struct vary *v, struct passwd *pw, struct err *err)
{
	for (size_t i = 0; i < v->write.count; i++) {
		int r = give(v->write.item[i], pw, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int prepare(const struct vary *v, struct passwd *pw, struct err *err)
{
	int r = give_all(v, pw, err);

	if (r < 0)
		return r;
	if (setegid(pw->pw_gid) < 0 || seteuid(pw->pw_uid) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot become '%s'", pw->pw_name);
	r = check_paths(v, err);
	if (seteuid(0) < 0 || setegid(0) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot become root again");
	return r;
}

static void look_user(const struct vary *v, struct text *ret)
{
	const struct passwd *pw = getpwuid(geteuid());

	(void)v;
	text_add(ret, pw ? pw->pw_name : "a user without a name");
}

static int change_user(struct vary *v, struct text *why_not)
{
	CLEANUP(err_release) struct err err = { 0 };
	const struct passwd *found;
	struct passwd pw;

	if (geteuid() != 0) {
		text_add(why_not, "only root becomes another user");
		return 1;
	}
	found = find_user();
	if (!found) {
		text_add(why_not, "nobody here has subordinate ids (useradd --system NAME, then "
				  "usermod --add-subuids, --add-subgids)");
		return 1;
	}
	pw = *found;
	cleanup_free char *name = pw.pw_name = xstrdup(pw.pw_name);
	if (prepare(v, &pw, &err) < 0) {
		CLEANUP(err_release) struct err ignored = { 0 };
		struct passwd root = { 0 };

		/* Then root goes on, for whom a store of that user's would be a foreign one. */
		(void)give_all(v, &root, &ignored);
		text_printf(why_not, "user '%s' cannot use %s", name, err.message);
		return 1;
	}
	if (initgroups(name, pw.pw_gid) < 0 || setresgid(pw.pw_gid, pw.pw_gid, pw.pw_gid) < 0 ||
	    setresuid(pw.pw_uid, pw.pw_uid, pw.pw_uid) < 0)
		return -errno;
	return 0;
}

const struct trial vary_user[] = {
	{ "user", look_user, change_user },
	{ NULL, NULL, NULL },
};
