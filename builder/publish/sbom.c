/* SPDX-License-Identifier: MIT */
#include "publish/sbom.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "deb/deb822.h"
#include "base/log.h"
#include "base/memory.h"
#include "publish/file-origins.h"
#include "base/json.h"
#include "publish/purl.h"
#include "publish/result-files.h"
#include "deb/deb.h"

#define COPYRIGHT_MAX ((size_t)16 << 20)

void sbom_uuid(const struct lock *lock, const char *kind, char ret[SBOM_UUID])
{
	/* The namespace is the name's own: nobody else hashes lock digests for UUIDs. */
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
	const char *text = file_origins_text(b->accounts, FILE_ORIGINS_STATUS);
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
	struct deb822 reader = { .name = "control", .class = ERR_BUILD };
	int r = deb_read_control(s, p->package, &control, err);

	reader.data = control.data;
	reader.size = control.length;
	if (r == 0)
		r = deb822_next(&reader, &stanza, err);
	if (r < 0)
		return r;
	read_control(&stanza, p);
	/* Some have a link into another package there: then nothing is known. */
	if (deb_read_member(s, p->package, path, COPYRIGHT_MAX, &copyright, &none) == 0)
		p->licence = licence_declared(copyright.data, &b->refs);
	return 0;
}

static void read_licence(struct sbom *b, struct sbom_package *p)
{
	cleanup_free char *path = xasprintf("usr/share/doc/%s/copyright", p->package->name);
	const char *copyright = file_origins_text(b->accounts, path);

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
		const char *version, const struct file_origins *accounts, struct sbom *ret,
		struct err *err)
{
	CLEANUP(sbom_release)
	struct sbom b = { .name = recipe->name,
			  .version = version,
			  .lock = lock,
			  .accounts = accounts,
			  .count = lock->packages.count };
	int r;

	b.package = xcalloc(b.count, sizeof(*b.package));
	for (size_t i = 0; i < b.count; i++) {
		b.package[i].package = &lock->packages.item[i];
		b.package[i].purl = purl_of(&lock->packages.item[i], lock->suite);
	}
	write_date(lock->source_date_epoch, b.date);
	r = read_status(&b, err);
	for (size_t i = 0; r >= 0 && i < b.count; i++) {
		if (b.package[i].package->role == ROLE_BOOT)
			r = read_boot_package(s, &b, &b.package[i], err);
		else
			read_licence(&b, &b.package[i]);
	}
	if (r < 0)
		return r;
	licence_refs_sort(&b.refs);
	*ret = b;
	b = (struct sbom){ 0 };
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

static void warn_of_dark(const struct file_origins *a)
{
	const char *first = a->gone.count > 0 ? a->gone.item[0] : "";

	for (size_t i = a->count; i > 0; i--)
		if (a->item[i - 1].dark)
			first = a->item[i - 1].member->path;
	if (a->dark > 0)
		log_warning("%zu files that neither a package nor a stage of the build accounts "
			    "for, '/%s' the first: sbom.cdx.json has them as netrescue:finding",
			    a->dark, first);
}

static int write_both(struct result *res, const struct sbom *b, struct err *err)
{
	CLEANUP(json_cleanup) json_t *spdx = sbom_spdx(b);
	CLEANUP(json_cleanup) json_t *cyclonedx = sbom_cyclonedx(b);
	int r = result_write_json(res, "sbom.spdx.json", spdx, err);

	return r < 0 ? r : result_write_json(res, "sbom.cdx.json", cyclonedx, err);
}

int result_add_sbom(struct result *res, const struct rootfs *rootfs, const char *packed,
		    struct err *err)
{
	CLEANUP(file_origins_release) struct file_origins accounts = { 0 };
	CLEANUP(sbom_release) struct sbom b = { 0 };
	cleanup_fd int fd = openat(res->dir_fd, packed, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int r = 0;

	if (fd < 0)
		r = err_errno(err, ERR_BUILD, errno, "cannot read '%s' back", packed);
	if (r >= 0)
		r = file_origins_read(fd, &res->lock->packages, &rootfs->file_log, &accounts, err);
	if (r >= 0)
		r = sbom_gather(res->store, res->recipe, res->lock, res->version, &accounts, &b,
				err);
	if (r >= 0)
		r = write_both(res, &b, err);
	if (r < 0)
		return err_wrap(err, "writing the bill of materials");
	warn_of_dark(&accounts);
	return 0;
}
