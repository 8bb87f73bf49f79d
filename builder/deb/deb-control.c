/* SPDX-License-Identifier: MIT */
/* A package's control file, from what the store remembers or from the package: see deb.h. */
#include <string.h>

#include "base/line.h"
#include "deb/control.h"
#include "deb/deb.h"

#define FACT "control" /* deb.h */

int deb_keep_control(struct store *s, const char *original, const char *line, struct err *err)
{
	return *line && strlen(line) < STORE_FACT_MAX ? store_fact_set(s, FACT, original, line, err)
						      : 0;
}

static int read_original(struct store *s, const struct package *p, struct text *ret,
			 struct err *err)
{
	CLEANUP(text_release) struct text line = { 0 };
	cleanup_fd int fd = -1;
	int r = store_get(s, p->sha256, &fd, err);

	if (r < 0)
		return r;
	if (fd < 0) {
		err_set(err, ERR_BUILD, "the store does not have it");
		return err_hint(err, "build again: it will be fetched anew");
	}
	r = control_read(fd, ret, err);
	if (r < 0)
		return r;
	line_escape(ret->data, &line);
	return deb_keep_control(s, p->sha256, line.data, err);
}

int deb_read_control(struct store *s, const struct package *p, struct text *ret, struct err *err)
{
	CLEANUP(text_release) struct text control = { 0 };
	cleanup_free char *line = NULL;
	int r = store_fact_get(s, FACT, p->sha256, &line, err);

	if (r < 0)
		return r;
	if (!line || !*line || !line_unescape(line, &control)) {
		text_release(&control);
		r = read_original(s, p, &control, err);
		if (r < 0)
			return err_wrap(err, "package '%s' %s", p->name, p->version);
	}
	text_append(ret, control.data, control.length);
	return 0;
}
