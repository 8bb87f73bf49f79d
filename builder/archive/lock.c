/* SPDX-License-Identifier: MIT */
#include "archive/lock.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "archive/lock-format.h"
#include "base/memory.h"

static void add_flags(const struct package *p, struct text *t)
{
	if (!p->automatic && !p->base && !p->essential)
		return;
	text_add(t, "Flags:");
	text_add(t, p->automatic ? " automatic" : "");
	text_add(t, p->base ? " base" : "");
	text_add(t, p->essential ? " essential" : "");
	text_add(t, "\n");
}

static void add_package(const struct package *p, struct text *t)
{
	text_printf(t, "\nPackage: %s\nVersion: %s\nArchitecture: %s\nSuite: %s\n", p->name,
		    p->version, p->architecture, p->suite);
	if (p->component[0])
		text_printf(t, "Component: %s\n", p->component);
	text_printf(t, "Path: %s\nSize: %" PRIu64 "\nSHA256: %s\nRole: %s\n", p->path, p->size,
		    p->sha256, p->role == ROLE_BOOT ? LOCK_ROLE_BOOT : LOCK_ROLE_IMAGE);
	add_flags(p, t);
	text_printf(t, "Installed-Size: %" PRIu64 "\n", p->installed_size);
	if (p->repository[0])
		text_printf(t, "Repository: %s\n", p->repository);
}

/* What most locks do not have. */
static void add_extras(const struct lock *l, struct text *t)
{
	cleanup_free char *foreign = strv_join(&l->foreign, " ");

	if (*foreign)
		text_printf(t, "Foreign-Architectures: %s\n", foreign);
	text_add(t, l->packages.left_out.count > 0 ? "Left-Out:\n" : "");
	for (size_t i = 0; i < l->packages.left_out.count; i++)
		text_printf(t, " %s\n", l->packages.left_out.item[i]);
}

char *lock_text(const struct lock *l)
{
	CLEANUP(text_release) struct text t = { 0 };
	CLEANUP(text_release) struct text packages = { 0 };
	bool bare = l->inputs.count == 0;
	char digest[DIGEST_HEX];

	text_add(&packages, "");
	for (size_t i = 0; i < l->packages.count; i++)
		add_package(&l->packages.item[i], &packages);
	digest_bytes(packages.data, packages.length, digest);
	text_printf(&t, "Format: %s\nRecipe: %s\nRecipe-SHA256: %s\n",
		    bare ? LOCK_FORMAT_BARE : LOCK_FORMAT, l->recipe_name, l->recipe_digest);
	text_add(&t, bare ? "" : "Inputs:\n");
	for (size_t i = 0; i < l->inputs.count; i++)
		text_printf(&t, " %s\n", l->inputs.item[i]);
	text_printf(&t, "Suite: %s\nArchitecture: %s\n", l->suite, l->architecture);
	add_extras(l, &t);
	if (l->snapshot)
		text_printf(&t, "Snapshot: %s\n", l->snapshot);
	text_printf(&t, "Source-Date-Epoch: %" PRId64 "\nBytes-Epoch: %d\n", l->source_date_epoch,
		    l->bytes_epoch);
	if (!bare)
		text_printf(&t, "Packages-SHA256: %s\n", digest);
	text_append(&t, packages.data, packages.length);
	return text_take(&t);
}

void lock_digest(struct lock *l)
{
	cleanup_free char *text = lock_text(l);

	digest_bytes(text, strlen(text), l->digest);
}

char *lock_version(const struct lock *l)
{
	const time_t t = (time_t)l->source_date_epoch;
	struct tm utc = { 0 };
	char date[32];

	(void)gmtime_r(&t, &utc);
	(void)strftime(date, sizeof(date), "%Y%m%dT%H%M%SZ", &utc);
	return xasprintf("%s-%.8s", date, l->digest);
}

unsigned lock_line(const struct lock *l, const char *format, ...)
{
	CLEANUP(text_release) struct text wanted = { 0 };
	cleanup_free char *text = lock_text(l);
	unsigned number = 1;
	va_list arguments;

	va_start(arguments, format);
	text_vprintf(&wanted, format, arguments);
	va_end(arguments);
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1, number++)
		if (strncmp(line, wanted.data, wanted.length) == 0 && line[wanted.length] == '\n')
			return number;
	return 0;
}

int lock_error(const struct lock *l, unsigned line, enum err_class class, struct err *err,
	       const char *format, ...)
{
	CLEANUP(text_release) struct text message = { 0 };
	va_list arguments;

	va_start(arguments, format);
	text_vprintf(&message, format, arguments);
	va_end(arguments);
	if (!l->path)
		return err_set(err, class, "%s", message.data);
	return err_at(err, class, l->path, line, 0, "%s", message.data);
}

void lock_release(struct lock *l)
{
	free(l->path);
	free(l->recipe_name);
	strv_release(&l->inputs);
	free(l->suite);
	free(l->architecture);
	strv_release(&l->foreign);
	free(l->snapshot);
	packages_release(&l->packages);
	*l = (struct lock){ 0 };
}
