/* SPDX-License-Identifier: MIT */
#include "command/pipeline.h"

#include <stdlib.h>

#include "base/interrupt.h"
#include "base/text.h"

typedef int (*stage_fn)(struct build *b, struct err *err);

static const stage_fn until_lock[] = { build_recipe, build_signer, build_index,
				       build_solve,  build_lock,   NULL };
static const stage_fn after_lock[] = {
	build_begin,	build_sandbox,	 build_fetch,	  build_plain, build_base,    build_rest,
	build_settings, build_initramfs, build_normalise, build_pack,  build_publish, NULL,
};

static int run_stages(struct build *b, const stage_fn *stage, struct err *err)
{
	for (; *stage && !b->done; stage++) {
		int r = interrupt_check(err);

		if (r >= 0)
			r = (*stage)(b, err);
		if (r < 0)
			return r;
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
