/* SPDX-License-Identifier: MIT */
/* Formats of what `pins` says. */
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "recipe/format.h"
#include "recipe/pin.h"

#define PACKAGE_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-."

static bool is_pin(const char *s, const char **hint)
{
	CLEANUP(pin_release) struct pin pin = { 0 };

	return pin_parse(s, &pin, hint);
}
const struct format format_pin = {
	.is = is_pin,
	.noun = "a pin",
	.rule = "version 1.2*, release n=trixie-backports (a=, n=, o=, l=, c=; commas "
		"between), or origin HOST, as in apt_preferences(5)",
};

static bool is_pin_package(const char *s, const char **hint)
{
	CLEANUP(pin_package_release) struct pin_package package = { 0 };

	if (strchr(s, ' ') || strchr(s, ','))
		*hint = "one name or pattern: write an entry for each";
	else if (strchr(s, '/'))
		*hint = "regular expressions cannot be used here: write a pattern with * and ?";
	pin_package_parse(s, &package);
	return *package.name && strlen(s) <= 200 &&
	       !package.name[strspn(package.name, PACKAGE_CHARACTERS "*?[]!")] &&
	       (!package.architecture ||
		(*package.architecture &&
		 !package.architecture[strspn(package.architecture, PACKAGE_CHARACTERS "*")]));
}
const struct format format_pin_package = {
	.is = is_pin_package,
	.noun = "a package of a pin",
	.rule = "a name, a pattern such as linux-image-*, src:NAME for all packages of a source, "
		"or * for all there are",
};
