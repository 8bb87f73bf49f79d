/* SPDX-License-Identifier: MIT */
#include "rootfs/hooks.h"

#include "base/memory.h"
#include "base/progress.h"
#include "rootfs/bootstrap.h"
#include "rootfs/recipe-input.h"
#include "rootfs/settings.h"

/* "script" for the key of that name, and the place before "hook" for all others. */
static char *kind_of(const char *place)
{
	return streq(place, "script") ? xstrdup(place) : xasprintf("%s hook", place);
}

static int run_program(struct rootfs *rootfs, const struct recipe_file *file, const char *path,
		       bool read_only, struct err *err)
{
	const char *const argv[] = { path, NULL };
	struct sandbox_command command = { .argv = argv,
					   .env = bootstrap_env,
					   .read_only = read_only };
	CLEANUP(text_release) struct text text = { 0 };
	int r = recipe_input_read(rootfs->recipe, file, &text, err);

	if (r < 0)
		return r;
	r = sandbox_write(rootfs->sandbox, path, text.data, text.length, 0755, err);
	return r < 0 ? r : sandbox_run(rootfs->sandbox, &command, 1, err);
}

static int run_hook(struct rootfs *rootfs, const struct recipe_file *file, const char *place,
		    size_t number, struct err *err)
{
	cleanup_free char *path = xasprintf(SANDBOX_SCRATCH "/%s-%zu", place, number);
	cleanup_free char *kind = kind_of(place);
	cleanup_free char *name = last_name(file->given);
	cleanup_free char *maker = xasprintf("%s '%s'", kind, name);
	CLEANUP(strv_release) struct strv before = { 0 };
	int r = file_log_snapshot(rootfs, &before, err);

	if (r < 0)
		return r;
	r = run_program(rootfs, file, path, false, err);
	return r < 0 ? r : file_log_add_since(rootfs, &before, maker, err);
}

int hooks_run(struct rootfs *rootfs, const struct recipe_files *programs, const char *place,
	      struct err *err)
{
	cleanup_free char *kind = kind_of(place);

	for (size_t i = 0; i < programs->count; i++)
		if (run_hook(rootfs, &programs->item[i], place, i, err) < 0)
			return err_wrap(err, "%s '%s'", kind, programs->item[i].given);
	return 0;
}

static int run_check(struct rootfs *rootfs, const struct recipe_file *file, size_t number,
		     struct err *err)
{
	cleanup_free char *path = xasprintf(SANDBOX_SCRATCH "/check-%zu", number);

	int r = run_program(rootfs, file, path, true, err);

	if (r < 0 && err->class == ERR_BUILD)
		return err_hint(err, "if it failed because it wanted to write: the tree is "
				     "read-only for checks; what changes the image is a script or "
				     "another hook, and temporary files go into /tmp "
				     "or " SANDBOX_SCRATCH);
	return r;
}

int stage_check(struct rootfs *rootfs, struct err *err)
{
	const struct recipe_files *programs = &rootfs->recipe->hooks.check;

	if (!programs->count)
		return 0;
	progress_start("check", programs->count, PROGRESS_STEPS);
	for (size_t i = 0; i < programs->count; i++) {
		progress_detail("%s", programs->item[i].given);
		if (run_check(rootfs, &programs->item[i], i, err) < 0) {
			progress_abort();
			return err_wrap(err, "hook '%s'", programs->item[i].given);
		}
		progress_update(i + 1);
	}
	progress_end(NULL);
	return 0;
}
