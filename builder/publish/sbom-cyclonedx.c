/* SPDX-License-Identifier: MIT */
/* CycloneDX 1.6. What the format has no word for stands in properties named netrescue:… */
#include <string.h>

#include "base/memory.h"
#include "base/json.h"
#include "publish/sbom.h"

#define ROOT "image"

static void add_value(json_t *properties, const char *name, json_t *value)
{
	json_t *o = json_object();

	json_add_text(o, "name", name);
	json_object_set_new(o, "value", value);
	json_array_append_new(properties, o);
}

static void add_property(json_t *properties, const char *name, const char *value)
{
	add_value(properties, name, json_text(value));
}

static void add_count(json_t *properties, const char *name, size_t count)
{
	cleanup_free char *value = xasprintf("%zu", count);

	add_property(properties, name, value);
}

static json_t *hashes_json(const char *sha1, const char *sha256)
{
	json_t *array = json_array();
	const char *const hash[][2] = { { "SHA-1", sha1 }, { "SHA-256", sha256 } };

	for (size_t i = 0; i < ARRAY_SIZE(hash); i++) {
		json_t *o;

		if (!hash[i][1])
			continue;
		o = json_object();
		json_add_text(o, "alg", hash[i][0]);
		json_add_text(o, "content", hash[i][1]);
		json_array_append_new(array, o);
	}
	return array;
}

/* One package may be installed and have boot files taken from it. */
static char *package_ref(const struct sbom_package *p)
{
	return xasprintf("%s%s", p->package->role == ROLE_BOOT ? "boot:" : "", p->purl);
}

static void add_licence(json_t *o, const char *expression)
{
	json_t *licences = json_array(), *licence = json_object();

	json_add_text(licence, "expression", expression);
	json_add_text(licence, "acknowledgement", "declared");
	json_array_append_new(licences, licence);
	json_object_set_new(o, "licenses", licences);
}

static json_t *package_json(const struct sbom_package *p)
{
	json_t *o = json_object(), *properties = json_array(), *supplier = json_object();
	bool boot = p->package->role == ROLE_BOOT;
	cleanup_free char *ref = package_ref(p);

	json_add_text(o, "type", "library");
	json_add_text(o, "bom-ref", ref);
	if (p->maintainer) {
		cleanup_free char *name = xstrndup(p->maintainer, strcspn(p->maintainer, "<"));

		name[strlen(name) - (ends_with(name, " ") ? 1 : 0)] = '\0';
		json_add_text(supplier, "name", name);
		json_object_set(o, "supplier", supplier);
	}
	json_decref(supplier);
	json_add_text(o, "name", p->package->name);
	json_add_text(o, "version", p->package->version);
	json_object_set_new(o, "hashes", hashes_json(NULL, p->package->sha256));
	if (p->licence)
		add_licence(o, p->licence);
	json_add_text(o, "purl", p->purl);
	add_property(properties, "netrescue:role", boot ? "boot" : "image");
	if (p->maintainer)
		add_property(properties, "netrescue:maintainer", p->maintainer);
	if (p->source)
		add_property(properties, "netrescue:source", p->source);
	add_property(properties, "netrescue:suite", p->package->suite);
	add_property(properties, "netrescue:path", p->package->path);
	json_object_set_new(o, "properties", properties);
	return o;
}

static json_t *file_json(const struct file_origin *file)
{
	cleanup_free char *name = xasprintf("/%s", file->member->path);
	cleanup_free char *ref = xasprintf("file:%s", name);
	json_t *o = json_object(), *properties = json_array();

	json_add_text(o, "type", "file");
	json_add_name(o, "bom-ref", ref);
	json_add_name(o, "name", name);
	if (file->member->target)
		add_value(properties, "netrescue:link", json_name(file->member->target));
	else
		json_object_set_new(o, "hashes", hashes_json(file->sha1, file->sha256));
	if (file->package)
		add_property(properties, "netrescue:package", file->package);
	if (file->altered)
		add_property(properties, "netrescue:changed", SBOM_ALTERED);
	if (file->dark) {
		add_property(properties, "netrescue:finding",
			     file->altered ? SBOM_ALTERED : SBOM_DARK);
		if (file->trace)
			add_value(properties, "netrescue:trace", json_name(file->trace));
	} else {
		add_property(properties, "netrescue:stage", file->stage);
		add_property(properties, "netrescue:maker", file->how);
	}
	json_object_set_new(o, "properties", properties);
	return o;
}

static json_t *root_json(const struct sbom *b)
{
	const struct file_origins *origins = b->origins;
	json_t *o = json_object(), *properties = json_array();

	json_add_text(o, "type", "operating-system");
	json_add_text(o, "bom-ref", ROOT);
	json_add_text(o, "name", b->name);
	json_add_text(o, "version", b->version);
	add_property(properties, "netrescue:lock-sha256", b->lock->digest);
	add_count(properties, "netrescue:files", origins->files);
	add_count(properties, "netrescue:files-of-packages", origins->of_packages);
	add_count(properties, "netrescue:files-of-packages-changed", origins->altered);
	add_count(properties, "netrescue:files-generated", origins->generated);
	add_count(properties, "netrescue:files-dark", origins->dark);
	for (size_t i = 0; i < origins->gone.count; i++) {
		cleanup_free char *what =
			xasprintf("a package's file is missing: /%s", origins->gone.item[i]);

		add_value(properties, "netrescue:finding", json_name(what));
	}
	json_object_set_new(o, "properties", properties);
	return o;
}

static json_t *metadata_json(const struct sbom *b)
{
	json_t *o = json_object(), *phases = json_array(), *phase = json_object();
	json_t *tools = json_object(), *list = json_array(), *tool = json_object();

	json_add_text(o, "timestamp", b->date);
	json_add_text(phase, "phase", "build");
	json_array_append_new(phases, phase);
	json_object_set_new(o, "lifecycles", phases);
	json_add_text(tool, "type", "application");
	json_add_text(tool, "name", "netrescue");
	json_array_append_new(list, tool);
	json_object_set_new(tools, "components", list);
	json_object_set_new(o, "tools", tools);
	json_object_set_new(o, "component", root_json(b));
	return o;
}

static json_t *dependencies_json(const struct sbom *b)
{
	json_t *array = json_array(), *o = json_object(), *on = json_array();

	for (size_t i = 0; i < b->count; i++) {
		cleanup_free char *ref = package_ref(&b->package[i]);

		json_array_append_new(on, json_text(ref));
	}
	json_add_text(o, "ref", ROOT);
	json_object_set_new(o, "dependsOn", on);
	json_array_append_new(array, o);
	return array;
}

json_t *sbom_cyclonedx(const struct sbom *b)
{
	json_t *o = json_object(), *components = json_array();
	cleanup_free char *serial = NULL;
	char uuid[SBOM_UUID];

	sbom_uuid(b->lock, "cyclonedx", uuid);
	serial = xasprintf("urn:uuid:%s", uuid);
	json_add_text(o, "bomFormat", "CycloneDX");
	json_add_text(o, "specVersion", "1.6");
	json_add_text(o, "serialNumber", serial);
	json_object_set_new(o, "version", json_integer(1));
	json_object_set_new(o, "metadata", metadata_json(b));
	for (size_t i = 0; i < b->count; i++)
		json_array_append_new(components, package_json(&b->package[i]));
	for (size_t i = 0; i < b->origins->count; i++)
		json_array_append_new(components, file_json(&b->origins->item[i]));
	json_object_set_new(o, "components", components);
	json_object_set_new(o, "dependencies", dependencies_json(b));
	return o;
}
