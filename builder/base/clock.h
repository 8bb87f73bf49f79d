/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

/* Milliseconds of a clock that nobody sets and that goes on alike (CLOCK_MONOTONIC), for limits of
 * time and for pauses. When it was 0 means nothing. */
int64_t clock_milliseconds(void);
