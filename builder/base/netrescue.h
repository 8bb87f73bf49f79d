/* SPDX-License-Identifier: MIT */
/* The release of this program. It decides no bytes: that is BYTES_EPOCH (archive/lock.h). */
#pragma once

#define NETRESCUE_VERSION "0.1"
