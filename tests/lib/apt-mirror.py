#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What a build read of the archive, laid out as a mirror for `apt-get update`: apt-mirror.py STORE PROVENANCE DIR

Only lists, no packages: DIR/debian and DIR/debian-security as rescue64's apt expects them, from the blobs the build has
verified, for component main. Besides, DIR/changed is trixie with an InRelease in which a byte of the signed text
is another.
"""

import json
import os
import re
import shutil
import sys


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)


def main(store, provenance, out):
    def blob(digest):
        return os.path.join(store, "sha256", digest[:2], digest)

    with open(provenance) as f:
        dependencies = json.load(f)["predicate"]["buildDefinition"]["resolvedDependencies"]
    for release in dependencies:
        if release["name"] != "InRelease":
            continue
        suite = release["annotations"]["suite"]
        name = "debian-security" if suite.endswith("-security") else "debian"
        with open(blob(release["digest"]["sha256"]), "rb") as f:
            text = f.read()
        dists = os.path.join(out, name, "dists", suite)
        write(f"{dists}/InRelease", text)
        sums = text.partition(b"\nSHA256:\n")[2].decode()
        digest = re.search(r"^ ([0-9a-f]{64}) +\d+ main/binary-amd64/Packages\.xz$", sums, re.M)[1]
        by_hash = f"{dists}/main/binary-amd64/by-hash/SHA256"
        os.makedirs(by_hash)
        shutil.copyfile(blob(digest), f"{by_hash}/{digest}")
        if name == "debian" and "-" not in suite:
            write(f"{out}/changed/dists/{suite}/InRelease", text.replace(b"\nOrigin: Debian\n", b"\nOrigin: Debiam\n"))


main(*sys.argv[1:])
