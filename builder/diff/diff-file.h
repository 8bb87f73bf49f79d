/* SPDX-License-Identifier: MIT */
/* Two entries of root file systems that have the same path: whether they are equal, and what to say
 * of them. */
#pragma once

#include <jansson.h>

#include "tar/members.h"

/* Type, bytes, link target, hard link, device. */
bool file_same_content(const struct member *a, const struct member *b);
/* Mode, owner, extended attributes; of links only the owner, their mode has no meaning. */
bool file_same_permissions(const struct member *a, const struct member *b);
/* Whether the file gives others rights that they do not have by themselves: setuid, setgid,
 * writable by all, extended attributes (capabilities, ACLs). */
bool file_is_privileged(const struct member *m);
bool file_has_children(const struct members *members, const char *path);

/* "4755 0:0 setuid": mode, owner, and what is remarkable. */
json_t *file_permissions(const struct member *m);
/* {"type":"file","mode":"0644","uid":0,"gid":0,"size":…,"sha256":…,"target":…} */
json_t *file_json(const struct member *m);
/* What is there (old or new is NULL) or what changed: "1.2 kB -> 3.4 kB"; caller frees. */
char *file_words(const struct member *old, const struct member *new);
