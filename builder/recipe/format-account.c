/* SPDX-License-Identifier: MIT */
/* Formats of the image's own accounts and files. */
#include <string.h>

#include "base/text.h"
#include "recipe/format.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define ALNUM LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define ACCOUNT_LENGTH_MAX 32 /* useradd(8) */

static bool is_account(const char *s, const char **hint)
{
	(void)hint;
	return strchr(LOWER "_", *s) && !s[strspn(s, LOWER "0123456789_-")] &&
	       strlen(s) <= ACCOUNT_LENGTH_MAX;
}
const struct format format_account = {
	.is = is_account,
	.noun = "a login name",
	.rule = "lower-case letters, digits, '-' and '_', at most 32, the first a letter or '_' "
		"(adduser.conf(5))",
};

static bool is_account_reference(const char *s, const char **hint)
{
	(void)hint;
	return strchr(ALNUM "_", *s) && !s[strspn(s, ALNUM "_-")] &&
	       strlen(s) <= ACCOUNT_LENGTH_MAX;
}
const struct format format_account_reference = {
	.is = is_account_reference,
	.noun = "the name of a user or group",
	.rule = "letters, digits, '-' and '_', at most 32",
};

static bool is_comment(const char *s, const char **hint)
{
	(void)hint;
	return !strchr(s, ':') && strlen(s) <= 200;
}
const struct format format_comment = {
	.is = is_comment,
	.noun = "a comment of passwd(5)",
	.rule = "no ':', at most 200 bytes",
	.empty = true,
};

/* Absolute, without empty, "." and ".." parts. */
static bool is_clean_path(const char *s, size_t most)
{
	if (*s != '/' || !s[1] || strlen(s) > most)
		return false;
	for (const char *p = s; *p;) {
		const size_t length = strcspn(++p, "/");

		if (!length || (length == 1 && *p == '.') || (length == 2 && starts_with(p, "..")))
			return false;
		p += length;
	}
	return true;
}

static bool is_image_path(const char *s, const char **hint)
{
	(void)hint;
	return is_clean_path(s, 200) && !s[strspn(s, ALNUM "/-._+")];
}
const struct format format_image_path = {
	.is = is_image_path,
	.noun = "a path in the image",
	.rule = "absolute, of letters, digits and any of / - . _ +, without '..' and a slash at "
		"its end",
};

static bool is_file_path(const char *s, const char **hint)
{
	(void)hint;
	return is_clean_path(s, 1000);
}
const struct format format_file_path = {
	.is = is_file_path,
	.noun = "the path of a file in the image",
	.rule = "absolute, without '..', '//' and a slash at its end",
};

static bool is_file_content(const char *s, const char **hint)
{
	(void)s;
	(void)hint;
	return true;
}
const struct format format_file_content = {
	.is = is_file_content,
	.noun = "text",
	.rule = "lines of text; other bytes come from a file: source",
	.empty = true,
	.lines = true,
};

static bool is_mode(const char *s, const char **hint)
{
	(void)hint;
	return strlen(s) >= 3 && strlen(s) <= 4 && !s[strspn(s, "01234567")];
}
const struct format format_mode = {
	.is = is_mode,
	.noun = "a mode",
	.rule = "octal, such as 0600 or 4755",
};
