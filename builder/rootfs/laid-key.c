/* SPDX-License-Identifier: MIT */
#include "rootfs/laid-key.h"

#include "base/memory.h"
#include "base/private-key.h"
#include "base/text.h"
#include "recipe/recipe-identity.h"

int laid_key_check(const struct recipe *recipe, const struct position *at, const char *overlay,
		   const char *path, mode_t mode, const void *bytes, size_t size, struct err *err)
{
	const size_t looked_at = size < PRIVATE_KEY_LOOK ? size : PRIVATE_KEY_LOOK;
	const char *kind = private_key_kind(path, mode, bytes, looked_at);
	cleanup_free char *in_image = xasprintf("/%s", path);
	const struct recipe_identity *identity = recipe_identity_find(recipe, in_image);
	const struct position nowhere = { 0 };

	if (!kind || (identity && identity->action == IDENTITY_KEEP))
		return 0;
	position_error(at ? at : &nowhere, err,
		       "%s%s%sfile '%s' is a private key (%s), which everybody who can boot the "
		       "image could read",
		       overlay ? "overlay '" : "", overlay ? overlay : "", overlay ? "': " : "",
		       overlay ? path : in_image, kind);
	return err_hint(err,
			"leave it out, or, if all of them may know it, say so in the recipe: "
			"'identity: [{path: %s, do: keep}]'",
			in_image);
}
