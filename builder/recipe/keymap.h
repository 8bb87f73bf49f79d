/* SPDX-License-Identifier: MIT */
/* A recipe's `keymap` in the two parts that XKB knows: "de(nodeadkeys)" has the layout "de" and the
 * variant "nodeadkeys". */
#pragma once

/* The caller frees what these functions return. */
char *keymap_layout(const char *keymap);
/* "" if the keymap has no variant. */
char *keymap_variant(const char *keymap);
