/* SPDX-License-Identifier: MIT */
/* Formats of passwords, keys and local paths. */
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/text.h"
#include "recipe/format.h"

#define CRYPT64 "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define MAKE_HASH                                                                                  \
	"make one with 'mkpasswd' (package whois) or 'openssl passwd -6', and put it in quotes"

/* crypt(5): prefix, then parameters and salt up to the last '$', then the hash itself. */
static const struct hash_kind {
	const char *prefix;
	size_t length; /* of the part after the last '$' */
} hash_kinds[] = {
	{ "$y$", 43 }, { "$gy$", 43 }, { "$7$", 43 },  { "$6$", 86 },
	{ "$5$", 43 }, { "$2a$", 53 }, { "$2b$", 53 }, { "$2y$", 53 },
};

static bool is_password(const char *s, const char **hint)
{
	if (streq(s, "locked"))
		return true;
	*hint = MAKE_HASH;
	if (starts_with(s, "$1$"))
		*hint = "MD5 hashes are guessed in minutes, and the image is public: " MAKE_HASH;
	for (size_t i = 0; i < ARRAY_SIZE(hash_kinds); i++) {
		const struct hash_kind *k = &hash_kinds[i];

		if (!starts_with(s, k->prefix))
			continue;
		const char *hash = strrchr(s, '$') + 1;
		*hint = "the hash is damaged: copy all of it, from the first '$' to its end";
		return (size_t)(hash - s) > strlen(k->prefix) && strlen(hash) == k->length &&
		       !hash[strspn(hash, CRYPT64)] && !s[strspn(s, CRYPT64 "$=,")];
	}
	return false;
}
const struct format format_password = {
	.is = is_password,
	.noun = "a crypt(3) hash",
	.rule = "locked, or a hash; never a plain password: " MAKE_HASH,
	.secret = true,
};

bool format_is_key_line(const char *value)
{
	static const char *const types[] = { "ssh-ed25519",
					     "ssh-rsa",
					     "ssh-dss",
					     "ecdsa-sha2-nistp256",
					     "ecdsa-sha2-nistp384",
					     "ecdsa-sha2-nistp521",
					     "sk-ssh-ed25519@openssh.com",
					     "sk-ecdsa-sha2-nistp256@openssh.com" };
	CLEANUP(strv_release) struct strv words = { 0 };

	strv_split(&words, value, " \t");
	if (words.count > 0 && *words.item[0] == '#')
		return false;
	for (size_t i = 0; i + 1 < words.count; i++)
		for (size_t t = 0; t < ARRAY_SIZE(types); t++)
			if (streq(words.item[i], types[t]) &&
			    starts_with(words.item[i + 1], "AAAA"))
				return true;
	return false;
}

bool format_has_key_line(const char *text)
{
	CLEANUP(strv_release) struct strv lines = { 0 };

	strv_split(&lines, text, "\r\n");
	for (size_t i = 0; i < lines.count; i++)
		if (format_is_key_line(lines.item[i]))
			return true;
	return false;
}

static bool is_local_path(const char *s, const char **hint)
{
	(void)hint;
	return strlen(s) <= 1000;
}
const struct format format_local_path = {
	.is = is_local_path,
	.noun = "a path",
	.rule = "relative to the file that names it",
};

static bool is_deb_path(const char *s, const char **hint)
{
	if (strchr(s, ':'))
		*hint = "a local file; packages from a server come through 'apt-repositories'";
	return is_local_path(s, hint) && ends_with(s, ".deb") && !strchr(s, ':');
}
const struct format format_deb_path = {
	.is = is_deb_path,
	.noun = "a package file",
	.rule = "a path that ends in .deb, relative to the recipe; package names go into "
		"'packages'",
};

static bool is_key_or_path(const char *s, const char **hint)
{
	if (strstr(s, "PRIVATE KEY")) {
		*hint = "the public half ends in .pub; whoever has the image has what is in it";
		return false;
	}
	if (format_is_key_line(s))
		return true;
	if (starts_with(s, "ssh-") || starts_with(s, "ecdsa-") || starts_with(s, "sk-")) {
		*hint = "a key line is a type, a space and base64 that begins with AAAA";
		return !strchr(s, ' ');
	}
	return is_local_path(s, hint);
}
const struct format format_key_or_path = {
	.is = is_key_or_path,
	.is_line = format_is_key_line,
	.noun = "a public key",
	.rule = "a line as in id_ed25519.pub, or the path of a file of such lines",
};
