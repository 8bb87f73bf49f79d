/* SPDX-License-Identifier: MIT */
/* Compares the locks: what they say of the image, and the packages. No field is left out, so that
 * two locks without a change are the same text. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "deb/version.h"
#include "base/memory.h"
#include "diff/diff-parts.h"
#include "base/json.h"

static const char *role_name(const struct package *p)
{
	return p->role == ROLE_BOOT ? "boot" : "image";
}

static void text_value(struct diff *d, enum diff_section section, const char *name, const char *old,
		       const char *new)
{
	CLEANUP(json_cleanup) json_t *a = json_text(old);
	CLEANUP(json_cleanup) json_t *b = json_text(new);

	(void)diff_values(d, section, name, a, b);
}

/* What most locks do not have at all. */
static void words_value(struct diff *d, const char *name, const struct strv *old,
			const struct strv *new)
{
	cleanup_free char *was = strv_join(old, " ");
	cleanup_free char *is = strv_join(new, " ");
	CLEANUP(json_cleanup) json_t *a = *was ? json_text(was) : NULL;
	CLEANUP(json_cleanup) json_t *b = *is ? json_text(is) : NULL;

	(void)diff_values(d, DIFF_IMAGE, name, a, b);
}

/* Programs get the digests; people are told that the content is another one. */
static void digest_value(struct diff *d, enum diff_section section, const char *name,
			 const char *old, const char *new)
{
	json_t *a = old ? json_object() : NULL, *b = new ? json_object() : NULL;
	struct change *c = NULL;

	if (a)
		json_add_text(a, "sha256", old);
	if (b)
		json_add_text(b, "sha256", new);
	c = diff_values(d, section, name, a, b);
	if (c && a && b)
		change_words(c, "other content");
	json_decref(a);
	json_decref(b);
}

/* The digest of the input that begins with these bytes ("menu "), or NULL. */
static const char *input_digest(const struct strv *inputs, const char *key, size_t length)
{
	for (size_t i = 0; i < inputs->count; i++)
		if (strncmp(inputs->item[i], key, length) == 0)
			return inputs->item[i] + length;
	return NULL;
}

/* "KEY SHA256" each (archive/lock.h). Locks of format 1 have none, which says nothing. */
static void compare_inputs(struct diff *d, const struct strv *old, const struct strv *new)
{
	if (old->count == 0 || new->count == 0)
		return;
	for (size_t i = 0; i < old->count + new->count; i++) {
		bool is_new = i >= old->count;
		const char *input = is_new ? new->item[i - old->count] : old->item[i];
		size_t length = strcspn(input, " ");
		cleanup_free char *key = xstrndup(input, length);
		const char *was = input_digest(old, input, length + 1);

		if (!is_new || !was)
			digest_value(d, DIFF_RECIPE, key, was,
				     input_digest(new, input, length + 1));
	}
}

/* Format 1 has no inputs (archive/lock.h). */
static const char *format_of(const struct lock *l)
{
	return l->inputs.count > 0 ? "with the recipe's parts" : "without the recipe's parts";
}

/* Releases of all kernels that are installed, or NULL. */
static json_t *kernels(const struct lock *l)
{
	CLEANUP(json_cleanup) json_t *all = json_array();
	size_t count;

	for (size_t i = 0; i < l->packages.count; i++) {
		const struct package *p = &l->packages.item[i];
		cleanup_free char *release = package_kernel_release(p);

		if (release && p->role == ROLE_IMAGE)
			json_array_append_new(all, json_text(release));
	}
	count = json_array_size(all);
	if (count == 0)
		return NULL;
	return count == 1 ? json_incref(json_array_get(all, 0)) : take_ptr(all);
}

static json_t *date(int64_t seconds)
{
	const time_t t = (time_t)seconds;
	struct tm utc = { 0 };
	char text[32];

	(void)gmtime_r(&t, &utc);
	(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
	return json_text(text);
}

static void compare_head(struct diff *d, const struct lock *old, const struct lock *new)
{
	CLEANUP(json_cleanup) json_t *old_kernels = kernels(old);
	CLEANUP(json_cleanup) json_t *new_kernels = kernels(new);
	CLEANUP(json_cleanup) json_t *old_date = date(old->source_date_epoch);
	CLEANUP(json_cleanup) json_t *new_date = date(new->source_date_epoch);
	CLEANUP(json_cleanup) json_t *old_bytes = json_integer(old->bytes_epoch);
	CLEANUP(json_cleanup) json_t *new_bytes = json_integer(new->bytes_epoch);

	(void)diff_values(d, DIFF_IMAGE, "kernel", old_kernels, new_kernels);
	text_value(d, DIFF_IMAGE, "suite", old->suite, new->suite);
	text_value(d, DIFF_IMAGE, "architecture", old->architecture, new->architecture);
	words_value(d, "foreign architectures", &old->foreign, &new->foreign);
	words_value(d, "left out", &old->packages.left_out, &new->packages.left_out);
	text_value(d, DIFF_IMAGE, "name", old->recipe_name, new->recipe_name);
	digest_value(d, DIFF_BUILD, "recipe", old->recipe_digest, new->recipe_digest);
	compare_inputs(d, &old->inputs, &new->inputs);
	(void)diff_values(d, DIFF_BUILD, "source-date-epoch", old_date, new_date);
	(void)diff_values(d, DIFF_BUILD, "bytes-epoch", old_bytes, new_bytes);
	text_value(d, DIFF_BUILD, "lock's format", format_of(old), format_of(new));
}

static void note(struct change *c, const char *what, const char *old, const char *new)
{
	if (!streq(old, new))
		change_words(c, "%s %s -> %s", what, *old ? old : "none", *new ? new : "none");
}

static void note_flag(struct change *c, bool old, bool new, const char *yes, const char *no)
{
	if (old != new)
		change_words(c, "%s", new ? yes : no);
}

/* Says where a package comes from, if that is not the suite itself: security updates, for one. */
static void note_origin(struct change *c, const struct lock *l, const struct package *p)
{
	if (p->role == ROLE_BOOT)
		change_words(c, "boot");
	if (!streq(p->suite, l->suite))
		change_words(c, "%s", p->suite);
}

/* Debian's security archive is another repository, but note_origin() names its pocket already. */
static bool is_foreign(const struct package *p)
{
	return *p->repository && !streq(p->repository, "security");
}

/* All that is neither version nor content. */
static void note_fields(struct change *c, const struct package *old, const struct package *new)
{
	note(c, "role", role_name(old), role_name(new));
	note(c, "architecture", old->architecture, new->architecture);
	note(c, "component", old->component, new->component);
	if (is_foreign(old) || is_foreign(new))
		note(c, "repository", old->repository, new->repository);
	note_flag(c, old->automatic, new->automatic, "now only because others need it",
		  "now asked for by name");
	note_flag(c, old->essential, new->essential, "now essential", "essential no more");
	note_flag(c, old->base, new->base, "now part of the base", "part of the base no more");
}

static enum change_kind kind_of(const struct package *old, const struct package *new)
{
	int order = version_compare(old->version, new->version);

	if (order != 0)
		return order < 0 ? CHANGE_UPGRADED : CHANGE_DOWNGRADED;
	/* "1.0" and "1.00" are the same version to dpkg, but hardly the same file. */
	return streq(old->sha256, new->sha256) ? CHANGE_CHANGED : CHANGE_REPLACED;
}

/* "", "-updates", "-security", or the whole of another suite's name. */
static const char *pocket(const struct lock *l, const struct package *p)
{
	return p->suite + (starts_with(p->suite, l->suite) ? strlen(l->suite) : 0);
}

/* Packages may differ in their suite: that is said once, of the image. */
static bool is_same(const struct lock *old_lock, const struct lock *new_lock,
		    const struct package *old, const struct package *new)
{
	return streq(old->version, new->version) && streq(old->architecture, new->architecture) &&
	       streq(pocket(old_lock, old), pocket(new_lock, new)) &&
	       streq(old->component, new->component) && streq(old->path, new->path) &&
	       streq(old->repository, new->repository) &&
	       old->size == new->size &&streq(old->sha256, new->sha256) && old->role == new->role &&
	       old->automatic == new->automatic && old->base == new->base &&
	       old->essential == new->essential && old->installed_size == new->installed_size;
}

/* "libc6:i386" where that is a foreign architecture. */
static char *full_name(const struct lock *l, const struct package *p)
{
	return strv_has(&l->foreign, p->architecture) ? xasprintf("%s:%s", p->name, p->architecture)
						      : xstrdup(p->name);
}

static void compare_package(struct diff *d, const struct lock *old_lock,
			    const struct lock *new_lock, const struct package *old,
			    const struct package *new)
{
	cleanup_free char *name = full_name(new_lock, new);
	struct change *c;

	if (is_same(old_lock, new_lock, old, new))
		return;
	c = diff_add(d, DIFF_PACKAGES, kind_of(old, new), name, json_text(old->version),
		     json_text(new->version));
	if (c->kind != CHANGE_CHANGED)
		note_origin(c, new_lock, new);
	else
		note(c, "suite", old->suite, new->suite);
	note_fields(c, old, new);
	if (old->installed_size != new->installed_size && d->locks) {
		cleanup_free char *size = size_change(old->installed_size, new->installed_size);

		change_words(c, "%s", size);
	}
	if (c->kind == CHANGE_REPLACED)
		change_words(c, "SHA-256 %.12s… -> %.12s…", old->sha256, new->sha256);
	if (c->kind == CHANGE_CHANGED && !c->words)
		note(c, "path", old->path, new->path);
	if (c->kind == CHANGE_CHANGED && !c->words)
		change_words(c, "size in the lock");
}

static void lone_package(struct diff *d, const struct lock *l, const struct package *p, bool added)
{
	json_t *version = json_text(p->version);
	cleanup_free char *name = full_name(l, p);
	struct change *c = diff_add(d, DIFF_PACKAGES, added ? CHANGE_ADDED : CHANGE_REMOVED, name,
				    added ? NULL : version, added ? version : NULL);
	char size[16];

	note_origin(c, l, p);
	if (d->locks && p->role == ROLE_IMAGE)
		change_words(c, "%s", human_size(p->installed_size, size));
}

/* The package there of that role which is the same but for its version. One of a foreign
 * architecture is another package; what was for the image's own may be for all now. */
static const struct package *find_like(const struct lock *here, const struct lock *there,
				       const struct package *p, enum package_role role)
{
	const struct packages *list = &there->packages;
	bool foreign = strv_has(&here->foreign, p->architecture);

	for (const struct package *q = packages_find(list, p->name, role);
	     q && q < list->item + list->count && streq(q->name, p->name); q++)
		if (q->role == role && (foreign ? streq(q->architecture, p->architecture)
						: !strv_has(&there->foreign, q->architecture)))
			return q;
	return NULL;
}

/* The same package there: of the same role, or of the other one if only the role has changed. */
static const struct package *counterpart(const struct lock *here, const struct lock *there,
					 const struct package *p)
{
	enum package_role other = p->role == ROLE_BOOT ? ROLE_IMAGE : ROLE_BOOT;
	const struct package *found = find_like(here, there, p, p->role);

	if (found || find_like(here, here, p, other))
		return found;
	return find_like(here, there, p, other);
}

static void compare_sums(struct diff *d, const struct lock *old, const struct lock *new)
{
	uint64_t a = 0, b = 0;
	cleanup_free char *words = NULL;

	for (size_t i = 0; i < old->packages.count; i++)
		a += old->packages.item[i].size;
	for (size_t i = 0; i < new->packages.count; i++)
		b += new->packages.item[i].size;
	if (a == b)
		return;
	words = size_change(a, b);
	change_words(diff_add(d, DIFF_ARTIFACTS, CHANGE_CHANGED, "all packages, to download",
			      json_integer((json_int_t)a), json_integer((json_int_t)b)),
		     "%s", words);
}

void diff_locks(struct diff *d, const struct lock *old, const struct lock *new)
{
	compare_head(d, old, new);
	for (size_t i = 0; i < old->packages.count; i++) {
		const struct package *p = &old->packages.item[i];
		const struct package *now = counterpart(old, new, p);

		if (now)
			compare_package(d, old, new, p, now);
		else
			lone_package(d, old, p, false);
	}
	for (size_t i = 0; i < new->packages.count; i++) {
		const struct package *p = &new->packages.item[i];

		if (!counterpart(new, old, p))
			lone_package(d, new, p, true);
	}
	compare_sums(d, old, new);
}
