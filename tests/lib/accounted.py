#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# accounted.py TREE: how many files (all but directories) an unpacked tree has, and how many of them
# dpkg's own lists name, through its diversions and the tree's links. Two numbers.
import os
import sys

root = sys.argv[1]
info = root + "/var/lib/dpkg/info/"


def real(path, hops=40):
    """`path` of the tree with the links of its directories followed inside the tree."""
    done = ""
    left = [piece for piece in os.path.dirname(path).split("/") if piece]
    while left:
        at = os.path.normpath(done + "/" + left.pop(0))
        if os.path.islink(root + at) and hops > 0:
            hops -= 1
            target = os.readlink(root + at)
            left = [p for p in target.split("/") if p] + left
            done = "" if target.startswith("/") else os.path.dirname(at).rstrip("/")
        else:
            done = at
    return done + "/" + os.path.basename(path)


with open(root + "/var/lib/dpkg/diversions") as file:
    line = file.read().splitlines()
diverted = {(line[i], by): line[i + 1] for i in range(0, len(line), 3) for by in [line[i + 2]]}
origin = {source: by for source, by in diverted}
files = {os.path.join(at, name)[len(root):]
         for at, below, names in os.walk(root)
         for name in names + [d for d in below if os.path.islink(os.path.join(at, d))]}
listed = set()
for name in os.listdir(info):
    if name.endswith(".list"):
        package = name[:-5].split(":")[0]
        with open(info + name) as file:
            for path in file.read().splitlines():
                if origin.get(path, package) != package:
                    path = diverted[path, origin[path]]
                listed.add(real(path))
print(len(files), len(files & listed))
