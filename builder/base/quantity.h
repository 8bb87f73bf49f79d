/* SPDX-License-Identifier: MIT */
/* Sizes and times as people write them on a command line. */
#pragma once

#include <stdint.h>

/* "512M", "4G", "1048576": bytes, or with K, M, G or T that power of 1024. Not 0. -EINVAL. */
int parse_size(const char *s, uint64_t *ret_bytes);
/* "90", "90s", "10m", "2h", "1h30m": seconds, 1 to a year of them. -EINVAL. */
int parse_duration(const char *s, unsigned *ret_seconds);
/* "45 s", "5 min", "1 h 30 min": at most two units. buffer of 32 bytes; returns it. */
const char *human_duration(unsigned seconds, char buffer[32]);
