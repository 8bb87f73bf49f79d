/* SPDX-License-Identifier: MIT */
#include "base/line.h"

#include <string.h>

static const char escaped[] = "\n\t\\";
static const char letter[] = "nt\\";

void line_escape(const char *s, struct text *ret)
{
	text_add(ret, "");
	while (*s) {
		const size_t plain = strcspn(s, escaped);

		text_append(ret, s, plain);
		s += plain;
		if (*s)
			text_printf(ret, "\\%c", letter[strchr(escaped, *s++) - escaped]);
	}
}

bool line_unescape(const char *line, struct text *ret)
{
	text_add(ret, "");
	while (*line) {
		const size_t plain = strcspn(line, escaped);
		const char *found;

		text_append(ret, line, plain);
		line += plain;
		if (!*line)
			break;
		found = line[0] == '\\' && line[1] ? strchr(letter, line[1]) : NULL;
		if (!found)
			return false;
		text_append(ret, escaped + (found - letter), 1);
		line += 2;
	}
	return true;
}
