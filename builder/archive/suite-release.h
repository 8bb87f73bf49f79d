/* SPDX-License-Identifier: MIT */
/*
 * What the files share that ask for a suite's Release (suite.c) and that remember it
 * (suite-store.c): the decision whether it is taken.
 *
 * A signed text is an InRelease as it stands; or a Release, followed by its Release.gpg, which
 * begins with the line ARMOUR_SIGNATURE (armour.h). So the store can remember either as one blob.
 */
#pragma once

#include "archive/armour.h"
#include "archive/suite.h"

/* Joins the two files; `name` is the URL of Release, for messages. ERR_TRUST if they are not a text
 * and an armoured signature, which is all that apt takes. */
int suite_join(const char *name, const struct text *release, const struct text *signature,
	       struct text *ret, struct err *err);
/* Verifies a signed text and makes it the suite's. `name` says where it is from, for messages.
 * Every refusal is ERR_TRUST. */
int suite_accept(struct store *s, struct suite *suite, const char *name,
		 const struct text *signed_text, struct err *err);
/* The newest Date that the store has seen of the suite; 0: none. */
int suite_last_seen(struct store *s, const struct suite *suite, int64_t *ret, struct err *err);
