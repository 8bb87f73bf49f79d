/* SPDX-License-Identifier: MIT */
/* The keys of kept results, and the views in which stages see a recipe: the column `readers` of the
 * schema holds for both, row by row. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"
#include "base/memory.h"
#include "command/stage-key.h"
#include "recipe/recipe-view.h"
#include "recipe/values.h"

#if defined(__SANITIZE_ADDRESS__)
#define SEES_EACH_READ true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SEES_EACH_READ true
#endif
#endif
#ifndef SEES_EACH_READ
#define SEES_EACH_READ false
#endif

/* ---- a recipe in which every key has a value ---- */

static void fill_files(struct recipe_file *f)
{
	free(f->given);
	free(f->path);
	*f = (struct recipe_file){ .given = xstrdup("given"), .path = xstrdup("path") };
	digest_bytes("a", 1, f->digest);
}

static void *field_of(const struct schema_key *key, char *base)
{
	return base + key->offset;
}

static void fill_key(const struct schema_key *key, char *base)
{
	const struct position nowhere = { 0 };
	struct recipe_files *files = field_of(key, base);
	char **text = field_of(key, base);

	switch (key->type) {
	case SCHEMA_TEXT:
	case SCHEMA_RANGE:
		for (int i = 0; i < (key->type == SCHEMA_RANGE ? 2 : 1); i++)
			if (!text[i])
				text[i] = xstrdup("word");
		break;
	case SCHEMA_WORDS:
	case SCHEMA_LINES:
	case SCHEMA_FOLDERS:
		recipe_list_add(field_of(key, base), "word", &nowhere);
		break;
	case SCHEMA_FILE:
		fill_files(field_of(key, base));
		break;
	case SCHEMA_FILES:
		GROW(files->item, files->count, files->allocated);
		files->item[files->count] = (struct recipe_file){ 0 };
		fill_files(&files->item[files->count++]);
		break;
	case SCHEMA_CHOICE:
	case SCHEMA_NUMBER:
	case SCHEMA_SWITCH:
	case SCHEMA_IDS:
	case SCHEMA_EXTENDS:
	case SCHEMA_SECTION:
	case SCHEMA_ENTRIES:
		break;
	}
}

static char *items_of(const struct schema_key *list, char *base)
{
	return *(char **)field_of(list, base);
}

static void fill(struct recipe *recipe)
{
	char *base = (char *)recipe;
	char digest[DIGEST_HEX];

	*recipe = (struct recipe){ .path = xstrdup("recipe.yaml") };
	values_fill(recipe, NULL);
	for (size_t i = 0; i < schema_count; i++)
		if (schema[i].type == SCHEMA_ENTRIES) {
			char *item = xcalloc(1, schema[i].element_size);

			values_default_item(&schema[i], item);
			*(char **)field_of(&schema[i], base) = item;
			*(size_t *)(void *)(base + schema[i].count_offset) = 1;
			for (const struct schema_key *k = NULL;
			     (k = schema_next(schema[i].path, k));)
				fill_key(k, item);
		} else if (!schema_is_inside_entries(&schema[i])) {
			fill_key(&schema[i], base);
		}
	recipe->id = xcalloc(1, sizeof(*recipe->id));
	recipe->id[0] = (struct recipe_id){ .name = xstrdup("sshd"), .id = 120 };
	recipe->id_count = 1;
	digest_bytes("overlay", 7, digest);
	strv_add(&recipe->overlay_digests, digest);
}

/* ---- a value is changed ---- */

static void change_text(char **text)
{
	char *other = xasprintf("%s-other", *text ? *text : "");

	free(*text);
	*text = other;
}

static void change_list(struct recipe_list *list)
{
	change_text(&list->item[list->count - 1].value);
}

static void change_key(const struct schema_key *key, char *base, struct recipe *recipe)
{
	char digest[DIGEST_HEX];
	struct recipe_files *files = field_of(key, base);

	switch (key->type) {
	case SCHEMA_TEXT:
		change_text(field_of(key, base));
		break;
	case SCHEMA_RANGE:
		change_text((char **)field_of(key, base) + 1);
		break;
	case SCHEMA_SWITCH:
		*(bool *)field_of(key, base) = !*(bool *)field_of(key, base);
		break;
	case SCHEMA_NUMBER:
		++*(int *)field_of(key, base);
		break;
	case SCHEMA_CHOICE:
		*(int *)field_of(key, base) = *(int *)field_of(key, base) == 1 ? 0 : 1;
		break;
	case SCHEMA_WORDS:
	case SCHEMA_LINES:
		change_list(field_of(key, base));
		break;
	case SCHEMA_FOLDERS:
		digest_bytes("changed", 7, digest);
		memcpy(recipe->overlay_digests.item[0], digest, DIGEST_HEX);
		break;
	case SCHEMA_FILE:
		digest_bytes("b", 1, ((struct recipe_file *)field_of(key, base))->digest);
		break;
	case SCHEMA_FILES:
		digest_bytes("b", 1, files->item[0].digest);
		break;
	case SCHEMA_IDS:
		recipe->id[0].id++;
		break;
	case SCHEMA_ENTRIES:
		values_release_item(key, items_of(key, base));
		*(size_t *)(void *)(base + key->count_offset) = 0;
		break;
	case SCHEMA_EXTENDS:
	case SCHEMA_SECTION:
		break;
	}
}

/* What the readers see of a recipe with this row's value changed; of an unchanged one without. */
static char *seen(unsigned readers, const struct schema_key *changed)
{
	struct recipe recipe;
	struct text text = { 0 };

	fill(&recipe);
	if (changed && schema_is_inside_entries(changed)) {
		cleanup_free char *parent = xstrndup(
			changed->path, (size_t)(strrchr(changed->path, '.') - changed->path));

		change_key(changed, items_of(schema_find(parent), (char *)&recipe), &recipe);
	} else if (changed) {
		change_key(changed, (char *)&recipe, &recipe);
	}
	recipe_read_values(&recipe, readers, &text);
	recipe_release(&recipe);
	return text_take(&text);
}

static void test_every_row_says_who_reads_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < schema_count; i++) {
		bool section = schema[i].type == SCHEMA_SECTION;

		if (section ? schema[i].readers != 0 : schema[i].readers == 0)
			fail_msg("%s: readers", schema[i].path);
		if (schema[i].readers & READ_ELSEWHERE && schema[i].readers != READ_ELSEWHERE)
			fail_msg("%s: what a stage reads is read elsewhere as well",
				 schema[i].path);
		/* What the lock's digest leaves out may not change a byte. */
		if (schema[i].outside_digest && schema[i].readers != READ_ELSEWHERE)
			fail_msg("%s is outside the digest, and yet a stage reads it",
				 schema[i].path);
	}
}

/* A changed value is in the key of those who may read it, and of nobody else. */
static void test_keys_have_what_may_be_read(void **state)
{
	static const unsigned readers[] = { READ_BASE, READ_REST, READ_TREE };

	(void)state;
	for (size_t r = 0; r < ARRAY_SIZE(readers); r++) {
		cleanup_free char *before = seen(readers[r], NULL);

		for (size_t i = 0; i < schema_count; i++) {
			const struct schema_key *key = &schema[i];
			cleanup_free char *after = NULL;

			if (key->type == SCHEMA_SECTION || key->type == SCHEMA_EXTENDS)
				continue;
			after = seen(readers[r], key);
			if (streq(before, after) == !!(key->readers & readers[r]))
				fail_msg("%s, readers %u: the key %s", key->path, readers[r],
					 streq(before, after) ? "lacks it" : "has it");
		}
	}
}

/* The name by which a file was given ends up in the bill of materials, or decides a file's name. */
static void test_keys_have_the_names_of_files(void **state)
{
	struct recipe recipe;
	CLEANUP(text_release) struct text before = { 0 };
	CLEANUP(text_release) struct text after = { 0 };

	(void)state;
	fill(&recipe);
	recipe_read_values(&recipe, READ_TREE, &before);
	change_text(&recipe.scripts.item[0].given);
	change_text(&recipe.scripts.item[0].path);
	recipe_read_values(&recipe, READ_TREE, &after);
	assert_string_not_equal(before.data, after.data);
	before.length = after.length = 0;
	recipe_read_values(&recipe, READ_TREE, &before);
	change_text(&recipe.overlays.item[0].value);
	recipe_read_values(&recipe, READ_TREE, &after);
	assert_string_not_equal(before.data, after.data);
	recipe_release(&recipe);
}

static void test_keys_have_what_the_menu_asks_of_the_tree(void **state)
{
	struct recipe recipe;
	CLEANUP(text_release) struct text before = { 0 };

	(void)state;
	fill(&recipe);
	recipe_read_values(&recipe, READ_TREE, &before);
	for (int i = 0; i < 2; i++) {
		CLEANUP(text_release) struct text after = { 0 };
		bool *value = i ? &recipe.boots_read_only : &recipe.boots_over_network;

		*value = !*value;
		recipe_read_values(&recipe, READ_TREE, &after);
		assert_string_not_equal(before.data, after.data);
		*value = !*value;
	}
	recipe_release(&recipe);
}

/* ---- views ---- */

static volatile unsigned long touched;

static void touch(const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		touched += ((const unsigned char *)bytes)[i];
}

/* Reads the value as a stage would. */
static void use(const struct schema_key *key, char *base)
{
	const struct recipe_list *list = field_of(key, base);
	const struct recipe_file *file = field_of(key, base);
	const struct recipe_files *files = field_of(key, base);
	const struct recipe *recipe = (const struct recipe *)(const void *)base;

	switch (key->type) {
	case SCHEMA_TEXT:
	case SCHEMA_RANGE:
		touched += strlen(*(char **)field_of(key, base));
		break;
	case SCHEMA_SWITCH:
		touch(field_of(key, base), sizeof(bool));
		break;
	case SCHEMA_NUMBER:
	case SCHEMA_CHOICE:
		touch(field_of(key, base), sizeof(int));
		break;
	case SCHEMA_WORDS:
	case SCHEMA_LINES:
		touched += strlen(list->item[0].value);
		break;
	case SCHEMA_FOLDERS:
		touched += strlen(list->item[0].value) + strlen(recipe->overlay_digests.item[0]);
		break;
	case SCHEMA_FILE:
		touched += strlen(file->path) + strlen(file->digest);
		break;
	case SCHEMA_FILES:
		touched += strlen(files->item[0].path);
		break;
	case SCHEMA_IDS:
		touched += recipe->id[0].id + recipe->id_count;
		break;
	case SCHEMA_ENTRIES:
		touch(base + key->count_offset, sizeof(size_t));
		touch(items_of(key, base), 1);
		break;
	case SCHEMA_EXTENDS:
	case SCHEMA_SECTION:
		break;
	}
}

static bool is_scalar(const struct schema_key *key)
{
	return key->type == SCHEMA_SWITCH || key->type == SCHEMA_NUMBER ||
	       key->type == SCHEMA_CHOICE;
}

/* Whether a process that reads the value goes on. */
static bool can_read(const struct schema_key *key, char *base)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		const struct rlimit none = { 0, 0 };

		(void)setrlimit(RLIMIT_CORE, &none);
		(void)signal(SIGSEGV, SIG_DFL);
		(void)signal(SIGBUS, SIG_DFL);
		(void)signal(SIGABRT, SIG_DFL);
		(void)close(STDERR_FILENO);
		use(key, base);
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool is_garbage(const struct schema_key *key, char *base)
{
	const unsigned char *bytes = field_of(key, base);

	return bytes[0] == 0xa5;
}

static void check_row(const struct schema_key *key, char *base, unsigned readers, bool inside)
{
	bool may = key->readers & readers;

	/* The whole list of mappings is out of reach then. */
	if (inside && !may && !SEES_EACH_READ && is_scalar(key)) {
		assert_true(is_garbage(key, base));
		return;
	}
	if (!may && !SEES_EACH_READ && is_scalar(key)) {
		if (!is_garbage(key, base))
			fail_msg("%s can be read by %u", key->path, readers);
		return;
	}
	/* Of a list that may be read, an item whose every byte is out of reach. */
	if (key->type == SCHEMA_ENTRIES && may)
		return;
	if (can_read(key, base) != may)
		fail_msg("%s %s be read by %u", key->path, may ? "cannot" : "can", readers);
}

/* Each row, as each stage sees it: it can be read, or whoever reads it is stopped. */
static void test_views_show_what_may_be_read(void **state)
{
	static const unsigned readers[] = { READ_BASE, READ_REST, READ_TREE };
	struct recipe recipe;

	(void)state;
	fill(&recipe);
	for (size_t r = 0; r < ARRAY_SIZE(readers); r++) {
		struct recipe *view = recipe_view_new(&recipe, readers[r]);

		for (size_t i = 0; i < schema_count; i++) {
			const struct schema_key *key = &schema[i];

			if (key->type == SCHEMA_SECTION || key->type == SCHEMA_EXTENDS ||
			    schema_is_inside_entries(key))
				continue;
			check_row(key, (char *)view, readers[r], false);
			if (key->type != SCHEMA_ENTRIES || !(key->readers & readers[r]))
				continue;
			for (const struct schema_key *k = NULL; (k = schema_next(key->path, k));)
				check_row(k, items_of(key, (char *)view), readers[r], true);
		}
		assert_string_equal(view->path, recipe.path);
		recipe_view_free(view);
	}
	recipe_release(&recipe);
}

/* ---- keys of stages ---- */

struct image {
	struct recipe recipe;
	struct lock lock;
	struct rootfs rootfs;
	const struct package *base[1], *rest[1];
};

static void add_package(struct lock *lock, const char *name, enum package_role role)
{
	struct package *p = packages_add(&lock->packages);

	p->name = xstrdup(name);
	p->version = xstrdup("1.0");
	p->architecture = xstrdup("amd64");
	p->role = role;
	digest_bytes(name, strlen(name), p->sha256);
}

static void make(struct image *m)
{
	*m = (struct image){ 0 };
	fill(&m->recipe);
	m->lock.architecture = xstrdup("amd64");
	m->lock.source_date_epoch = 1700000000;
	add_package(&m->lock, "base-files", ROLE_IMAGE);
	add_package(&m->lock, "less", ROLE_IMAGE);
	add_package(&m->lock, "pxelinux", ROLE_BOOT);
	add_package(&m->lock, "zstd", ROLE_BOOT);
	m->rootfs.recipe = &m->recipe;
	m->rootfs.lock = &m->lock;
	m->base[0] = &m->lock.packages.item[0];
	m->rest[0] = &m->lock.packages.item[1];
	m->rootfs.phases.essential = (struct phase){ m->base, 1 };
	m->rootfs.phases.rest = (struct phase){ m->rest, 1 };
}

static void unmake(struct image *m)
{
	recipe_release(&m->recipe);
	lock_release(&m->lock);
	strv_release(&m->rootfs.locale_lines);
}

/* "BRT" for those of the three keys that differ from the ones before the change. */
static const char *changed_keys(void (*change)(struct image *m))
{
	static char ret[CACHED_STAGES + 1];
	const struct text common = { 0 };
	char before[CACHED_STAGES][DIGEST_HEX], after[DIGEST_HEX];
	struct image m;
	size_t n = 0;

	make(&m);
	for (enum cached_stage i = CACHED_BASE; i <= CACHED_TREE; i++)
		stage_key(&m.rootfs, i, &common, before[i]);
	change(&m);
	for (enum cached_stage i = CACHED_BASE; i <= CACHED_TREE; i++) {
		stage_key(&m.rootfs, i, &common, after);
		if (!streq(before[i], after))
			ret[n++] = "BRT"[i];
	}
	ret[n] = '\0';
	unmake(&m);
	return ret;
}

static void nothing(struct image *m)
{
	(void)m;
}

static void base_package(struct image *m)
{
	digest_bytes("x", 1, m->lock.packages.item[0].sha256);
}

static void rest_package(struct image *m)
{
	digest_bytes("x", 1, m->lock.packages.item[1].sha256);
}

static void rest_flag(struct image *m)
{
	m->lock.packages.item[1].automatic = true;
}

static void boot_package(struct image *m)
{
	digest_bytes("x", 1, m->lock.packages.item[2].sha256);
}

static void compressor(struct image *m)
{
	digest_bytes("x", 1, m->lock.packages.item[3].sha256);
}

static void one_more(struct image *m)
{
	add_package(&m->lock, "zsh", ROLE_IMAGE);
	m->base[0] = &m->lock.packages.item[0];
	m->rest[0] = &m->lock.packages.item[1];
}

static void kernel(struct image *m)
{
	m->rootfs.kernel = "6.1.0";
}

static void locale(struct image *m)
{
	strv_add(&m->rootfs.locale_lines, "de_DE.UTF-8 UTF-8");
}

static void title(struct image *m)
{
	change_text(&m->recipe.title);
	change_text(&m->recipe.menu.title);
	change_text(&m->recipe.menu.entry[0].title);
	change_text(&m->recipe.server.address);
}

static void overlay(struct image *m)
{
	digest_bytes("x", 1, m->recipe.overlay_digests.item[0]);
}

static void keymap(struct image *m)
{
	change_text(&m->recipe.keymap);
}

static void strict(struct image *m)
{
	m->recipe.strict_ids = !m->recipe.strict_ids;
}

static void test_keys_of_stages(void **state)
{
	(void)state;
	assert_string_equal(changed_keys(nothing), "");
	assert_string_equal(changed_keys(base_package), "BRT");
	assert_string_equal(changed_keys(rest_package), "RT");
	assert_string_equal(changed_keys(rest_flag), "RT");
	assert_string_equal(changed_keys(one_more), "RT");
	assert_string_equal(changed_keys(boot_package), "");
	assert_string_equal(changed_keys(compressor), "T");
	/* The tree's key has the recipe's word for it and all packages. */
	assert_string_equal(changed_keys(kernel), "BR");
	assert_string_equal(changed_keys(locale), "B");
	assert_string_equal(changed_keys(title), "");
	assert_string_equal(changed_keys(overlay), "T");
	assert_string_equal(changed_keys(keymap), "BRT");
	assert_string_equal(changed_keys(strict), "RT");
}

static void test_a_view_hides_packages(void **state)
{
	struct stage_view view;
	struct image m;

	(void)state;
	make(&m);
	stage_view_enter(&view, &m.rootfs, CACHED_BASE);
	assert_ptr_not_equal(m.rootfs.recipe, &m.recipe);
	assert_int_equal(m.rootfs.lock->packages.count, 1);
	assert_int_equal(m.rootfs.phases.rest.count, 0);
	assert_int_equal(m.rootfs.lock->source_date_epoch, 1700000000);
	assert_int_equal((unsigned char)m.rootfs.lock->digest[0], 0xa5);
	stage_view_leave(&view, &m.rootfs);
	assert_ptr_equal(m.rootfs.recipe, &m.recipe);
	assert_int_equal(m.rootfs.phases.rest.count, 1);
	stage_view_enter(&view, &m.rootfs, CACHED_REST);
	assert_int_equal(m.rootfs.lock->packages.count, 2);
	stage_view_leave(&view, &m.rootfs);
	stage_view_enter(&view, &m.rootfs, CACHED_TREE);
	assert_int_equal(m.rootfs.lock->packages.count, 3);
	assert_non_null(packages_find(&m.rootfs.lock->packages, "zstd", ROLE_BOOT));
	stage_view_leave(&view, &m.rootfs);
	unmake(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row_says_who_reads_it),
		cmocka_unit_test(test_keys_have_what_may_be_read),
		cmocka_unit_test(test_keys_have_the_names_of_files),
		cmocka_unit_test(test_keys_have_what_the_menu_asks_of_the_tree),
		cmocka_unit_test(test_views_show_what_may_be_read),
		cmocka_unit_test(test_keys_of_stages),
		cmocka_unit_test(test_a_view_hides_packages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
