/* SPDX-License-Identifier: MIT */
/*
 * SPDX 2.3. The document describes three things: the root file system, which contains the installed
 * packages; the boot files, which are generated from the boot packages; and the generated files,
 * those of the root file system that are not as a package brought them.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/json.h"
#include "publish/sbom.h"

#define DOCUMENT "SPDXRef-DOCUMENT"
#define ROOT "SPDXRef-RootFileSystem"
#define BOOT "SPDXRef-BootFiles"
#define GENERATED "SPDXRef-GeneratedFiles"
#define UNKNOWN "NOASSERTION"
#define FILE_ID_DIGITS 16

static json_t *checksum(const char *algorithm, const char *value)
{
	json_t *o = json_object();

	json_add_text(o, "algorithm", algorithm);
	json_add_text(o, "checksumValue", value);
	return o;
}

static void relate(json_t *relationships, const char *from, const char *how, const char *to)
{
	json_t *o = json_object();

	json_add_text(o, "spdxElementId", from);
	json_add_text(o, "relationshipType", how);
	json_add_text(o, "relatedSpdxElement", to);
	json_array_append_new(relationships, o);
}

/* "libstdc++6" -> "SPDXRef-Image-libstdc.2B.2B6-amd64": letters, digits, "." and "-" only. */
static char *package_id(const struct package *p)
{
	CLEANUP(text_release) struct text t = { 0 };

	text_add(&t, p->role == ROLE_BOOT ? "SPDXRef-Boot-" : "SPDXRef-Image-");
	for (const char *c = p->name; *c; c++)
		text_printf(&t,
			    isalnum((unsigned char)*c) || *c == '-' || *c == '.' ? "%c" : ".%02X",
			    (unsigned char)*c);
	text_printf(&t, "-%s", p->architecture);
	return text_take(&t);
}

/* "Name <address>" -> "Person: Name (address)"; a list or a team is an organization. */
static char *supplier(const char *maintainer)
{
	const char *address = maintainer ? strchr(maintainer, '<') : NULL;
	CLEANUP(text_release) struct text name = { 0 };
	bool many;

	if (!address || address == maintainer)
		return xstrdup(UNKNOWN);
	/* Brackets are the format's own. */
	for (const char *c = maintainer; c < address - 1; c++)
		if (*c != '(' && *c != ')')
			text_append(&name, c, 1);
	many = strstr(maintainer, "@lists.") || strcasestr(maintainer, "team") ||
	       strcasestr(maintainer, "maintainers") || strcasestr(maintainer, "group");
	return xasprintf("%s: %s (%.*s)", many ? "Organization" : "Person",
			 name.data ? name.data : "", (int)strcspn(address + 1, ">"), address + 1);
}

static json_t *package_json(const struct sbom_package *p, const char *id)
{
	json_t *o = json_object(), *sums = json_array(), *refs = json_array(), *ref = json_object();
	cleanup_free char *by = supplier(p->maintainer);
	cleanup_free char *source = xasprintf("built from source package: %s", p->source);

	json_add_text(o, "SPDXID", id);
	json_add_text(o, "name", p->package->name);
	json_add_text(o, "versionInfo", p->package->version);
	json_add_text(o, "packageFileName", p->package->path);
	json_add_text(o, "supplier", by);
	json_add_text(o, "downloadLocation", UNKNOWN);
	json_object_set_new(o, "filesAnalyzed", json_false());
	json_array_append_new(sums, checksum("SHA256", p->package->sha256));
	json_object_set_new(o, "checksums", sums);
	if (p->source)
		json_add_text(o, "sourceInfo", source);
	json_add_text(o, "licenseConcluded", UNKNOWN);
	json_add_text(o, "licenseDeclared", p->licence ? p->licence : UNKNOWN);
	json_add_text(o, "copyrightText", UNKNOWN);
	json_add_text(ref, "referenceCategory", "PACKAGE-MANAGER");
	json_add_text(ref, "referenceType", "purl");
	json_add_text(ref, "referenceLocator", p->purl);
	json_array_append_new(refs, ref);
	json_object_set_new(o, "externalRefs", refs);
	return o;
}

static json_t *described(const struct sbom *b, const char *id, const char *what,
			 const char *purpose)
{
	cleanup_free char *name = xasprintf("%s %s", b->name, what);
	json_t *o = json_object();

	json_add_text(o, "SPDXID", id);
	json_add_text(o, "name", name);
	json_add_text(o, "versionInfo", b->version);
	json_add_text(o, "primaryPackagePurpose", purpose);
	json_add_text(o, "downloadLocation", UNKNOWN);
	json_object_set_new(o, "filesAnalyzed", json_false());
	json_add_text(o, "licenseConcluded", UNKNOWN);
	json_add_text(o, "licenseDeclared", UNKNOWN);
	json_add_text(o, "copyrightText", UNKNOWN);
	return o;
}

static char *file_id(const struct file_origin *file)
{
	char digest[DIGEST_HEX];

	digest_bytes(file->member->path, strlen(file->member->path), digest);
	return xasprintf("SPDXRef-File-%.*s", FILE_ID_DIGITS, digest);
}

static char *file_comment(const struct file_origin *file)
{
	CLEANUP(text_release) struct text t = { 0 };

	if (file->dark)
		text_printf(&t, "dark: %s", file->altered ? SBOM_ALTERED : SBOM_DARK);
	else
		text_printf(&t, "stage: %s; by: %s", file->stage, file->how);
	if (file->package)
		text_printf(&t, "; package: %s%s", file->package,
			    file->altered ? ", whose file was changed" : "");
	if (file->member->target)
		text_printf(&t, "; symbolic link, checksums are of its target's text: %s",
			    file->member->target);
	return text_take(&t);
}

static json_t *file_json(const struct file_origin *file, const char *id)
{
	cleanup_free char *name = xasprintf("./%s", file->member->path);
	cleanup_free char *comment = file_comment(file);
	json_t *o = json_object(), *sums = json_array();

	json_add_text(o, "SPDXID", id);
	json_add_name(o, "fileName", name);
	json_array_append_new(sums, checksum("SHA1", file->sha1));
	json_array_append_new(sums, checksum("SHA256", file->sha256));
	json_object_set_new(o, "checksums", sums);
	json_add_text(o, "licenseConcluded", UNKNOWN);
	json_add_text(o, "copyrightText", UNKNOWN);
	json_add_name(o, "comment", comment);
	return o;
}

/* SPDX 2.3, 7.9: SHA-1 of the sorted SHA-1s. */
static void verification_code(const struct file_origins *origins, char ret[DIGEST_HEX])
{
	CLEANUP(digest_cleanup) struct digest *d = digest_new_sha1();
	CLEANUP(strv_release) struct strv sums = { 0 };

	for (size_t i = 0; i < origins->count; i++)
		strv_add(&sums, origins->item[i].sha1);
	strv_sort(&sums);
	for (size_t i = 0; i < sums.count; i++)
		digest_update(d, sums.item[i], strlen(sums.item[i]));
	digest_final(d, ret);
}

static json_t *generated_json(const struct sbom *b)
{
	json_t *o = described(b, GENERATED, "generated files", "FILE"), *code = json_object();
	const struct file_origins *origins = b->origins;
	cleanup_free char *comment =
		xasprintf("files: %zu; of packages: %zu, changed and accounted for: %zu; generated "
			  "and accounted for: %zu; dark: %zu",
			  origins->files, origins->of_packages, origins->altered,
			  origins->generated, origins->dark);
	char digest[DIGEST_HEX];

	verification_code(origins, digest);
	json_object_set_new(o, "filesAnalyzed", json_true());
	json_add_text(code, "packageVerificationCodeValue", digest);
	json_object_set_new(o, "packageVerificationCode", code);
	json_add_text(o, "comment", comment);
	return o;
}

static void add_packages(const struct sbom *b, json_t *packages, json_t *relationships)
{
	for (size_t i = 0; i < b->count; i++) {
		const struct sbom_package *p = &b->package[i];
		cleanup_free char *id = package_id(p->package);

		json_array_append_new(packages, package_json(p, id));
		if (p->package->role == ROLE_BOOT)
			relate(relationships, BOOT, "GENERATED_FROM", id);
		else
			relate(relationships, ROOT, "CONTAINS", id);
	}
}

static json_t *files_json(const struct sbom *b, json_t *relationships)
{
	json_t *files = json_array();

	for (size_t i = 0; i < b->origins->count; i++) {
		cleanup_free char *id = file_id(&b->origins->item[i]);

		json_array_append_new(files, file_json(&b->origins->item[i], id));
		relate(relationships, GENERATED, "CONTAINS", id);
	}
	return files;
}

static json_t *licences_json(const struct sbom *b)
{
	json_t *licences = json_array();

	for (size_t i = 0; i < b->refs.count; i++) {
		json_t *o = json_object();

		json_add_text(o, "licenseId", b->refs.item[i].id);
		json_add_text(o, "name", b->refs.item[i].name);
		json_add_text(o, "extractedText", b->refs.item[i].text);
		json_array_append_new(licences, o);
	}
	return licences;
}

/* What is not there any more has no place among the files. */
static json_t *annotations_json(const struct sbom *b)
{
	json_t *annotations = json_array();

	for (size_t i = 0; i < b->origins->gone.count; i++) {
		cleanup_free char *comment =
			xasprintf("dark: a package's file is missing and nothing accounts for it: "
				  "./%s",
				  b->origins->gone.item[i]);
		json_t *o = json_object();

		json_add_text(o, "annotationDate", b->date);
		json_add_text(o, "annotationType", "OTHER");
		json_add_text(o, "annotator", "Tool: netrescue");
		json_add_name(o, "comment", comment);
		json_array_append_new(annotations, o);
	}
	return annotations;
}

static void add_creation(const struct sbom *b, json_t *o)
{
	cleanup_free char *name = xasprintf("%s-%s", b->name, b->version);
	json_t *creation = json_object(), *creators = json_array();
	cleanup_free char *space = NULL;
	char uuid[SBOM_UUID];

	sbom_uuid(b->lock, "spdx", uuid);
	space = xasprintf("urn:uuid:%s", uuid);
	json_add_text(o, "spdxVersion", "SPDX-2.3");
	json_add_text(o, "dataLicense", "CC0-1.0");
	json_add_text(o, "SPDXID", DOCUMENT);
	json_add_text(o, "name", name);
	json_add_text(o, "documentNamespace", space);
	json_add_text(creation, "created", b->date);
	json_array_append_new(creators, json_text("Tool: netrescue"));
	json_object_set_new(creation, "creators", creators);
	json_object_set_new(o, "creationInfo", creation);
}

json_t *sbom_spdx(const struct sbom *b)
{
	json_t *o = json_object(), *packages = json_array(), *relationships = json_array();

	add_creation(b, o);
	json_array_append_new(packages, described(b, ROOT, "root file system", "OPERATING_SYSTEM"));
	json_array_append_new(packages, described(b, BOOT, "boot files", "FIRMWARE"));
	json_array_append_new(packages, generated_json(b));
	relate(relationships, DOCUMENT, "DESCRIBES", ROOT);
	relate(relationships, DOCUMENT, "DESCRIBES", BOOT);
	relate(relationships, ROOT, "CONTAINS", GENERATED);
	add_packages(b, packages, relationships);
	json_object_set_new(o, "packages", packages);
	json_object_set_new(o, "files", files_json(b, relationships));
	json_object_set_new(o, "hasExtractedLicensingInfos", licences_json(b));
	json_object_set_new(o, "annotations", annotations_json(b));
	json_object_set_new(o, "relationships", relationships);
	return o;
}
