#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares two root file systems, as root: paths, types, modes, owners, contents, links, xattrs, hard links.

    compare-trees.py OURS THEIRS TABLE

TABLE explains differences, one a line: KIND, tab, pattern (fnmatch), tab, reason. KINDs:
    ours     only in OURS              theirs   only in THEIRS
    meta     type, mode, owner, xattrs content  content or link target
    order    the lines are the same, in another order
Prints what the table does not explain, and exits with 1 if there is any; rows that explained something
go to stderr. Content of /dev, /proc and /sys is not compared.
"""

import fnmatch
import hashlib
import os
import stat
import sys

NOT_OURS = ("dev/", "proc/", "sys/")


def describe(path, st):
    names = sorted(os.listxattr(path, follow_symlinks=False))
    xattrs = {n: os.getxattr(path, n, follow_symlinks=False) for n in names}
    return stat.S_IFMT(st.st_mode), oct(stat.S_IMODE(st.st_mode)), st.st_uid, st.st_gid, xattrs


def content(path, st):
    if stat.S_ISLNK(st.st_mode):
        return os.readlink(path)
    if not stat.S_ISREG(st.st_mode):
        return ""
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def walk(root):
    """Path -> (what it is, its content); and the sets of paths that are one file."""
    found, inodes = {}, {}
    for directory, below, files in os.walk(root):
        for name in below + files:
            path = os.path.join(directory, name)
            relative = os.path.relpath(path, root)
            if relative.startswith(NOT_OURS):
                continue
            st = os.lstat(path)
            found[relative] = describe(path, st), content(path, st)
            if stat.S_ISREG(st.st_mode) and st.st_nlink > 1:
                inodes.setdefault(st.st_ino, set()).add(relative)
    return found, {frozenset(paths) for paths in inodes.values()}


def lines(root, path):
    with open(os.path.join(root, path), "rb") as f:
        return sorted(f.read().split(b"\n"))


def differences(ours_root, theirs_root):
    ours, our_links = walk(ours_root)
    theirs, their_links = walk(theirs_root)
    for path in sorted(set(ours) | set(theirs)):
        if path not in theirs:
            yield "ours", path, ""
        elif path not in ours:
            yield "theirs", path, ""
        elif ours[path][0] != theirs[path][0]:
            yield "meta", path, f"{ours[path][0]} {theirs[path][0]}"
        elif ours[path][1] != theirs[path][1]:
            regular = ours[path][0][0] == stat.S_IFREG
            if regular and lines(ours_root, path) == lines(theirs_root, path):
                yield "order", path, ""
            else:
                yield "content", path, "" if regular else f"{ours[path][1]} {theirs[path][1]}"
    for paths in sorted(map(sorted, our_links ^ their_links)):
        yield "meta", paths[0], "hard links " + " ".join(paths)
    if len(ours) < 1000:
        yield "ours", ".", f"only {len(ours)} paths: that is no system"


def main():
    ours, theirs, table = sys.argv[1:]
    with open(table, encoding="utf-8") as f:
        rows = [line.rstrip("\n").split("\t") for line in f if line.strip() and line[0] != "#"]
    used, bad = set(), 0
    for kind, path, detail in differences(ours, theirs):
        for i, row in enumerate(rows):
            if row[0] == kind and fnmatch.fnmatchcase(path, row[1]):
                used.add(i)
                break
        else:
            bad += 1
            print(kind, path, detail)
    for i in sorted(used):
        print("explained:", *rows[i], file=sys.stderr)
    return 1 if bad else 0


sys.exit(main())
