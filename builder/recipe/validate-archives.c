/* SPDX-License-Identifier: MIT */
#include "recipe/validate.h"

#include "base/text.h"
#include "recipe/format.h"

static int check_components(const struct recipe_repository *repository, struct err *err)
{
	const struct recipe_list *components = &repository->components;

	if (format_is_flat_suite(repository->suite) && components->count > 0) {
		(void)position_error(&components->item[0].at, err,
				     "'%s' is a flat archive, which has no components",
				     repository->suite);
		return err_hint(err, "leave `components` out, or the slash at the end of `suite`");
	}
	if (format_is_flat_suite(repository->suite) || components->count > 0)
		return 0;
	(void)position_error(&repository->at, err, "suite '%s' of '%s' has no components",
			     repository->suite, repository->url);
	return err_hint(err, "name one, such as main; only a flat archive has none, and its suite "
			     "ends with a slash");
}

int validate_archives(const struct recipe *recipe, struct err *err)
{
	for (size_t i = 0; i < recipe->repository_count; i++) {
		int r = check_components(&recipe->repository[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}
