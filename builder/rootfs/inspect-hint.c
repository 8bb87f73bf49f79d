/* SPDX-License-Identifier: MIT */
#include "rootfs/inspect.h"

int inspect_hint(struct err *err, const char *value, const struct strv *known,
		 const char *otherwise)
{
	CLEANUP(strv_release) struct strv near = { 0 };

	nearest(value, (const char *const *)known->item, known->count, 1, &near);
	if (near.count)
		return err_hint(err, "did you mean '%s'?", near.item[0]);
	return err_hint(err, "%s", otherwise);
}
