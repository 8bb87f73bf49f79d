/* SPDX-License-Identifier: MIT */
/*
 * Which versions a pin of the recipe means, in the words of apt_preferences(5):
 *
 *	version 2.4*		these versions
 *	release n=trixie-backports, l=Debian Backports
 *				what a release lists whose Release file says so; `release WORD` is
 *				one of that Suite or Codename, `release *` is any
 *	origin vendor.example	what comes from that host
 *
 * Values are patterns of fnmatch(3), and upper case is as good as lower case, as for apt. Regular
 * expressions, which apt knows beside them, are refused, and so are v=, since code names say it,
 * and b=, since a package's own architecture does (NAME:ARCHITECTURE).
 */
#pragma once

#include <stdbool.h>

/* apt's priorities are 16 bits wide, and 0 is none. */
#define PIN_PRIORITY_MIN (-32768)
#define PIN_PRIORITY_MAX 32767

enum pin_kind { PIN_VERSION, PIN_RELEASE, PIN_ORIGIN };

/* What a package index says of where its packages come from. */
enum pin_key {
	PIN_ARCHIVE,   /* a: the Suite of its Release */
	PIN_CODENAME,  /* n */
	PIN_FROM,      /* o: Origin */
	PIN_LABEL,     /* l */
	PIN_COMPONENT, /* c */
	PIN_KEYS,
};

struct pin {
	enum pin_kind kind;
	char *pattern;	       /* the version, the host, or the WORD of a release; NULL: none */
	char *value[PIN_KEYS]; /* of a release; NULL: any */
};

/* False if the text is no pin; *ret_hint may then be set to a hint. Release it in either case. */
bool pin_parse(const char *text, struct pin *ret, const char **ret_hint);
void pin_release(struct pin *pin);

/* Whether it means what comes from there. value: of each key, "" if it is not known. host: "" if
 * there is none. Never true for a pin of a version. */
bool pin_fits_release(const struct pin *pin, const char *const value[PIN_KEYS], const char *host);
/* Whether it is a pin of a version, and means that one. */
bool pin_fits_version(const struct pin *pin, const char *version);

/* The host of a URL, "" if it has none; the caller frees it. */
char *pin_host(const char *url);

/* The parts of what a pin says about packages: "src:NAME", "NAME:ARCHITECTURE", where NAME may be a
 * pattern. "*" alone is the general form, which is about all packages. */
struct pin_package {
	bool source;	    /* about the packages made from a source of that name */
	char *name;	    /* pattern */
	char *architecture; /* pattern; NULL: the image's own */
};
void pin_package_parse(const char *text, struct pin_package *ret);
void pin_package_release(struct pin_package *package);
bool pin_is_general(const char *package);
/* As apt matches names and values: fnmatch(3), without regard to case. */
bool pin_pattern_fits(const char *pattern, const char *text);
