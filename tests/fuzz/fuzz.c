/* SPDX-License-Identifier: MIT */
#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/atomic-file.h"
#include "base/io.h"
#include "base/tree.h"

/* The sanitizers ask for their options by these names. */
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

/*
 * Whoever asks for half a gigabyte at once does not get it. Our own code aborts then (memory.h), which
 * is found: sizes from outside have to meet a limit first. libarchive asks for as much as the header of
 * a cpio announces for a name, up to 4 GiB, before it sees that those bytes are not there, and takes no
 * for an answer.
 */
const char *__asan_default_options(void)
{
	return "max_allocation_size_mb=512:allocator_may_return_null=1:allow_addr2line=1";
}

const char *__ubsan_default_options(void)
{
	return "print_stacktrace=1";
}

static char *directory;

static const char recipe_text[] =
	"name: x\nsuite: trixie\narchitecture: amd64\nhostname: rescue\n"
	"packages: [dkms, wireshark-common, locales, sudo, openssh-server, dbus, console-setup]\n"
	"ids: {sshd: 105, input: {group: 106}}\n"
	"locales: [de_DE.UTF-8]\ntimezone: Europe/Berlin\nautologin: {terminals: [tty1, ttyS0]}\n"
	"users: [{name: anna, groups: [sudo, audio], sudo: true}]\ngroups: [{name: staff2}]\n"
	"services: {disable: [ssh.service], mask: [cron.service]}\n"
	"debconf: [wireshark-common wireshark-common/install-setuid boolean true]\n";

/* For what must work, whatever the input is. */
static void must(int r, const struct err *err)
{
	if (r >= 0)
		return;
	(void)fprintf(stderr, "fuzz: %s\n", err->message);
	abort();
}

struct text fuzz_text(const uint8_t *data, size_t size)
{
	struct text t = { 0 };

	text_append(&t, data, size);
	return t;
}

char *fuzz_string(const uint8_t *data, size_t size)
{
	return xstrndup(size ? (const char *)data : "", size);
}

int fuzz_fd(const uint8_t *data, size_t size)
{
	CLEANUP(err_release) struct err err = { 0 };
	int fd = -1;

	must(memory_fd((const char *)data, size, &fd, &err), &err);
	return fd;
}

struct fuzz_pieces fuzz_cut(const uint8_t *data, size_t size)
{
	static const char separator[] = FUZZ_SEPARATOR;
	struct fuzz_pieces pieces = { 0 };

	for (size_t i = 0; i < FUZZ_PIECES_MAX; i++) {
		const uint8_t *end = i + 1 < FUZZ_PIECES_MAX && size > 0
					     ? memmem(data, size, separator, strlen(separator))
					     : NULL;
		const size_t length = end ? (size_t)(end - data) : size;

		pieces.count += i == 0 || size > 0;
		text_append(&pieces.item[i], length ? data : NULL, length);
		data += end ? length + strlen(separator) : length;
		size -= end ? length + strlen(separator) : length;
	}
	return pieces;
}

void fuzz_pieces_release(struct fuzz_pieces *pieces)
{
	for (size_t i = 0; i < FUZZ_PIECES_MAX; i++)
		text_release(&pieces->item[i]);
}

static void remove_directory(void)
{
	CLEANUP(err_release) struct err ignored = { 0 };

	(void)remove_tree(AT_FDCWD, directory, &ignored);
	free(directory);
}

const char *fuzz_directory(void)
{
	const char *temporary = getenv("TMPDIR");

	if (directory)
		return directory;
	directory = xasprintf("%s/netrescue-fuzz-XXXXXX", temporary ? temporary : "/tmp");
	if (!mkdtemp(directory))
		abort();
	(void)atexit(remove_directory);
	return directory;
}

int fuzz_dirfd(void)
{
	static int fd = -1;
	CLEANUP(err_release) struct err err = { 0 };

	if (fd < 0)
		must(open_dir(AT_FDCWD, fuzz_directory(), &fd, &err), &err);
	return fd;
}

char *fuzz_path(const char *name)
{
	return xasprintf("%s/%s", fuzz_directory(), name);
}

void fuzz_file(const char *name, const void *data, size_t size)
{
	cleanup_free char *above = xstrdup(name);
	CLEANUP(err_release) struct err err = { 0 };
	char *slash = strrchr(above, '/');

	if (slash) {
		*slash = '\0';
		must(make_dirs(fuzz_dirfd(), above, 0755, &err), &err);
	}
	/* Written in place: atomic_file_commit() would wait for the disk. */
	cleanup_fd int fd = openat(fuzz_dirfd(), name,
				   O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0 || write_all(fd, data, size) < 0)
		abort();
}

int fuzz_empty(const char *name)
{
	CLEANUP(err_release) struct err err = { 0 };
	int fd = -1;

	must(remove_tree(fuzz_dirfd(), name, &err), &err);
	must(make_dirs(fuzz_dirfd(), name, 0755, &err), &err);
	must(open_dir(fuzz_dirfd(), name, &fd, &err), &err);
	return fd;
}

struct store *fuzz_store(void)
{
	static struct store *store;
	CLEANUP(err_release) struct err err = { 0 };

	if (!store) {
		cleanup_free char *path = fuzz_path("store");

		must(store_open(path, &store, &err), &err);
	}
	return store;
}

const struct recipe *fuzz_recipe(void)
{
	static struct recipe recipe;
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *path = fuzz_path("recipe.yaml");

	if (!recipe.name) {
		fuzz_file("recipe.yaml", recipe_text, strlen(recipe_text));
		must(recipe_load(path, &recipe, &err), &err);
	}
	return &recipe;
}
