#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads the menus in force below a TFTP root as PXELINUX and GRUB do, and fails unless both name only what is there.

    pxe-menu.py TFTP-ROOT [FILE]

FILE is what PXELINUX would ask for below pxelinux.cfg/ (default). Prints each entry: label, its depth in submenus,
"default" or "-", and the version that its kernel, its initramfs and its root have in common. A kernel must hold its
version, as those of small-result.py do, and so must the root that nfsroot= names.
"""
import os
import re
import sys

WORDS = {"SERIAL", "DEFAULT", "PROMPT", "TIMEOUT", "MENU", "LABEL", "KERNEL", "LINUX", "APPEND", "IPAPPEND", "LOCALBOOT"}


def stop(text):
    sys.exit(f"pxe-menu: {text}")


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def pxelinux(text):
    """Label -> {depth, default, kernel, append}, by syslinux's doc/syslinux.txt and doc/menu.txt."""
    entries, entry, depth = {}, None, 0
    for line in text.splitlines():
        word, _, rest = line.strip().partition(" ")
        if not word or word.startswith("#"):
            continue
        if word not in WORDS:
            stop(f"PXELINUX knows no {word}")
        if word == "LABEL":
            if rest in entries:
                stop(f"two entries {rest}")
            entry = entries[rest] = {"depth": depth, "default": False}
        elif word in ("KERNEL", "LINUX", "APPEND"):
            entry["kernel" if word != "APPEND" else "append"] = rest
        elif (word, rest) == ("MENU", "BEGIN"):
            depth, entry = depth + 1, None
        elif (word, rest) == ("MENU", "END"):
            depth, entry = depth - 1, None
        elif (word, rest) == ("MENU", "DEFAULT"):
            entry["default"] = True
    if depth:
        stop("a submenu without its end")
    return entries


def grub(text):
    """Id -> kernel and words, of all that boot Linux."""
    entries, name = {}, None
    for line in text.splitlines():
        found = re.match(r"\s*menuentry '.*' --id entry-(\S+) \{", line)
        if found:
            name = found[1]
        elif line.strip().startswith("linux /"):
            entries[name] = line.strip().removeprefix("linux /").replace("'", "").partition(" BOOTIF=")[0]
    return entries


def version_of(root, entry):
    kernel = entry["kernel"]
    append = entry.get("append", "")
    initrd = re.search(r"initrd=(\S+)", append)[1]
    where = re.search(r"nfsroot=([^ ,]+)", append)
    for path in (kernel, initrd):
        if not os.path.isfile(os.path.join(root, path)):
            stop(f"there is no {path}")
    if not where:
        return "-"
    version = where[1].rpartition("/")[2]
    if version not in read(os.path.join(root, kernel)) or version not in read(os.path.join(root, initrd)):
        stop(f"{kernel} is not of {version}")
    if version not in read(os.path.join(where[1], "etc/version")):
        stop(f"{where[1]} is not the root of {version}")
    return version


def main(root, name="default"):
    if not os.path.exists(os.path.join(root, "pxelinux.cfg", name)):
        name = "default"
    entries = pxelinux(read(os.path.join(root, "pxelinux.cfg", name)))
    grub_entries = grub(read(os.path.join(root, "grub/grub.cfg")))
    for label, entry in entries.items():
        version = "-"
        if "initrd=" in entry.get("append", ""):
            version = version_of(root, entry)
            words = re.sub(r"initrd=\S+ ", "", entry["append"])
            if grub_entries.get(label) != f"{entry['kernel']} {words}":
                stop(f"GRUB boots {label} otherwise: {grub_entries.get(label)}")
        if label != "-":
            print(label, entry["depth"], "default" if entry["default"] else "-", version)


if __name__ == "__main__":
    main(*sys.argv[1:])
