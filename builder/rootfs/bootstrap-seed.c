/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/child.h"
#include "base/err-line.h"
#include "base/io.h"
#include "base/libarchive.h"
#include "base/memory.h"
#include "rootfs/bootstrap.h"
#include "rootfs/ids.h"
#include "deb/deb-reader.h"
#include "deb/deb.h"

#define REPORT_MAX ((size_t)64 << 10)

/* A small tar stream made in a temporary file. */
struct seed {
	struct archive *tar;
	int fd;
};

static void release_seed(struct seed *seed)
{
	if (seed->tar)
		archive_write_free(seed->tar);
	if (seed->fd >= 0)
		close(seed->fd);
}

static int seed_begin(struct seed *seed, struct err *err)
{
	int r = temporary_fd(&seed->fd, err);

	if (r < 0)
		return r;
	seed->tar = archive_write_new();
	archive_write_set_format_ustar(seed->tar);
	if (archive_write_open_fd(seed->tar, seed->fd) != ARCHIVE_OK)
		return deb_archive_error(seed->tar, err,
					 "cannot make the tar archive of the tree's first files");
	return 0;
}

/* type: AE_IFDIR (text is unused), AE_IFLNK (text is its target) or AE_IFREG (text is its content;
 * it is executable). */
static int seed_add(struct seed *seed, const char *path, unsigned type, const char *text,
		    struct err *err)
{
	CLEANUP(archive_entry_cleanup) struct archive_entry *entry = archive_entry_new();
	size_t size = type == AE_IFREG ? strlen(text) : 0;

	archive_entry_set_pathname(entry, path);
	archive_entry_set_filetype(entry, type);
	archive_entry_set_perm(entry, type == AE_IFLNK ? 0777 : 0755);
	archive_entry_set_size(entry, (la_int64_t)size);
	if (type == AE_IFLNK)
		archive_entry_set_symlink(entry, text);
	if (archive_write_header(seed->tar, entry) != ARCHIVE_OK ||
	    archive_write_data(seed->tar, text, size) != (la_ssize_t)size)
		return deb_archive_error(seed->tar, err, path);
	return 0;
}

static int seed_put(struct seed *seed, struct sandbox *sb, const char *where, struct err *err)
{
	if (archive_write_close(seed->tar) != ARCHIVE_OK)
		return deb_archive_error(seed->tar, err,
					 "cannot make the tar archive of the tree's first files");
	if (lseek(seed->fd, 0, SEEK_SET) < 0)
		return err_errno(err, ERR_BUILD, errno,
				 "cannot make the tar archive of the tree's first files");
	return sandbox_put(sb, seed->fd, where, err);
}

/* Programs that packages call and that are held back, or answered for. update-initramfs or dracut
 * runs once, at the end. locale-gen runs beside configuring for the recipe's locales; the one that
 * locales' postinst calls waits for it and has little left to do. */
static const struct {
	const char *name;
	const char *script;
} held_back[] = {
	{ "locale-gen",
	  "#!/bin/sh\n"
	  "exec flock " BOOTSTRAP_LOCALE_LOCK " /usr/sbin/locale-gen --keep-existing\n" },
	{ "update-initramfs", "#!/bin/sh\nexit 0\n" },
	{ "dracut", "#!/bin/sh\nexit 0\n" },
	/* For scripts that ask neither policy-rc.d nor systemctl whether they may start something.
	 */
	{ "start-stop-daemon", "#!/bin/sh\nexit 0\n" },
	/* Every unit of every package has its postinst ask three things of this program, which is
	 * written in perl. Two of them find nothing in a system that has just been unpacked: that
	 * the unit was masked when its package was removed, and that somebody has disabled it
	 * since. A shell sees as quickly as that that there is no note of either, and then gives
	 * the program's own answer. */
	{ "deb-systemd-helper",
	  "#!/bin/sh\n"
	  "notes=/var/lib/systemd/deb-systemd\n"
	  "if [ -n \"$DPKG_MAINTSCRIPT_PACKAGE\" ] &&\n"
	  "	[ -z \"$DPKG_ROOT$_DEB_SYSTEMD_HELPER_DEBUG\" ]; then\n"
	  "	case $#:$1:$2:$3 in\n"
	  "	2:unmask:[!-]*)\n"
	  "		[ -e \"/etc/systemd/system/${2##*/}\" ] ||\n"
	  "			[ -e $notes-helper-masked ] ||\n"
	  "			[ -e $notes-user-helper-masked ] || exit 0 ;;\n"
	  "	3:--quiet:was-enabled:[!-]*)\n"
	  "		[ -e \"$notes-helper-enabled/${3##*/}.dsh-also\" ] || exit 0 ;;\n"
	  "	esac\n"
	  "fi\n"
	  "exec /usr/bin/deb-systemd-helper \"$@\"\n" },
};

static int seed_tool(struct seed *seed, const char *name, const char *script, struct err *err)
{
	cleanup_free char *path = xasprintf("bin/%s", name);

	return seed_add(seed, path, AE_IFREG, script, err);
}

/* depmod runs once beside configuring, so a kernel's postinst need not run it. A package of
 * out-of-tree modules still may. */
static int seed_depmod(struct rootfs *rootfs, struct seed *seed, struct err *err)
{
	CLEANUP(text_release) struct text script = { 0 };

	text_add(&script, "#!/bin/sh\ncase $DPKG_MAINTSCRIPT_PACKAGE in\n");
	for (size_t i = 0; i < rootfs->kernels.count; i++)
		text_printf(&script, "%s) exit 0 ;;\n", rootfs->kernels.item[i].package->name);
	text_add(&script, "esac\nexec /usr/sbin/depmod \"$@\"\n");
	return seed_tool(seed, "depmod", script.data, err);
}

static int seed_tools(struct rootfs *rootfs, struct seed *seed, struct err *err)
{
	static const char *const directory[] = { "bin", "debs", "sysusers" };
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(directory); i++) {
		r = seed_add(seed, directory[i], AE_IFDIR, "", err);
		if (r < 0)
			return r;
	}
	r = seed_depmod(rootfs, seed, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(held_back); i++) {
		r = seed_tool(seed, held_back[i].name, held_back[i].script, err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; rootfs->recipe->id_count > 0 && ids_tools[i]; i++) {
		CLEANUP(text_release) struct text script = { 0 };

		ids_tool(rootfs->recipe, ids_tools[i], &script);
		r = seed_tool(seed, ids_tools[i], script.data, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int bootstrap_seed_tools(struct rootfs *rootfs, struct err *err)
{
	CLEANUP(release_seed) struct seed seed = { .fd = -1 };
	int r = seed_begin(&seed, err);

	if (r < 0)
		return r;
	r = seed_tools(rootfs, &seed, err);
	if (r < 0)
		return r;
	return seed_put(&seed, rootfs->sandbox, SANDBOX_SCRATCH, err);
}

/* The directories that debootstrap merges, whether the architecture's packages need them or not. */
static const char *merged_directories(const char *architecture)
{
	if (streq(architecture, "amd64"))
		return "bin sbin lib lib32 lib64 libx32";
	if (streq(architecture, "i386"))
		return "bin sbin lib lib64 libx32";
	if (streq(architecture, "ppc64el"))
		return "bin sbin lib lib64";
	return "bin sbin lib";
}

static int seed_links(struct seed *seed, const char *architecture, struct err *err)
{
	CLEANUP(strv_release) struct strv name = { 0 };
	int r = seed_add(seed, "usr", AE_IFDIR, "", err);

	if (r < 0)
		return r;
	strv_split(&name, merged_directories(architecture), " ");
	for (size_t i = 0; i < name.count; i++) {
		cleanup_free char *target = xasprintf("usr/%s", name.item[i]);

		r = seed_add(seed, target, AE_IFDIR, "", err);
		if (r < 0)
			return r;
		r = seed_add(seed, name.item[i], AE_IFLNK, target, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int bootstrap_seed_links(struct rootfs *rootfs, struct err *err)
{
	const struct package *p = packages_find(&rootfs->lock->packages, "base-files", ROLE_IMAGE);
	CLEANUP(release_seed) struct seed seed = { .fd = -1 };
	bool carried;
	int r;

	if (!p)
		return err_set(err, ERR_BUILD, "the lock has no package base-files");
	r = deb_has_link(rootfs->store, p, "bin", &carried, err);
	if (r < 0 || carried)
		return r;
	r = seed_begin(&seed, err);
	if (r < 0)
		return r;
	r = seed_links(&seed, rootfs->lock->architecture, err);
	if (r < 0)
		return r;
	return seed_put(&seed, rootfs->sandbox, "/", err);
}

char *bootstrap_deb_path(const struct package *p)
{
	return xasprintf(BOOTSTRAP_DEBS "/%s_%s.deb", p->name, p->architecture);
}

/* Lists what `netrescue deb-tar` is to send in a temporary file, which will be its stdin. */
static int write_list(struct rootfs *rootfs, const struct phase *phase, int *ret_fd,
		      struct err *err)
{
	CLEANUP(text_release) struct text list = { 0 };
	cleanup_fd int fd = -1;
	int r = temporary_fd(&fd, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < phase->count; i++) {
		const struct package *p = phase->item[i];
		char plain[DIGEST_HEX];

		r = deb_plain_digest(rootfs->store, p, plain, err);
		if (r < 0)
			return r;
		text_printf(&list, "%s %s_%s.deb\n", plain, p->name, p->architecture);
	}
	r = write_all(fd, list.data, list.length);
	if (r < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_errno(err, ERR_BUILD, r < 0 ? -r : errno,
				 "cannot write the list of packages for the tree");
	*ret_fd = take_fd(&fd);
	return 0;
}

/* The error that `netrescue deb-tar` wrote to the file `report`, if it wrote one. */
static int read_report(int report, struct err *err)
{
	char line[REPORT_MAX + 1];
	ssize_t n;

	if (lseek(report, 0, SEEK_SET) < 0)
		return err_errno(err, ERR_BUILD, errno,
				 "cannot read the error of netrescue deb-tar");
	n = read_all(report, line, REPORT_MAX);
	if (n < 0)
		return err_errno(err, ERR_BUILD, (int)-n,
				 "cannot read the error of netrescue deb-tar");
	line[n] = '\0';
	return n > 0 ? err_from_line(line, err) : 0;
}

/* Waits for deb-tar. Its own error comes first: the sandbox's, in `put`, may only say that the
 * stream broke off. */
static int end_deb_tar(struct child *child, int report, struct err *put, struct err *err)
{
	char text[64];
	int status;
	int r = child_wait(child, &status, err);

	if (r < 0)
		return r;
	r = read_report(report, err);
	if (r < 0)
		return r;
	if (put->class != ERR_NONE)
		return err_move(err, put);
	if (status != 0)
		return err_set(err, ERR_BUILD,
			       "netrescue deb-tar, which sends the packages, failed: %s",
			       child_status_text(status, text));
	return 0;
}

int bootstrap_seed_debs(struct rootfs *rootfs, const struct phase *phase, struct err *err)
{
	const char *const argv[] = { "/proc/self/exe", "deb-tar", store_path(rootfs->store), NULL };
	CLEANUP(child_release) struct child child = CHILD_INIT;
	CLEANUP(err_release) struct err put = { 0 };
	cleanup_fd int list = -1, report = -1, in = -1, out = -1;
	int fds[2], r;

	r = write_list(rootfs, phase, &list, err);
	if (r < 0)
		return r;
	r = temporary_fd(&report, err);
	if (r < 0)
		return r;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot make a pipe");
	in = fds[0];
	out = fds[1];
	r = child_start(&child,
			&(struct child_options){
				.argv = argv,
				.fd = { { 0, list }, { 1, out }, { DEB_TAR_ERROR_FD, report } },
				.fd_count = 3,
			},
			err);
	if (r < 0)
		return r;
	close(take_fd(&out));
	(void)sandbox_put(rootfs->sandbox, in, BOOTSTRAP_DEBS, &put);
	/* Otherwise deb-tar would wait for somebody to read the rest. */
	close(take_fd(&in));
	r = end_deb_tar(&child, report, &put, err);
	return r < 0 ? err_wrap(err, "bringing packages into the tree") : 0;
}
