/* SPDX-License-Identifier: MIT */
/*
 * Overlays: folders whose files are laid over the tree. overlays_check() looks at them when the
 * recipe has been read, long before there is a tree. settings_overlays() then makes each into a tar
 * stream, which the sandbox unpacks inside the tree, where links cannot lead out:
 *
 *	r = overlay_write_tar(recipe, overlay, &context, fd, err);
 *	...
 *	r = sandbox_put(sandbox, fd, "/", err);
 *
 * Files are 0644 root:root, 0755 if their owner may execute them (what git keeps); symbolic links
 * are taken as they are. A directory is in the stream only if `.overlay` names it or if it is
 * empty: missing parents are made by whoever unpacks (0755 root:root), existing ones keep owner and
 * mode, and `lib/x` goes through the tree's `lib -> usr/lib`. Device nodes, fifos and sockets are
 * refused, as are links whose `..` climb above the tree.
 *
 * What git cannot keep stands in `.overlay`, a text file in the overlay's folder that is not laid
 * over. One rule a line, `#` starts a comment line, PATH is relative to the folder and reaches to
 * the end of the line:
 *
 *	when init=systemd [PATH]       only for that init system; with PATH, it and what lies below;
 *	                               also init=sysvinit, access=ro, access=rw (nfs.access),
 *	                               initramfs=initramfs-tools, initramfs=dracut
 *	mode 0600 PATH                 octal, up to 7777; of a file or of a directory that is made
 *	owner USER:GROUP PATH          names of the tree's /etc/passwd and /etc/group, or numbers
 *	cap cap_net_raw+ep PATH        file capabilities: names by comma, +p or +ep
 *	dir 0700 PATH                  makes a directory; git cannot keep empty ones
 *	template PATH                  ${name} in this file is replaced (recipe/template.h)
 *
 * A rule for a path that is not there, an unknown word and a rule given twice are errors with
 * file:line.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "recipe/recipe.h"

struct overlay_context {
	const char *passwd; /* text of the tree's /etc/passwd, for names in `owner` rules */
	const char *group;  /* of its /etc/group */
	int64_t epoch;	    /* modification time of everything, in seconds */
};

/* Writes the overlay, one of recipe->overlays, as a pax tar to out_fd, from its position; names are
 * relative and in the order of their bytes. ERR_USAGE for what is wrong with the overlay, at a line
 * of `.overlay` or of a template where there is one; ERR_BUILD if the tar cannot be written. */
int overlay_write_tar(const struct recipe *recipe, const struct recipe_name *overlay,
		      const struct overlay_context *context, int out_fd, struct err *err);

/* Finds in a recipe's overlays what would fail later: rules, types of files, templates. Names in
 * `owner` rules are not looked up, since there is no tree yet. command/stages.c calls it right
 * after recipe_load_source(). Notes which values templates have in recipe->template_keys. Errors
 * are those of overlay_write_tar(). */
int overlays_check(struct recipe *recipe, struct err *err);

/* The same for `files:`, single files that the recipe itself holds or names (tree-files.c): they
 * are written like one more overlay, the last. Errors are at the recipe's line. */
int tree_files_write_tar(const struct recipe *recipe, const struct overlay_context *context,
			 int out_fd, struct err *err);
int tree_files_check(const struct recipe *recipe, struct err *err);
