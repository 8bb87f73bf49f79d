/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/memory.h"
#include "recipe/recipe.h"

/* `overlays[0] = DIGEST` stands for a file or folder: the digest is in the text already. */
static const char *own_digest(const char *line)
{
	const char *value = strstr(line, " = ");

	return value && digest_is_valid(value + 3) ? value + 3 : NULL;
}

/* menu of `menu.entries[0].label = …`. */
static size_t top_key(const char *line)
{
	return strcspn(line, ".[ ");
}

static void add_group(const struct strv *line, size_t first, struct strv *ret)
{
	CLEANUP(text_release) struct text group = { 0 };
	const char *start = line->item[first];
	size_t length = top_key(start);
	char digest[DIGEST_HEX];

	for (size_t i = first; i < line->count; i++)
		if (top_key(line->item[i]) == length &&
		    strncmp(line->item[i], start, length) == 0 && !own_digest(line->item[i]))
			text_printf(&group, "%s\n", line->item[i]);
	digest_bytes(group.data, group.length, digest);
	strv_addf(ret, "%.*s %s", (int)length, start, digest);
}

void recipe_inputs(const struct recipe *r, struct strv *ret)
{
	CLEANUP(text_release) struct text canonical = { 0 };
	CLEANUP(strv_release) struct strv line = { 0 };
	CLEANUP(strv_release) struct strv seen = { 0 };

	recipe_canonical(r, &canonical);
	strv_split(&line, canonical.data, "\n");
	for (size_t i = 0; i < line.count; i++) {
		const char *digest = own_digest(line.item[i]);
		cleanup_free char *key = xstrndup(line.item[i], top_key(line.item[i]));

		if (digest) {
			strv_addf(ret, "%.*s %s", (int)(digest - 3 - line.item[i]), line.item[i],
				  digest);
		} else if (!strv_has(&seen, key)) {
			strv_add(&seen, key);
			add_group(&line, i, ret);
		}
	}
}
