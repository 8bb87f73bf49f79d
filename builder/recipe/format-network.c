/* SPDX-License-Identifier: MIT */
/* Formats of values of the menu, the server and the network. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/text.h"
#include "recipe/format.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGIT "0123456789"
#define ALNUM LOWER UPPER DIGIT

static bool is_menu_label(const char *s, const char **hint)
{
	if (strchr(s, ' '))
		*hint = "one word; what the menu shows is 'title'";
	return strchr(ALNUM, *s) && !s[strspn(s, ALNUM "-._")] && strlen(s) <= 63;
}
const struct format format_label = {
	.is = is_menu_label,
	.noun = "a label",
	.rule = "one word of letters, digits and any of - . _",
};

/* Kernel words that the builder writes itself, from other keys. */
static const char *reserved_word(const char *word)
{
	static const struct {
		const char *word, *hint;
	} reserved[] = {
		{ "root=", "'root=' comes from nfs.path" },
		{ "nfsroot=", "'nfsroot=' comes from nfs.path and server.address" },
		{ "initrd=", "'initrd=' is the one that is built" },
		{ "ip=", "'ip=' is dhcp" },
		{ "BOOTIF=", "'BOOTIF=' comes from the loader" },
		{ "rescue.overlay", "for 'rescue.overlay' write 'access: ro' in the entry" },
		{ "ro", "for 'ro' write 'access: ro' in the entry" },
		{ "rw", "for 'rw' write 'access: rw' in the entry" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
		if (ends_with(reserved[i].word, "=") ? starts_with(word, reserved[i].word)
						     : streq(word, reserved[i].word))
			return reserved[i].hint;
	return NULL;
}

static bool is_append(const char *s, const char **hint)
{
	CLEANUP(strv_release) struct strv words = { 0 };

	for (const char *p = s; *p; p++)
		if ((unsigned char)*p >= 0x80 || strchr("\"'\\$`{}<>|;&#", *p))
			return false;
	strv_split(&words, s, " ");
	for (size_t i = 0; i < words.count; i++) {
		*hint = reserved_word(words.item[i]);
		if (*hint)
			return false;
	}
	return strlen(s) <= 500;
}
const struct format format_append = {
	.is = is_append,
	.noun = "a line of kernel words",
	.rule = "ASCII without quotes and shell characters, at most 500",
	.empty = true,
};

static bool is_mac(const char *s, const char **hint)
{
	(void)hint;
	if (strlen(s) != 17 || (s[2] != ':' && s[2] != '-'))
		return false;
	for (size_t i = 0; i < 17; i++)
		if (i % 3 == 2 ? s[i] != s[2] : !strchr(DIGIT "abcdefABCDEF", s[i]))
			return false;
	return true;
}
const struct format format_mac = {
	.is = is_mac,
	.noun = "a MAC address",
	.rule = "six pairs of hex digits: 52:54:00:12:34:56",
};

static bool is_server_path(const char *s, const char **hint)
{
	if (*s == '/' && s[1] && ends_with(s, "/"))
		*hint = "without the slash at its end";
	return *s == '/' && s[1] && !s[strspn(s, ALNUM "/-._+")] && !strstr(s, "//") &&
	       !strstr(s, "/../") && !strstr(s, "/./") && !ends_with(s, "/") &&
	       !ends_with(s, "/..") && !ends_with(s, "/.") && strlen(s) <= 100;
}
const struct format format_server_path = {
	.is = is_server_path,
	.noun = "a path on the server",
	.rule = "absolute, of letters, digits and any of / - . _ +, at most 100",
};

static bool is_overlay_size(const char *s, const char **hint)
{
	size_t digits = strspn(s, DIGIT);

	(void)hint;
	if (!digits || digits > 4 || *s == '0')
		return false;
	if (streq(s + digits, "%"))
		return strtol(s, NULL, 10) <= 100;
	return s[digits] && strchr("KMG", s[digits]) && !s[digits + 1];
}
const struct format format_overlay_size = {
	.is = is_overlay_size,
	.noun = "a size",
	.rule = "a share of the memory (50%) or an amount (512M, 2G)",
};

bool format_parse_address(const char *value, uint32_t *ret)
{
	struct in_addr address;

	if (inet_pton(AF_INET, value, &address) != 1)
		return false;
	*ret = ntohl(address.s_addr);
	return true;
}

static bool is_address(const char *s, const char **hint)
{
	uint32_t address;

	if (strchr(s, ':'))
		*hint = "IPv4: PXE ROMs and the initramfs' nfsmount speak no IPv6";
	return format_parse_address(s, &address);
}
const struct format format_address = {
	.is = is_address,
	.noun = "an IPv4 address",
	.rule = "four numbers: 192.168.1.1",
};

static bool is_range(const char *s, const char **hint)
{
	CLEANUP(strv_release) struct strv words = { 0 };
	uint32_t address;

	(void)hint;
	strv_split(&words, s, " ");
	return words.count == 2 && format_parse_address(words.item[0], &address) &&
	       format_parse_address(words.item[1], &address);
}
const struct format format_range = {
	.is = is_range,
	.noun = "a range of addresses",
	.rule = "the first and the last, with a space between: 192.168.1.200 192.168.1.220",
};

static bool is_interface(const char *s, const char **hint)
{
	(void)hint;
	return strchr(ALNUM, *s) && !s[strspn(s, ALNUM "-._")] && strlen(s) <= 15;
}
const struct format format_interface = {
	.is = is_interface,
	.noun = "a network interface",
	.rule = "such as eth0 or enp1s0",
};

static bool is_url(const char *s, const char **hint)
{
	const char *rest = NULL;

	if (starts_with(s, "http://"))
		rest = s + strlen("http://");
	else if (starts_with(s, "https://"))
		rest = s + strlen("https://");
	else if (starts_with(s, "file:///"))
		rest = s + strlen("file://");
	if (!rest || !*rest)
		return false;
	size_t host = strcspn(rest, "/");
	if (memchr(rest, '@', host)) {
		*hint = "no user names and passwords in a recipe: it is published with the image";
		return false;
	}
	return !s[strspn(s, ALNUM "/:-._~+%@,=[]")] && strlen(s) <= 500;
}

const struct format format_url = {
	.is = is_url,
	.noun = "a URL",
	.rule = "http://, https:// or file:///, without '?' and '#'",
};

/* A URL in which {timestamp} may stand once as a component of the path (archive/mirror.h). */
static bool is_mirror(const char *s, const char **hint)
{
	static const char placeholder[] = "/{timestamp}";
	const char *stamp = strstr(s, placeholder);
	const char *rest = stamp ? stamp + strlen(placeholder) : "";
	cleanup_free char *plain = NULL;

	if (*rest != '\0' && *rest != '/')
		return false;
	plain = stamp ? xasprintf("%.*s%s", (int)(stamp - s), s, rest) : xstrdup(s);
	return is_url(plain, hint);
}

const struct format format_mirror = {
	.is = is_mirror,
	.noun = "a URL",
	.rule = "http://, https:// or file:///, without '?' and '#'; it may have one /{timestamp}",
};

static bool is_apt_line(const char *line)
{
	line += strspn(line, " \t");
	return !*line || *line == '#' || starts_with(line, "deb ") || starts_with(line, "deb-src ");
}

static bool is_deb822_line(const char *line)
{
	size_t name = strspn(line, ALNUM "-");

	return strchr("#\t ", *line) || (name > 0 && line[name] == ':');
}

/* Whether every stanza has the fields without which it means nothing (sources.list(5)). */
static bool is_deb822(const struct strv *lines)
{
	static const char *const needed[] = { "Types:", "URIs:", "Suites:" };
	size_t found[3] = { 0 };

	for (size_t i = 0; i < lines->count; i++) {
		if (!is_deb822_line(lines->item[i]))
			return false;
		for (size_t k = 0; k < 3; k++)
			found[k] += starts_with(lines->item[i], needed[k]);
	}
	return found[0] > 0 && found[1] == found[0] && found[2] == found[0];
}

static bool is_apt_sources(const char *s, const char **hint)
{
	CLEANUP(strv_release) struct strv lines = { 0 };

	(void)hint;
	strv_split(&lines, s, "\n");
	for (size_t i = 0; i < lines.count; i++)
		if (!is_apt_line(lines.item[i]))
			return is_deb822(&lines);
	return lines.count > 0;
}
const struct format format_apt_sources = {
	.is = is_apt_sources,
	.noun = "the text of a sources.list",
	.rule = "lines that begin with 'deb ', 'deb-src ' or '#', or stanzas of Types:, URIs: and "
		"Suites: (sources.list(5))",
	.lines = true,
};
