/* SPDX-License-Identifier: MIT */
/*
 * provenance.json: where the image came from and what made it. All that may differ between two
 * builds of the same bytes stands here and nowhere else; SHA256SUMS leaves it out.
 */
#include <archive.h>
#include <curl/curl.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/io.h"
#include "base/memory.h"
#include "base/netrescue.h"
#include "publish/json.h"
#include "publish/result.h"

#define OS_RELEASE_MAX (64 << 10)

static json_t *releases_json(const struct indices *indices)
{
	json_t *array = json_array();

	for (size_t i = 0; indices && i < indices->release_count; i++) {
		const struct index_release *rel = &indices->release[i];
		json_t *o = json_object();

		json_add_text(o, "suite", rel->suite);
		json_add_text(o, "url", rel->url);
		json_add_text(o, "date", rel->date);
		json_add_text(o, "key", rel->fingerprint);
		json_add_text(o, "inrelease-sha256", rel->sha256);
		json_array_append_new(array, o);
	}
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

static json_t *tools_json(void)
{
	json_t *o = json_object();

	json_add_text(o, "libarchive", archive_version_string());
	json_add_text(o, "libcurl", curl_version());
	json_add_text(o, "openssl", OpenSSL_version(OPENSSL_VERSION));
	json_add_text(o, "jansson", jansson_version_str());
	json_add_text(o, "compiler", __VERSION__);
	return o;
}

int publish_provenance(struct result *res, const char *sandbox, struct err *err)
{
	CLEANUP(json_cleanup) json_t *p = json_object();

	json_object_set_new(p, "format", json_integer(1));
	json_add_text(p, "recipe", res->recipe->name);
	json_add_text(p, "version", res->version);
	json_add_text(p, "builder", "netrescue " NETRESCUE_VERSION);
	json_add_text(p, "sandbox", sandbox);
	/* Empty when the packages came from a lock: then nobody asked the archive. */
	json_object_set_new(p, "releases", releases_json(res->indices));
	json_object_set_new(p, "host", host_json());
	json_object_set_new(p, "tools", tools_json());
	if (json_write(res, "provenance.json", p, err) < 0)
		return err_wrap(err, "writing provenance.json");
	return 0;
}
