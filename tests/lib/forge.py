#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""forge.py sums|all|describe DIR: hides a change of a result's files.

`sums` puts SHA256SUMS right, `all` manifest.json before it: what somebody does who gives a changed result away.
`describe` writes the list of files of both anew, for files that came or went as well, and a lock if there is none: then
DIR is a sound result that is wrong in itself.
"""
import hashlib
import json
import os
import sys

how, top = sys.argv[1:]
SIGNED = ("SHA256SUMS", "provenance.json")
LEFT_OUT = {name + end for name in SIGNED for end in ("", ".sig", ".asc")} | {"manifest.json"}


def path(name):
    return os.path.join(top, name)


def digest(name):
    with open(path(name), "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def files():
    """All files and links but those that a manifest leaves out, in the order of bytes."""
    for folder, folders, names in os.walk(top):
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        yield from (os.path.relpath(os.path.join(folder, name), top) for name in names + links)


def described(name):
    if os.path.islink(path(name)):
        return {"path": name, "link": os.readlink(path(name))}
    return {"path": name, "size": os.path.getsize(path(name)), "sha256": digest(name)}


if how != "sums":
    with open(path("manifest.json"), encoding="utf-8") as f:
        manifest = json.load(f)
    lock = manifest["recipe"] + ".lock"
    if how == "describe" and not os.path.exists(path(lock)):
        with open(path(lock), "w", encoding="utf-8") as f:
            f.write("a lock\n")
    names = [f["path"] for f in manifest["files"]] if how == "all" else sorted(set(files()) - LEFT_OUT, key=os.fsencode)
    manifest["files"] = [described(name) for name in names]
    manifest["lock-sha256"] = digest(lock)
    with open(path("manifest.json"), "w", encoding="utf-8") as f:
        json.dump(manifest, f, indent=2)

if how == "describe":
    names = [f["path"] for f in manifest["files"] if "sha256" in f] + ["manifest.json"]
else:
    with open(path("SHA256SUMS"), encoding="utf-8") as f:
        names = [line.rstrip("\n")[66:] for line in f]
with open(path("SHA256SUMS"), "w", encoding="utf-8") as f:
    f.writelines(f"{digest(name)}  {name}\n" for name in names)
