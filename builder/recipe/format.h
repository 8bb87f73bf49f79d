/* SPDX-License-Identifier: MIT */
/*
 * What a single value must look like. Values end up in the menus of PXELINUX and GRUB, in
 * dhcpd.conf and exports, and in shell-like files of the image, and no two of these agree on
 * quoting. So a value that could break one of them is refused, at its line of the recipe, instead
 * of being escaped in five ways later.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct format {
	/* Whether the value has this form. It holds no control characters (but newlines with
	 * .lines) and is not empty (even with .empty). *ret_hint may be set to a better hint than
	 * .rule. */
	bool (*is)(const char *value, const char **ret_hint);
	const char *noun; /* "a host name": 'x' is not a host name */
	const char *rule; /* the hint: what it looks like */
	bool empty;	  /* may be empty */
	bool lines;	  /* may hold newlines */
	bool secret;	  /* never shown in messages */
	/* Of a list of lines, or files of lines: whether the value is a line. NULL for others. */
	bool (*is_line)(const char *value);
};

extern const struct format format_title;     /* printable UTF-8 without quotes, \, $, ` */
extern const struct format format_menu_text; /* the same in ASCII, for PXELINUX's screen */
extern const struct format format_name;	     /* of the recipe: a directory, a part of paths */
extern const struct format format_suite;
extern const struct format format_suite_foreign; /* of a third-party repository */
extern const struct format format_word;		 /* a component, a unit … */
extern const struct format format_package;
extern const struct format format_package_excluded; /* NAME, NAME:ARCHITECTURE */
extern const struct format format_package_choice;   /* see recipe_list_find_package() */
extern const struct format format_pin;
extern const struct format format_pin_package;
extern const struct format format_kernel;   /* a package, or none */
extern const struct format format_hostname; /* RFC 1123, one label */
extern const struct format format_domain;
extern const struct format format_locale;	  /* de_DE.UTF-8, de_DE ISO-8859-1 */
extern const struct format format_default_locale; /* the same, or C.UTF-8 */
extern const struct format format_keymap;	  /* de, de(nodeadkeys) */
extern const struct format format_timezone;
extern const struct format format_font;
extern const struct format format_font_size;
extern const struct format format_charmap;
extern const struct format format_terminal;
extern const struct format format_unit;
extern const struct format format_module;
extern const struct format format_password; /* locked, or a crypt(5) hash */
extern const struct format format_key_or_path;
extern const struct format format_account;	     /* a user that the recipe makes */
extern const struct format format_account_reference; /* a user or group that there may be */
extern const struct format format_comment;	     /* of passwd(5) */
extern const struct format format_image_path;	     /* absolute, for a field of passwd(5) */
extern const struct format format_local_path;	     /* of a file of the recipe's author */
extern const struct format format_deb_path;
extern const struct format format_image_pattern; /* absolute, in the image; may be a pattern */
extern const struct format format_command;	 /* lines of sh(1) */
extern const struct format format_label;
extern const struct format format_append; /* kernel words */
extern const struct format format_mac;
extern const struct format format_server_path;	/* absolute, on the file server */
extern const struct format format_overlay_size; /* 50%, 1G */
extern const struct format format_address;	/* IPv4 */
extern const struct format format_range;	/* two of them */
extern const struct format format_interface;
extern const struct format format_url;
extern const struct format format_mirror;
extern const struct format format_moment; /* 20260801T000000Z */
extern const struct format format_apt_sources;

extern const struct format format_file_path; /* absolute, of a file of the image */
extern const struct format format_file_content;
extern const struct format format_mode; /* octal */

/* A line of authorized_keys(5) rather than the name of a file. */
bool format_is_key_line(const char *value);
/* Whether any line of the text of an authorized_keys file is such a line. */
bool format_has_key_line(const char *text);
/* Reads such a moment, in UTC; *ret gets seconds. */
bool format_parse_moment(const char *value, int64_t *ret);
/* Reads an IPv4 address, which *ret gets in host order. */
bool format_parse_address(const char *value, uint32_t *ret);
/* The package that has today what `name` had (renamed-packages.c); NULL if that is no old name. */
const char *format_renamed_package(const char *name);
/* Whether `suite` is the directory of a flat archive, which has no dists/ (sources.list(5)). */
bool format_is_flat_suite(const char *suite);
/* Whether `suite` has neither -updates nor -security beside it. */
bool format_is_rolling_suite(const char *suite);
