/* SPDX-License-Identifier: MIT */
#include "solve/request.h"

#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "recipe/format.h"
#include "recipe/position.h"
#include "recipe/recipe-list.h"
#include "solve/firmware-packages.h"
#include "solve/request-find.h"

const struct every_image every_image[] = {
	{ "apt", true }, { "base-files", false }, { "base-passwd", false }, { "debconf", true },
	{ 0 },
};

static void add(struct requests *requests, enum request_origin origin, const char *name,
		enum priority priority, struct position at)
{
	GROW(requests->item, requests->count, requests->allocated);
	requests->item[requests->count++] = (struct request){
		.origin = origin,
		.name = xstrdup(name),
		.priority = priority,
		.at = at,
	};
}

/* The entry whose priority and Essential flag count for a name: the suite's own, as for
 * debootstrap, since a pocket's may lag behind; a pocket's only if the suite does not have the
 * name. */
static const struct package_fact *deciding_fact(const struct solver_pool *pool, const Id *first,
						size_t count)
{
	const struct package_fact *fact = NULL;

	for (size_t i = 0; i < count; i++) {
		if (!solver_pool_is_archive(pool, first[i]))
			continue;
		if (!solver_pool_source(pool, first[i])->pocket)
			return &pool->fact[first[i]];
		if (!fact)
			fact = &pool->fact[first[i]];
	}
	return fact;
}

struct by_rule { /* a package that a rule asks for */
	const char *name;
	enum priority priority;
	bool essential;
};

static int compare_by_rule(const void *pa, const void *pb)
{
	const struct by_rule *a = pa, *b = pb;

	if (a->essential != b->essential)
		return a->essential ? -1 : 1;
	if (!a->essential && a->priority != b->priority)
		return a->priority < b->priority ? -1 : 1;
	return strcmp(a->name, b->name);
}

static void add_by_rule(const struct solver_pool *pool, const struct recipe *recipe,
			struct requests *requests)
{
	cleanup_free struct by_rule *found = xcalloc(pool->count + 1, sizeof(*found));
	size_t count = 0, named;
	bool wanted[PRIORITY_EXTRA + 1] = { false };

	for (size_t i = 0; i < recipe->priorities.count; i++)
		wanted[priority_from(recipe->priorities.item[i].value)] = true;
	for (size_t i = 0; i < pool->count; i += named) {
		const char *name = solver_pool_name(pool, pool->sorted[i]);
		const Id *first;
		const struct package_fact *fact;

		named = solver_pool_named(pool, name, &first);
		fact = deciding_fact(pool, first, named);
		if (!fact || strchr(name, ':') || (!fact->essential && !wanted[fact->priority]))
			continue;
		if (fact->essential || solver_pool_has_candidate(pool, name))
			found[count++] = (struct by_rule){ name, fact->priority, fact->essential };
	}
	qsort(found, count, sizeof(*found), compare_by_rule);
	for (size_t i = 0; i < count; i++)
		add(requests, found[i].essential ? REQUEST_ESSENTIAL : REQUEST_PRIORITY,
		    found[i].name, found[i].priority, (struct position){ 0 });
}

/* A rule does not ask for what the recipe excludes, unless nothing works without it. */
static void drop_excluded(struct requests *requests, const char *name)
{
	for (size_t i = 0; i < requests->count; i++)
		if ((requests->item[i].origin == REQUEST_PRIORITY ||
		     requests->item[i].origin == REQUEST_FIRMWARE) &&
		    streq(requests->item[i].name, name))
			requests->item[i].dropped = true;
}

static int pin(struct solver_pool *pool, const struct recipe_list *list, struct err *err)
{
	for (size_t i = 0; i < list->count; i++) {
		Id p;
		int r;

		if (package_is_optional(list->item[i].value))
			continue;
		r = request_find(pool, &list->item[i], &p, err);
		if (r < 0)
			return r;
		if (p && strpbrk(list->item[i].value, "=/"))
			solver_pool_pin(pool, p);
	}
	return 0;
}

/* Drops what rules ask for if the recipe names it as well: then there is a line to point at, and it
 * is not given up. */
static void drop_rules(struct requests *requests, const char *name)
{
	for (size_t i = 0; i < requests->count; i++)
		if (requests->item[i].origin < REQUEST_RECIPE &&
		    streq(requests->item[i].name, name))
			requests->item[i].dropped = true;
}

/* Whether a name of the recipe means anything: a package of that name, with or without a version,
 * or a name that packages provide. */
static bool is_known(const struct solver_pool *pool, const struct recipe_name *wanted)
{
	cleanup_free char *name = request_name(wanted->value);
	const Id *first;

	return solver_pool_named(pool, name, &first) > 0 ||
	       (streq(name, wanted->value) && solver_pool_provides(pool, name));
}

static void collect_unknown(const struct solver_pool *pool, const struct recipe_list *list,
			    const struct recipe_name **unknown, size_t *count)
{
	for (size_t i = 0; i < list->count; i++)
		if (!package_is_optional(list->item[i].value) && !is_known(pool, &list->item[i]))
			unknown[(*count)++] = &list->item[i];
}

/* Names all that are not there at once: a long list of packages from another system would otherwise
 * be mended one run at a time. */
static int check_names(const struct solver_pool *pool, const struct recipe *recipe, struct err *err)
{
	size_t count = 0, most = recipe->packages.count + recipe->exclude.count;
	cleanup_free const struct recipe_name **unknown = xcalloc(most + 1, sizeof(*unknown));
	CLEANUP(text_release) struct text names = { 0 };
	CLEANUP(strv_release) struct strv no_suggestion = { 0 };

	collect_unknown(pool, &recipe->packages, unknown, &count);
	collect_unknown(pool, &recipe->exclude, unknown, &count);
	if (count == 0)
		return 0;
	if (count == 1)
		return request_unknown(pool, unknown[0], err);
	for (size_t i = 0; i < count; i++) {
		CLEANUP(strv_release) struct strv near = { 0 };
		cleanup_free char *name = request_name(unknown[i]->value);
		const char *now = format_renamed_package(name);

		if (now)
			strv_add(&near, now);
		else
			solver_pool_suggest(pool, name, &near);
		text_printf(&names, "%s'%s'", i > 0 ? ", " : "", name);
		if (!unknown[i]->at.file || unknown[i]->at.line == 0)
			continue;
		text_add(&names, " (");
		if (!err_has_lines(unknown[i]->at.file))
			text_add(&names, unknown[i]->at.file);
		else if (!streq(unknown[i]->at.file, unknown[0]->at.file))
			text_printf(&names, "%s, line %u", unknown[i]->at.file,
				    unknown[i]->at.line);
		else
			text_printf(&names, "line %u", unknown[i]->at.line);
		if (near.count > 0)
			text_printf(&names, ", did you mean '%s'?", near.item[0]);
		text_add(&names, ")");
	}
	position_error(&unknown[0]->at, err, "%zu packages are not in %s: %s", count,
		       request_suite(pool), names.data);
	return request_hint_unknown(pool, &no_suggestion, err);
}

/* The old name still works, as a transitional package or because another package has it now. */
static void note_renamed(const char *name)
{
	const char *now = format_renamed_package(name);

	if (now)
		log_note("the package '%s' has another name today: '%s' may be what you want", name,
			 now);
}

/* An optional package is asked for if there is one, as the recipe says it. */
static void add_optional(const struct solver_pool *pool, const struct recipe_name *wanted,
			 const struct strv *stay_out, struct requests *requests)
{
	CLEANUP(err_release) struct err none = { 0 };
	cleanup_free char *name = request_name(wanted->value);
	struct request *request;
	const Id *first;
	Id p = 0;

	add(requests, REQUEST_RECIPE, name, PRIORITY_EXTRA, wanted->at);
	request = &requests->item[requests->count - 1];
	request->optional = xstrdup(wanted->value);
	request->dropped = true;
	request->is_virtual = solver_pool_named(pool, name, &first) == 0;
	if (stay_out && strv_has(stay_out, wanted->value)) {
		request_leave_out(request, "the old lock is without it");
	} else if (!is_known(pool, wanted)) {
		(void)request_unknown(pool, wanted, &none);
		request_leave_out(request, none.message);
	} else if (request_find(pool, wanted, &p, &none) < 0) {
		request_leave_out(request, none.message);
	} else if (p && strpbrk(wanted->value, "=/")) {
		request->pin = p;
	}
}

static int add_named(const struct solver_pool *pool, enum request_origin origin,
		     const struct recipe_name *wanted, struct requests *requests, struct err *err)
{
	cleanup_free char *name = request_name(wanted->value);
	const Id *first;

	if (!is_known(pool, wanted))
		return request_unknown(pool, wanted, err);
	if (solver_pool_named(pool, name, &first) > 0 && !solver_pool_has_candidate(pool, name))
		return request_never(wanted, err);
	if (origin == REQUEST_RECIPE) {
		drop_rules(requests, name);
		note_renamed(name);
	}
	add(requests, origin, name, PRIORITY_EXTRA, wanted->at);
	requests->item[requests->count - 1].is_virtual = solver_pool_named(pool, name, &first) == 0;
	return 0;
}

static int add_packages(const struct solver_pool *pool, const struct recipe_list *list,
			const struct strv *stay_out, struct requests *requests, struct err *err)
{
	for (size_t i = 0; i < list->count; i++) {
		int r;

		if (package_is_optional(list->item[i].value)) {
			add_optional(pool, &list->item[i], stay_out, requests);
			continue;
		}
		r = add_named(pool, REQUEST_RECIPE, &list->item[i], requests, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A name that packages only provide excludes each of them. */
static void names_excluded_by(const struct solver_pool *pool, const char *name, struct strv *ret)
{
	const Id *first;

	if (solver_pool_named(pool, name, &first) > 0) {
		strv_add(ret, name);
		return;
	}
	request_providers(pool, name, ret);
}

static void add_excluded(const struct solver_pool *pool, const struct recipe_list *exclude,
			 struct requests *requests)
{
	for (size_t i = 0; i < exclude->count; i++) {
		CLEANUP(strv_release) struct strv name = { 0 };

		names_excluded_by(pool, exclude->item[i].value, &name);
		for (size_t k = 0; k < name.count; k++) {
			drop_excluded(requests, name.item[k]);
			add(requests, REQUEST_EXCLUDE, name.item[k], PRIORITY_EXTRA,
			    exclude->item[i].at);
		}
	}
}

/* Where the recipe says what leaves out a package that every image has: `components` without main.
 * Else only the file is known. */
static struct position every_image_position(const struct recipe *recipe)
{
	if (recipe->components.count > 0 && !recipe_list_has(&recipe->components, "main"))
		return recipe->components.item[0].at;
	return (struct position){ .file = recipe->path };
}

static int add_every_image(const struct solver_pool *pool, const struct recipe *recipe,
			   struct requests *requests, struct err *err)
{
	for (size_t i = 0; every_image[i].name; i++) {
		cleanup_free char *value = xstrdup(every_image[i].name);
		const struct recipe_name name = { .value = value,
						  .at = every_image_position(recipe) };
		int r;

		if (!every_image[i].requested)
			continue;
		r = add_named(pool, REQUEST_ALWAYS, &name, requests, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static void add_firmware(const struct solver_pool *pool, const struct recipe *recipe,
			 struct requests *requests)
{
	CLEANUP(strv_release) struct strv name = { 0 };

	firmware_packages(pool, recipe->firmware, &name);
	for (size_t i = 0; i < name.count; i++)
		add(requests, REQUEST_FIRMWARE, name.item[i], PRIORITY_EXTRA,
		    (struct position){ 0 });
}

static void add_local(const struct solver_pool *pool, const struct recipe *recipe,
		      struct requests *requests)
{
	size_t deb = 0;

	for (Id p = 2; p < pool->solv->nsolvables; p++)
		if (pool->solv->solvables[p].repo && solver_pool_is_local(pool, p))
			add(requests, REQUEST_LOCAL, solver_pool_name(pool, p), PRIORITY_EXTRA,
			    recipe->debs.item[deb++].at);
}

int requests_make(struct solver_pool *pool, const struct recipe *recipe,
		  const struct strv *stay_out, struct requests *ret, struct err *err)
{
	CLEANUP(requests_release) struct requests list = { 0 };
	struct recipe_name name = { .at = { .file = recipe->path } };
	int r = pin(pool, &recipe->packages, err);

	if (r < 0)
		return r;
	solver_pool_consider(pool, false);
	add_by_rule(pool, recipe, &list);
	add_firmware(pool, recipe, &list);
	r = add_every_image(pool, recipe, &list, err);
	if (r < 0)
		return r;
	r = check_names(pool, recipe, err);
	if (r < 0)
		return r;
	r = add_packages(pool, &recipe->packages, stay_out, &list, err);
	if (r < 0)
		return r;
	if (recipe->kernel && recipe->kernel[0]) {
		name.value = recipe->kernel;
		name.at = recipe_position(recipe, "kernel");
		r = add_named(pool, REQUEST_KERNEL, &name, &list, err);
		if (r < 0)
			return r;
	}
	add_local(pool, recipe, &list);
	add_excluded(pool, &recipe->exclude, &list);
	*ret = TAKE(list);
	return 0;
}

void requests_release(struct requests *requests)
{
	for (size_t i = 0; i < requests->count; i++) {
		free(requests->item[i].name);
		free(requests->item[i].optional);
	}
	free(requests->item);
	*requests = (struct requests){ 0 };
}

void request_leave_out(struct request *request, const char *why)
{
	request->dropped = true;
	request->left_out = true;
	log_note("%s (optional) is left out: %s", request->name, why);
}

void request_text(const struct request *request, struct text *ret)
{
	cleanup_free char *place = request->at.line > 0 ? position_text(&request->at) : NULL;

	switch (request->origin) {
	case REQUEST_ESSENTIAL:
		text_add(ret, "(essential)");
		break;
	case REQUEST_ALWAYS:
		text_add(ret, "(part of every image)");
		break;
	case REQUEST_PRIORITY:
		text_printf(ret, "(priority %s)", priority_word(request->priority));
		break;
	case REQUEST_FIRMWARE:
		text_add(ret, "(the recipe's firmware)");
		break;
	case REQUEST_KERNEL:
		text_add(ret, "(the recipe's kernel)");
		break;
	case REQUEST_LOCAL:
		text_printf(ret, "(local package, %s)", place);
		break;
	case REQUEST_RECIPE:
		if (place)
			text_printf(ret, "(asked for at %s)", place);
		else
			text_add(ret, "(asked for by the recipe)");
		break;
	case REQUEST_EXCLUDE:
		if (place)
			text_printf(ret, "excluded at %s", place);
		else
			text_add(ret, "excluded by the recipe");
		break;
	}
}
