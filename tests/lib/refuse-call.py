#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a command for which a system call fails, as on a file system that lacks what it does.

    refuse-call.py symlinkat EPERM COMMAND [ARGUMENT]...

By a seccomp filter (seccomp(2)), which the command's children have too.
"""

import ctypes
import errno
import os
import struct
import sys

# x86_64 and arm64 (asm/unistd.h, linux/audit.h)
CALLS = {"x86_64": {"symlinkat": 266, "flock": 73}, "aarch64": {"symlinkat": 36, "flock": 32}}
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2


def main():
    number = CALLS[os.uname().machine][sys.argv[1]]
    failure = getattr(errno, sys.argv[2])
    rows = [(LOAD, 0, 0, 0), (EQUAL, 0, 1, number), (RETURN, 0, 0, ERRNO | failure), (RETURN, 0, 0, ALLOW)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *row) for row in rows))
    program = struct.pack("HP", len(rows), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    # As root not even needed, but without it nobody else may.
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0) != 0:
        sys.exit(f"seccomp: {os.strerror(ctypes.get_errno())}")
    os.execvp(sys.argv[3], sys.argv[3:])


main()
