#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""random-sets.py SEED COUNT PACKAGES-FILE: package sets for tests/real/solver-oracle.t, a line each.

A set is one to three packages of one kind: what people add to a rescue system, and what exercises a
solver (services, modules built by DKMS, desktops, Python, Java, -dev packages). Equal seeds and equal
indices give equal sets.
"""
import random
import sys

KINDS = {
    "service": lambda p: p["Section"] in ("net", "mail", "httpd", "database", "admin"),
    "dkms": lambda p: p["Package"].endswith("-dkms"),
    "desktop": lambda p: p["Section"] in ("gnome", "kde", "x11", "xfce"),
    "python": lambda p: p["Section"] == "python",
    "java": lambda p: p["Section"] == "java",
    "dev": lambda p: p["Section"] == "libdevel",
}


def read_packages(path):
    """The stanzas of a Packages file, of each only what a kind looks at."""
    package = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line == "\n":
                yield package
                package = {}
            elif line.startswith(("Package:", "Section:")):
                name, _, value = line.partition(":")
                package[name] = value.strip()
    if package:
        yield package


def main():
    seed, count, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    packages = [p for p in read_packages(path) if "Package" in p and "Section" in p]
    names = {kind: sorted({p["Package"] for p in packages if of_kind(p)})
             for kind, of_kind in KINDS.items()}
    choose = random.Random(seed)
    for i in range(count):
        kind = list(KINDS)[i % len(KINDS)]
        print(*choose.sample(names[kind], choose.randint(1, 3)))


main()
