/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "lab/lab-parts.h"
#include "lab/lab-report.h"

#define SHOWN_MAX 4000 /* bytes of a list in an error */

/* The export may say that it is read-only; the times of the files tell whether it was. */
static int find_changes(struct lab *l, struct text *ret, struct err *err)
{
	cleanup_free char *script =
		xasprintf("find '%s' -xdev -cnewer " LAB_SERVER_STARTED " -printf '/%%P\\n' | sort",
			  l->options->image->nfs_path);
	int status = 0;

	return machine_run(&l->server, script, SERVER_TIMEOUT_S, ret, &status, err);
}

int lab_check_tree(struct lab *l, struct err *err)
{
	CLEANUP(text_release) struct text paths = { 0 };
	int r;

	/* With a script, the server's shell may still run that, or have ended by a reboot. */
	if (l->options->network != LAB_SERVER || l->server_script_began)
		return 0;
	r = find_changes(l, &paths, err);
	if (r < 0 || paths.length == 0)
		return r;
	if (strstr(l->entry->append, "rescue.overlay"))
		return err_set(err, ERR_BOOT, "clients changed the tree on the server:\n%.*s",
			       SHOWN_MAX, paths.data);
	progress_clear();
	lab_print_changes(paths.data, l->options->json);
	return 0;
}
