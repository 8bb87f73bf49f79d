/* SPDX-License-Identifier: MIT */
/*
 * Debian's short names (copyright-format 1.0, "License short names", and what packages write) and
 * the ids of SPDX's licence list for the same text. What is ambiguous ("BSD", "GPL",
 * "public-domain", "OpenSSL exception") has no row.
 */
#include <stddef.h>
#include <strings.h>

#include "base/memory.h"
#include "publish/licence.h"

struct name {
	const char *debian;
	const char *spdx;
};

/* clang-format off */
static const struct name licence[] = {
	{ "0BSD", "0BSD" },
	{ "AFL-2.1", "AFL-2.1" },
	{ "AGPL-3", "AGPL-3.0-only" },
	{ "AGPL-3+", "AGPL-3.0-or-later" },
	{ "AGPL-3.0", "AGPL-3.0-only" },
	{ "AGPL-3.0+", "AGPL-3.0-or-later" },
	{ "Apache-1.1", "Apache-1.1" },
	{ "Apache-2", "Apache-2.0" },
	{ "Apache-2.0", "Apache-2.0" },
	{ "Artistic", "Artistic-1.0" },
	{ "Artistic-1", "Artistic-1.0" },
	{ "Artistic-2", "Artistic-2.0" },
	{ "Artistic-2.0", "Artistic-2.0" },
	{ "BSD-2-clause", "BSD-2-Clause" },
	{ "BSD-3-clause", "BSD-3-Clause" },
	{ "BSD-4-clause", "BSD-4-Clause" },
	{ "BSD-4-clause-UC", "BSD-4-Clause-UC" },
	{ "BSL-1.0", "BSL-1.0" },
	{ "Beerware", "Beerware" },
	{ "CC-BY-3.0", "CC-BY-3.0" },
	{ "CC-BY-4.0", "CC-BY-4.0" },
	{ "CC-BY-SA-3.0", "CC-BY-SA-3.0" },
	{ "CC-BY-SA-4.0", "CC-BY-SA-4.0" },
	{ "CC0", "CC0-1.0" },
	{ "CC0-1.0", "CC0-1.0" },
	{ "CDDL-1.0", "CDDL-1.0" },
	{ "Expat", "MIT" },
	{ "FSFAP", "FSFAP" },
	{ "FSFUL", "FSFUL" },
	{ "FSFULLR", "FSFULLR" },
	{ "FTL", "FTL" },
	{ "GFDL-1.2", "GFDL-1.2-only" },
	{ "GFDL-1.2+", "GFDL-1.2-or-later" },
	{ "GFDL-1.3", "GFDL-1.3-only" },
	{ "GFDL-1.3+", "GFDL-1.3-or-later" },
	{ "GFDL-NIV-1.2", "GFDL-1.2-no-invariants-only" },
	{ "GFDL-NIV-1.2+", "GFDL-1.2-no-invariants-or-later" },
	{ "GFDL-NIV-1.3", "GFDL-1.3-no-invariants-only" },
	{ "GFDL-NIV-1.3+", "GFDL-1.3-no-invariants-or-later" },
	{ "GPL-1", "GPL-1.0-only" },
	{ "GPL-1+", "GPL-1.0-or-later" },
	{ "GPL-1.0+", "GPL-1.0-or-later" },
	{ "GPL-2", "GPL-2.0-only" },
	{ "GPL-2+", "GPL-2.0-or-later" },
	{ "GPL-2.0", "GPL-2.0-only" },
	{ "GPL-2.0+", "GPL-2.0-or-later" },
	{ "GPL-2.0-only", "GPL-2.0-only" },
	{ "GPL-2.0-or-later", "GPL-2.0-or-later" },
	{ "GPL-3", "GPL-3.0-only" },
	{ "GPL-3+", "GPL-3.0-or-later" },
	{ "GPL-3.0", "GPL-3.0-only" },
	{ "GPL-3.0+", "GPL-3.0-or-later" },
	{ "GPL-3.0-only", "GPL-3.0-only" },
	{ "GPL-3.0-or-later", "GPL-3.0-or-later" },
	{ "ISC", "ISC" },
	{ "LGPL-2", "LGPL-2.0-only" },
	{ "LGPL-2+", "LGPL-2.0-or-later" },
	{ "LGPL-2.0", "LGPL-2.0-only" },
	{ "LGPL-2.0+", "LGPL-2.0-or-later" },
	{ "LGPL-2.0-or-later", "LGPL-2.0-or-later" },
	{ "LGPL-2.1", "LGPL-2.1-only" },
	{ "LGPL-2.1+", "LGPL-2.1-or-later" },
	{ "LGPL-2.1-only", "LGPL-2.1-only" },
	{ "LGPL-2.1-or-later", "LGPL-2.1-or-later" },
	{ "LGPL-3", "LGPL-3.0-only" },
	{ "LGPL-3+", "LGPL-3.0-or-later" },
	{ "LGPL-3.0", "LGPL-3.0-only" },
	{ "LGPL-3.0+", "LGPL-3.0-or-later" },
	{ "LPPL-1.3c", "LPPL-1.3c" },
	{ "LPPL-1.3c+", "LPPL-1.3c+" },
	{ "Latex2e", "Latex2e" },
	{ "MIT", "MIT" },
	{ "MIT-CMU", "MIT-CMU" },
	{ "MPL-1.1", "MPL-1.1" },
	{ "MPL-2.0", "MPL-2.0" },
	{ "NTP", "NTP" },
	{ "OFL-1.1", "OFL-1.1" },
	{ "OpenLDAP-2.8", "OLDAP-2.8" },
	{ "OpenSSL", "OpenSSL" },
	{ "PostgreSQL", "PostgreSQL" },
	{ "Python-2.0", "Python-2.0" },
	{ "Ruby", "Ruby" },
	{ "SIL-1.1", "OFL-1.1" },
	{ "Sleepycat", "Sleepycat" },
	{ "Unicode-DFS-2016", "Unicode-DFS-2016" },
	{ "Unlicense", "Unlicense" },
	{ "Vim", "Vim" },
	{ "WTFPL", "WTFPL" },
	{ "X11", "X11" },
	{ "ZPL-2.1", "ZPL-2.1" },
	{ "Zlib", "Zlib" },
	{ "bzip2-1.0.6", "bzip2-1.0.6" },
	{ "curl", "curl" },
	{ "libpng", "Libpng" },
};

static const struct name exception[] = {
	{ "Bison exception", "Bison-exception-2.2" },
	{ "Bison-2.2 exception", "Bison-exception-2.2" },
	{ "Classpath exception", "Classpath-exception-2.0" },
	{ "Font exception", "Font-exception-2.0" },
	{ "LLVM exception", "LLVM-exception" },
	{ "Libtool exception", "Libtool-exception" },
	{ "Linux-syscall-note exception", "Linux-syscall-note" },
};
/* clang-format on */

static const char *find(const struct name *table, size_t count, const char *debian)
{
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(table[i].debian, debian) == 0)
			return table[i].spdx;
	return NULL;
}

const char *licence_id(const char *short_name)
{
	return find(licence, ARRAY_SIZE(licence), short_name);
}

const char *licence_exception_id(const char *name)
{
	return find(exception, ARRAY_SIZE(exception), name);
}
