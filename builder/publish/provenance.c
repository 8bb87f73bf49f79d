/* SPDX-License-Identifier: MIT */
/*
 * provenance.json: where the image came from and what made it, as an in-toto Statement v1 with
 * SLSA's provenance v1 (slsa.dev/spec/v1.0/provenance). All that may differ between two builds of
 * the same bytes stands here and nowhere else; SHA256SUMS leaves it out. URIs of our own are tags
 * (RFC 4151): nobody has to own a host for them.
 */
#include <archive.h>
#include <curl/curl.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/memory.h"
#include "base/netrescue.h"
#include "base/json.h"
#include "publish/result-files.h"

#define OS_RELEASE_MAX (64 << 10)
#define SUMS "SHA256SUMS"
#define SUMS_MAX (1 << 20)
#define BUILD_TYPE "tag:netrescue.example,2026:build/1"
#define BUILDER_ID "tag:netrescue.example,2026:netrescue"

static json_t *digest_json(const char *sha256)
{
	json_t *o = json_object();

	json_add_text(o, "sha256", sha256);
	return o;
}

static json_t *descriptor(const char *name, const char *sha256)
{
	json_t *o = json_object();

	json_add_text(o, "name", name);
	json_object_set_new(o, "digest", digest_json(sha256));
	return o;
}

/* SHA256SUMS and all that it names. */
static int subjects_json(const struct result *res, json_t *array, struct err *err)
{
	CLEANUP(text_release) struct text sums = { 0 };
	CLEANUP(strv_release) struct strv line = { 0 };
	char digest[DIGEST_HEX];
	int r = read_file(res->dir_fd, SUMS, SUMS_MAX, &sums, err);

	if (r < 0)
		return r;
	digest_bytes(sums.data, sums.length, digest);
	json_array_append_new(array, descriptor(SUMS, digest));
	strv_split(&line, sums.data, "\n");
	for (size_t i = 0; i < line.count; i++) {
		cleanup_free char *sum = xstrndup(line.item[i], DIGEST_HEX - 1);

		json_array_append_new(
			array, descriptor(line.item[i] + DIGEST_HEX - 1 + strlen("  "), sum));
	}
	return 0;
}

static json_t *release_json(const struct index_release *rel)
{
	cleanup_free char *uri =
		xasprintf("%s%s%s%s%s", rel->url, ends_with(rel->url, "/") ? "" : "/",
			  rel->directory, *rel->directory ? "/" : "", rel->file);
	json_t *o = descriptor(rel->file, rel->sha256), *annotations = json_object();

	json_add_text(o, "uri", uri);
	json_add_text(annotations, "suite", rel->suite);
	json_add_text(annotations, "mirror", rel->url);
	json_add_text(annotations, "date", rel->date);
	json_add_text(annotations, "key", rel->fingerprint);
	json_object_set_new(o, "annotations", annotations);
	return o;
}

/* The lock names each package with its digest, and the SBOMs do once more. */
static json_t *dependencies_json(const struct result *res)
{
	cleanup_free char *lock = xasprintf("%s.lock", res->recipe->name);
	json_t *array = json_array();

	json_array_append_new(array, descriptor(lock, res->lock->digest));
	/* None when the packages came from a lock: then nobody asked the archive. */
	for (size_t i = 0; res->indices && i < res->indices->release_count; i++)
		json_array_append_new(array, release_json(&res->indices->release[i]));
	return array;
}

/* PRETTY_NAME of os-release(5). */
static char *os_name(void)
{
	CLEANUP(err_release) struct err ignored = { 0 };
	CLEANUP(text_release) struct text t = { 0 };
	CLEANUP(strv_release) struct strv lines = { 0 };
	static const char key[] = "PRETTY_NAME=";

	if (read_file(AT_FDCWD, "/etc/os-release", OS_RELEASE_MAX, &t, &ignored) < 0)
		return NULL;
	strv_split(&lines, t.data, "\n");
	for (size_t i = 0; i < lines.count; i++) {
		const char *value = lines.item[i] + strlen(key);

		if (!starts_with(lines.item[i], key))
			continue;
		value += strspn(value, "\"'");
		return xstrndup(value, strcspn(value, "\"'"));
	}
	return NULL;
}

static json_t *host_json(void)
{
	cleanup_free char *name = os_name();
	json_t *o = json_object();
	struct utsname u;

	json_add_text(o, "os", name);
	if (uname(&u) == 0) {
		json_add_text(o, "kernel", u.release);
		json_add_text(o, "machine", u.machine);
	}
	json_add_text(o, "user", geteuid() == 0 ? "root" : "ordinary");
	return o;
}

static json_t *versions_json(void)
{
	json_t *o = json_object();

	json_add_text(o, "netrescue", NETRESCUE_VERSION);
	json_add_text(o, "libarchive", archive_version_string());
	json_add_text(o, "libcurl", curl_version());
	json_add_text(o, "openssl", OpenSSL_version(OPENSSL_VERSION));
	json_add_text(o, "jansson", jansson_version_str());
	json_add_text(o, "compiler", __VERSION__);
	return o;
}

static json_t *cached_json(const struct strv *cached)
{
	json_t *array = json_array();

	for (size_t i = 0; i < cached->count; i++)
		json_array_append_new(array, json_text(cached->item[i]));
	return array;
}

static json_t *definition_json(const struct result *res, const char *sandbox,
			       const struct strv *cached)
{
	json_t *o = json_object(), *external = json_object(), *internal = json_object();

	json_add_text(o, "buildType", BUILD_TYPE);
	json_object_set_new(external, "recipe",
			    descriptor(res->recipe->name, res->lock->recipe_digest));
	json_object_set_new(external, "locked", json_boolean(res->indices == NULL));
	json_object_set_new(o, "externalParameters", external);
	json_add_text(internal, "version", res->version);
	json_object_set_new(internal, "source-date-epoch",
			    json_integer(res->lock->source_date_epoch));
	json_object_set_new(internal, "bytes-epoch", json_integer(res->lock->bytes_epoch));
	json_add_text(internal, "sandbox", sandbox);
	json_object_set_new(internal, "cached-stages", cached_json(cached));
	json_object_set_new(internal, "host", host_json());
	json_object_set_new(o, "internalParameters", internal);
	json_object_set_new(o, "resolvedDependencies", dependencies_json(res));
	return o;
}

static void add_date(json_t *o, const char *key, time_t when)
{
	char date[sizeof("2026-08-29T04:19:00Z")];
	struct tm tm;

	(void)gmtime_r(&when, &tm);
	(void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &tm);
	json_add_text(o, key, date);
}

static json_t *run_json(const struct result *res)
{
	json_t *o = json_object(), *builder = json_object(), *metadata = json_object();

	json_add_text(builder, "id", BUILDER_ID);
	json_object_set_new(builder, "version", versions_json());
	json_object_set_new(o, "builder", builder);
	add_date(metadata, "startedOn", res->started);
	add_date(metadata, "finishedOn", time(NULL));
	json_object_set_new(o, "metadata", metadata);
	return o;
}

static int write_provenance(struct result *res, const char *sandbox, const struct strv *cached,
			    struct err *err)
{
	CLEANUP(json_cleanup) json_t *statement = json_object();
	json_t *subject = json_array(), *predicate = json_object();
	int r;

	json_add_text(statement, "_type", "https://in-toto.io/Statement/v1");
	json_object_set_new(statement, "subject", subject);
	json_add_text(statement, "predicateType", "https://slsa.dev/provenance/v1");
	json_object_set_new(predicate, "buildDefinition", definition_json(res, sandbox, cached));
	json_object_set_new(predicate, "runDetails", run_json(res));
	json_object_set_new(statement, "predicate", predicate);
	r = subjects_json(res, subject, err);
	if (r < 0)
		return r;
	return result_write_json(res, "provenance.json", statement, err);
}

int result_add_provenance(struct result *res, const char *sandbox, const struct strv *cached,
			  struct err *err)
{
	int r = write_provenance(res, sandbox, cached, err);

	return r < 0 ? err_wrap(err, "writing provenance.json") : 0;
}
