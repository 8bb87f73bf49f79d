/* SPDX-License-Identifier: MIT */
#include "command/pipeline.h"

#include <stdlib.h>

#include "base/interrupt.h"
#include "base/text.h"

struct stage {
	int (*run)(struct build *b, struct err *err);
	const char *name; /* begins its errors; NULL: they say by themselves what went on */
};

static const struct stage until_lock[] = {
	{ build_recipe, NULL }, { build_signer, NULL }, { build_index, NULL },
	{ build_solve, NULL },	{ build_lock, NULL },	{ NULL, NULL },
};

static const struct stage after_lock[] = {
	{ build_begin, NULL },
	{ build_cache, NULL },
	{ build_sandbox, NULL },
	{ build_fetch, NULL },
	{ build_plain, NULL },
	{ build_inspect, NULL },
	{ build_plan, NULL },
	{ build_base, "base" },
	{ build_rest, "rest" },
	{ build_settings, "settings" },
	{ build_initramfs, "initramfs" },
	{ build_normalise, "normalise" },
	{ build_check, "check" },
	{ build_pack, NULL },
	{ build_publish, NULL },
	{ NULL, NULL },
};

static int run_stages(struct build *b, const struct stage *stage, struct err *err)
{
	for (; stage->run && !b->done; stage++) {
		int r = interrupt_check(err);

		if (r < 0)
			return r;
		r = stage->run(b, err);
		if (r < 0)
			return stage->name ? err_wrap(err, "stage %s", stage->name) : r;
	}
	return 0;
}

int pipeline_lock(struct build *b, const struct build_options *options, struct err *err)
{
	b->options = options;
	return run_stages(b, until_lock, err);
}

int pipeline_build(struct build *b, const struct build_options *options, struct err *err)
{
	int r = pipeline_lock(b, options, err);

	return r < 0 ? r : run_stages(b, after_lock, err);
}

void build_release(struct build *b)
{
	result_release(&b->result);
	signer_release(&b->signer);
	stage_cache_release(&b->cache);
	rootfs_release(&b->rootfs);
	lock_release(&b->lock);
	packages_release(&b->packages);
	indices_release(&b->indices);
	mirrors_release(&b->mirrors);
	recipe_release(&b->recipe);
	if (b->store)
		store_free(b->store);
	if (b->log_fd >= 0)
		close(b->log_fd);
	free(b->log_path);
	free(b->done);
	*b = (struct build)BUILD_INIT;
}
