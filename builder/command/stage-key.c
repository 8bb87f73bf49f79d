/* SPDX-License-Identifier: MIT */
#include "command/stage-key.h"

#include <gnu/libc-version.h>
#include <string.h>
#include <zstd.h>

#include "base/io.h"
#include "base/libarchive.h"
#include "base/memory.h"
#include "base/netrescue.h"
#include "recipe/recipe-view.h"

/* No address of a 64-bit machine, as in recipe-view.c. */
#define UNREADABLE 0xa5
#define COMPRESSOR "zstd"

static const char *const names[] = { "base", "rest", "tree" };

/* A stage goes on from what those before it have made. */
static const unsigned in_key[] = { READ_BASE, READ_BASE | READ_REST,
				   READ_BASE | READ_REST | READ_TREE };
static const unsigned in_view[] = { READ_BASE, READ_REST, READ_TREE };

static int add_program(struct text *ret, struct err *err)
{
	cleanup_fd int fd = -1;
	char digest[DIGEST_HEX];
	int r = open_file(AT_FDCWD, "/proc/self/exe", 0, ERR_BUILD, &fd, err);

	if (r < 0)
		return r;
	r = digest_fd(fd, digest, err);
	if (r == 0)
		text_printf(ret, "netrescue %s\n", digest);
	return r;
}

int stage_key_begin(const struct lock *lock, const char *kind, struct text *ret, struct err *err)
{
	int r;

	text_printf(ret, "bytes-epoch %d\nlock's %d\n", BYTES_EPOCH, lock->bytes_epoch);
	r = add_program(ret, err);
	if (r < 0)
		return r;
	r = sandbox_code(kind, ret, err);
	if (r < 0)
		return r;
	text_printf(ret, "%s\nzstd %s\nglibc %s\n", archive_version_details(), ZSTD_versionString(),
		    gnu_get_libc_version());
	text_printf(ret, "sandbox %s\nsource-date-epoch %lld\narchitecture %s\n", kind,
		    (long long)lock->source_date_epoch, lock->architecture);
	for (size_t i = 0; i < lock->foreign.count; i++)
		text_printf(ret, "foreign %s\n", lock->foreign.item[i]);
	return 0;
}

static void add_package(struct text *t, const struct package *p)
{
	text_printf(t, "%d %s %s %s %s %llu %d%d%d %llu ", p->role, p->name, p->version,
		    p->architecture, p->sha256, (unsigned long long)p->size, p->automatic, p->base,
		    p->essential, (unsigned long long)p->installed_size);
	text_printf(t, "%s %s %s %s\n", p->suite ? p->suite : "", p->component ? p->component : "",
		    p->path ? p->path : "", p->repository ? p->repository : "");
}

static void add_phase(struct text *t, const char *name, const struct phase *phase)
{
	text_printf(t, "%s: %zu\n", name, phase->count);
	for (size_t i = 0; i < phase->count; i++)
		add_package(t, phase->item[i]);
}

static void add_kernels(struct text *t, const struct rootfs *rootfs)
{
	text_printf(t, "kernel: %s\n", rootfs->kernel ? rootfs->kernel : "none");
	for (size_t i = 0; i < rootfs->kernels.count; i++)
		text_printf(t, "kernel %s of %s\n", rootfs->kernels.item[i].release,
			    rootfs->kernels.item[i].package->name);
}

static bool is_in_base(const struct rootfs *rootfs, const struct package *p)
{
	const struct phase *const phase[] = { &rootfs->phases.essential, &rootfs->phases.base };

	for (size_t n = 0; n < ARRAY_SIZE(phase); n++)
		for (size_t i = 0; i < phase[n]->count; i++)
			if (packages_compare(phase[n]->item[i], p) == 0)
				return true;
	return false;
}

/* Whether the stage may know of that package. */
static bool is_shown(const struct rootfs *rootfs, enum cached_stage stage, const struct package *p)
{
	if (stage == CACHED_BASE)
		return is_in_base(rootfs, p);
	return p->role == ROLE_IMAGE || (stage == CACHED_TREE && streq(p->name, COMPRESSOR));
}

void stage_key(const struct rootfs *rootfs, enum cached_stage stage, const struct text *common,
	       char ret[DIGEST_HEX])
{
	const struct packages *packages = &rootfs->lock->packages;
	CLEANUP(text_release) struct text t = { 0 };

	text_printf(&t, "stage %s\n", names[stage]);
	text_append(&t, common->length ? common->data : "", common->length);
	for (size_t i = 0; i < packages->count; i++)
		if (is_shown(rootfs, stage, &packages->item[i]))
			add_package(&t, &packages->item[i]);
	if (stage == CACHED_BASE) {
		add_phase(&t, "essential", &rootfs->phases.essential);
		add_phase(&t, "base", &rootfs->phases.base);
		for (size_t i = 0; i < rootfs->locale_lines.count; i++)
			text_printf(&t, "locale %s\n", rootfs->locale_lines.item[i]);
	}
	if (stage != CACHED_TREE)
		add_kernels(&t, rootfs);
	recipe_read_values(rootfs->recipe, in_key[stage], &t);
	digest_bytes(t.data, t.length, ret);
}

static struct lock *lock_view_new(const struct rootfs *rootfs, enum cached_stage stage)
{
	const struct lock *lock = rootfs->lock;
	struct lock *view = xmalloc(sizeof(*view));

	memset(view, UNREADABLE, sizeof(*view));
	view->architecture = lock->architecture;
	view->foreign = lock->foreign;
	view->source_date_epoch = lock->source_date_epoch;
	view->bytes_epoch = lock->bytes_epoch;
	view->packages.item = xcalloc(lock->packages.count + 1, sizeof(*view->packages.item));
	view->packages.count = 0;
	for (size_t i = 0; i < lock->packages.count; i++)
		if (is_shown(rootfs, stage, &lock->packages.item[i]))
			view->packages.item[view->packages.count++] = lock->packages.item[i];
	return view;
}

void stage_view_enter(struct stage_view *view, struct rootfs *rootfs, enum cached_stage stage)
{
	view->recipe = rootfs->recipe;
	view->lock = rootfs->lock;
	view->rest = rootfs->phases.rest;
	view->recipe_view = recipe_view_new(rootfs->recipe, in_view[stage]);
	view->lock_view = lock_view_new(rootfs, stage);
	rootfs->recipe = view->recipe_view;
	rootfs->lock = view->lock_view;
	if (stage == CACHED_BASE)
		rootfs->phases.rest = (struct phase){ 0 };
}

void stage_view_leave(struct stage_view *view, struct rootfs *rootfs)
{
	rootfs->recipe = view->recipe;
	rootfs->lock = view->lock;
	rootfs->phases.rest = view->rest;
	recipe_view_free(view->recipe_view);
	free(view->lock_view->packages.item);
	free(view->lock_view);
	*view = (struct stage_view){ 0 };
}
