/* SPDX-License-Identifier: MIT */
#include "publish/sbom.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "deb/deb822.h"
#include "base/memory.h"
#include "publish/purl.h"
#include "deb/deb.h"

#define COPYRIGHT_MAX ((size_t)16 << 20)

void sbom_uuid(const struct lock *lock, const char *kind, char ret[SBOM_UUID])
{
	/* RFC 9562 hashes a namespace's UUID before the name. This name begins with a word of our
	 * own instead: nobody else makes UUIDs of locks. */
	cleanup_free char *name = xasprintf("netrescue:%s:%s", kind, lock->digest);
	CLEANUP(digest_cleanup) struct digest *d = digest_new_sha1();
	static const char digit[] = "0123456789abcdef";
	char hex[DIGEST_HEX];

	digest_update(d, name, strlen(name));
	digest_final(d, hex);
	hex[12] = '5';						   /* version */
	hex[16] = digit[8 | (strchr(digit, hex[16]) - digit) % 4]; /* variant */
	snprintf(ret, SBOM_UUID, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
		 hex + 20);
}

/* "Source: gcc-14 (14.2.0-19)"; without it source and package have the same name and version. */
static char *source_of(const struct deb822_stanza *control, const struct package *p)
{
	const char *source = deb822_get(control, "Source");
	const char *version = source ? strchr(source, '(') : NULL;
	const char *name = source ? source : p->name;

	return version ? xasprintf("%.*s %.*s", (int)strcspn(name, " "), name,
				   (int)strcspn(version + 1, ")"), version + 1)
		       : xasprintf("%.*s %s", (int)strcspn(name, " "), name, p->version);
}

static void read_control(const struct deb822_stanza *control, struct sbom_package *p)
{
	const char *maintainer = deb822_get(control, "Maintainer");

	p->maintainer = maintainer ? xstrdup(maintainer) : NULL;
	p->source = source_of(control, p->package);
}

/* dpkg's status has the control files of all that is installed. */
static int read_status(struct sbom *b, struct err *err)
{
	const char *text = file_origins_text(b->origins, FILE_ORIGINS_STATUS);
	struct deb822 reader = { .name = FILE_ORIGINS_STATUS,
				 .data = text ? text : "",
				 .size = text ? strlen(text) : 0,
				 .class = ERR_BUILD };
	CLEANUP(deb822_stanza_release) struct deb822_stanza stanza = { 0 };
	int r;

	while ((r = deb822_next(&reader, &stanza, err)) > 0)
		for (size_t i = 0; i < b->count; i++) {
			struct sbom_package *p = &b->package[i];

			if (p->package->role == ROLE_IMAGE && !p->source &&
			    streq(p->package->name, deb822_get(&stanza, "Package")) &&
			    streq(p->package->architecture, deb822_get(&stanza, "Architecture")))
				read_control(&stanza, p);
		}
	return r;
}

static int read_boot_package(struct store *s, struct sbom *b, struct sbom_package *p,
			     struct err *err)
{
	cleanup_free char *path = xasprintf("usr/share/doc/%s/copyright", p->package->name);
	CLEANUP(deb822_stanza_release) struct deb822_stanza stanza = { 0 };
	CLEANUP(text_release) struct text control = { 0 };
	CLEANUP(text_release) struct text copyright = { 0 };
	CLEANUP(err_release) struct err none = { 0 };
	int r = deb_read_control(s, p->package, &control, err);

	if (r < 0)
		return r;
	r = deb822_first("control", ERR_BUILD, &control, &stanza, err);
	if (r < 0)
		return r;
	read_control(&stanza, p);
	/* In some packages it is a link into another package: then nothing is known. */
	if (deb_read_member(s, p->package, path, COPYRIGHT_MAX, &copyright, &none) == 0)
		p->licence = licence_declared(copyright.data, &b->refs);
	return 0;
}

static void read_licence(struct sbom *b, struct sbom_package *p)
{
	cleanup_free char *path = xasprintf("usr/share/doc/%s/copyright", p->package->name);
	const char *copyright = file_origins_text(b->origins, path);

	p->licence = copyright ? licence_declared(copyright, &b->refs) : NULL;
}

static void write_date(int64_t epoch, char ret[SBOM_DATE])
{
	time_t when = (time_t)epoch;
	struct tm tm;

	(void)gmtime_r(&when, &tm);
	(void)strftime(ret, SBOM_DATE, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

int sbom_gather(struct store *s, const struct recipe *recipe, const struct lock *lock,
		const char *version, const struct file_origins *origins, struct sbom *ret,
		struct err *err)
{
	CLEANUP(sbom_release)
	struct sbom b = { .name = recipe->name,
			  .version = version,
			  .lock = lock,
			  .origins = origins,
			  .count = lock->packages.count };
	int r;

	b.package = xcalloc(b.count, sizeof(*b.package));
	for (size_t i = 0; i < b.count; i++) {
		b.package[i].package = &lock->packages.item[i];
		b.package[i].purl = purl_of(&lock->packages.item[i], lock->suite);
	}
	write_date(lock->source_date_epoch, b.date);
	r = read_status(&b, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < b.count; i++) {
		if (b.package[i].package->role == ROLE_IMAGE) {
			read_licence(&b, &b.package[i]);
			continue;
		}
		r = read_boot_package(s, &b, &b.package[i], err);
		if (r < 0)
			return r;
	}
	licence_refs_sort(&b.refs);
	*ret = TAKE(b);
	return 0;
}

void sbom_release(struct sbom *b)
{
	for (size_t i = 0; i < b->count && b->package; i++) {
		free(b->package[i].purl);
		free(b->package[i].maintainer);
		free(b->package[i].source);
		free(b->package[i].licence);
	}
	free(b->package);
	licence_refs_release(&b->refs);
	*b = (struct sbom){ 0 };
}
