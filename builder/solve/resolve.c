/* SPDX-License-Identifier: MIT */
#include "solve/resolve.h"

#include <string.h>

#include "solve/consistency.h"
#include "solve/base-set.h"
#include "solve/pins.h"
#include "solve/kernel-check.h"
#include "solve/request-find.h"
#include "solve/request.h"
#include "solve/solver.h"
#include "base/memory.h"
#include "recipe/position.h"

/* The program that compresses results comes from the suite itself, since another version may write
 * other bytes. */
#define COMPRESSOR "zstd"

/* The packages that have /sbin/init (Contents of bookworm and trixie). */
static const struct {
	const char *name;
	enum init_system init;
	bool supported; /* the settings stage knows it */
} init_owner[] = {
	{ "systemd-sysv", INIT_SYSTEMD, true },
	{ "sysvinit-core", INIT_SYSVINIT, true },
	{ "runit-init", INIT_SYSTEMD, false },
	{ "finit-sysv", INIT_SYSTEMD, false },
};

static int check_init(const struct recipe *recipe, const struct packages *packages, struct err *err)
{
	const char *wanted = recipe->init == INIT_SYSVINIT ? "sysvinit-core" : "systemd-sysv";
	struct position at = { .file = recipe->path };

	if (!recipe->kernel || !recipe->kernel[0])
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(init_owner); i++) {
		if (!packages_find(packages, init_owner[i].name, ROLE_IMAGE))
			continue;
		if (init_owner[i].supported && init_owner[i].init == recipe->init)
			return 0;
		position_error(&at, err,
			       "the packages bring %s as /sbin/init, but the recipe says "
			       "init: %s",
			       init_owner[i].name,
			       recipe->init == INIT_SYSVINIT ? "sysvinit" : "systemd");
		return err_hint(err, "add %s to packages:, or change init:", wanted);
	}
	position_error(&at, err,
		       "the image would have a kernel but no /sbin/init: no package of the "
		       "set brings one");
	return err_hint(err, "add %s to packages:, or important to priorities:", wanted);
}

static int add_image(const struct solver_pool *pool, const Map *set, const Map *requested,
		     struct packages *ret, struct err *err)
{
	CLEANUP(map_free) Map base = { 0 };
	int r;

	map_init(&base, pool->solv->nsolvables);
	base_set_find(pool, set, &base);
	for (Id p = 2; p < pool->solv->nsolvables; p++) {
		struct package *package;

		if (!MAPTST(set, p))
			continue;
		package = packages_add(ret);
		package->role = ROLE_IMAGE;
		package->automatic = !MAPTST(requested, p);
		package->base = MAPTST(&base, p) != 0;
		r = solver_pool_package(pool, p, package, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_boot(const struct solver_pool *pool, const struct recipe_name *wanted,
		    struct packages *ret, struct err *err)
{
	struct package *package;
	Id p;
	int r = request_find(pool, wanted, &p, err);

	if (r < 0)
		return r;
	if (!p)
		return request_unknown(pool, wanted, err);
	package = packages_add(ret);
	package->role = ROLE_BOOT;
	r = solver_pool_package(pool, p, package, err);
	package->essential = false;
	return r;
}

/* Boot packages are not installed: files are taken out of them. So their dependencies do not
 * matter. */
static int add_boot_packages(const struct solver_pool *pool, const struct recipe *recipe,
			     struct packages *ret, struct err *err)
{
	cleanup_free char *name = xstrdup(COMPRESSOR);
	const struct recipe_name compressor = { .value = name, .at = { .file = recipe->path } };
	bool have_compressor = packages_find(ret, COMPRESSOR, ROLE_IMAGE) != NULL;
	int r;

	for (size_t i = 0; i < recipe->boot_packages.count; i++) {
		r = add_boot(pool, &recipe->boot_packages.item[i], ret, err);
		if (r < 0)
			return r;
	}
	packages_sort(ret);
	for (size_t i = 1; i < ret->count; i++)
		if (packages_compare(&ret->item[i], &ret->item[i - 1]) == 0)
			return err_set(err, ERR_USAGE, "boot package '%s' is named twice",
				       ret->item[i].name);
	if (have_compressor || packages_find(ret, COMPRESSOR, ROLE_BOOT))
		return 0;
	r = add_boot(pool, &compressor, ret, err);
	packages_sort(ret);
	return r;
}

/* stay_out: see requests_make(). */
static int resolve(struct solver_pool *pool, const struct recipe *recipe,
		   const struct strv *stay_out, struct packages *ret, struct err *err)
{
	CLEANUP(packages_release) struct packages packages = { 0 };
	CLEANUP(requests_release) struct requests requests = { 0 };
	CLEANUP(map_free) Map set = { 0 };
	CLEANUP(map_free) Map requested = { 0 };
	int r = requests_make(pool, recipe, stay_out, &requests, err);

	if (r < 0)
		return r;
	map_init(&set, pool->solv->nsolvables);
	map_init(&requested, pool->solv->nsolvables);
	r = solver_find(pool, &requests, recipe->recommends, &set, &requested, err);
	if (r < 0)
		return r;
	r = consistency_check(pool, &set, err);
	if (r < 0)
		return r;
	r = add_image(pool, &set, &requested, &packages, err);
	if (r < 0)
		return r;
	packages_sort(&packages);
	r = kernel_check(pool, &set, recipe, err);
	if (r < 0)
		return r;
	r = check_init(recipe, &packages, err);
	if (r < 0)
		return r;
	r = add_boot_packages(pool, recipe, &packages, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < requests.count; i++)
		if (requests.item[i].left_out)
			strv_add(&packages.left_out, requests.item[i].optional);
	*ret = TAKE(packages);
	return 0;
}

int resolve_pool(struct solver_pool *pool, const struct recipe *recipe, struct packages *ret,
		 struct err *err)
{
	return resolve(pool, recipe, NULL, ret, err);
}

int solve(struct store *s, const struct recipe *recipe, const struct indices *indices,
	  struct relock *relock, struct packages *ret, struct err *err)
{
	CLEANUP(solver_pool_release) struct solver_pool pool = { 0 };
	int r;

	solver_pool_new(&pool, recipe->architecture);
	solver_pool_set_foreign(&pool, &recipe->foreign_architectures);
	for (size_t i = 0; i < indices->count; i++) {
		r = solver_pool_add_index(&pool, s, &indices->file[i], err);
		if (r < 0)
			return r;
	}
	r = solver_pool_add_debs(&pool, &recipe->debs, err);
	if (r < 0)
		return r;
	r = relock ? relock_add(relock, &pool, s, err) : 0;
	if (r < 0)
		return r;
	solver_pool_index(&pool);
	pins_apply(&pool, recipe);
	r = relock ? relock_pin(relock, &pool, err) : 0;
	if (r < 0)
		return r;
	r = resolve(&pool, recipe, relock ? &relock->stay_out : NULL, ret, err);
	if (r < 0)
		return r;
	if (relock)
		relock_report(relock, &pool, ret);
	return 0;
}
