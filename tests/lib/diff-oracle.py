#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# diff-oracle.py OLD NEW DIFF.json: what `netrescue diff` must say of two results, found out without it: packages by their
# locks and dpkg's order of versions, permissions and files by tar and dpkg's lists. Prints what it did not say or
# should not have said, a line each.
import glob
import hashlib
import json
import re
import subprocess
import sys
import tarfile


def packages(result):
    found = {}
    for stanza in open(glob.glob(result + "/*.lock")[0]).read().split("\n\n"):
        field = dict(line.split(": ", 1) for line in stanza.splitlines() if re.match(r"[A-Z][^ ]*: ", line))
        if "Package" in field:
            found[field["Package"]] = (field["Version"], field["SHA256"])
    return found


class Tree:
    """rootfs.tar.zst: file[path] = (permissions, privileged, content); owned: what dpkg's lists name."""

    def __init__(self, result):
        self.file, self.owned, self.parents = {}, set(), set()
        zstd = subprocess.Popen(["zstd", "-dcq", result + "/rootfs.tar.zst"], stdout=subprocess.PIPE)
        with tarfile.open(fileobj=zstd.stdout, mode="r|", errorlevel=2) as tar:
            for m in tar:
                self.take(tar, m, "/" + m.name.removeprefix("./").strip("/"))
        if zstd.wait() != 0:
            sys.exit("cannot read " + result)

    def take(self, tar, m, path):
        attributes = tuple(sorted((k, v) for k, v in m.pax_headers.items() if k.startswith("SCHILY.")))
        content = m.linkname
        if m.isreg():
            data = tar.extractfile(m).read()
            content = hashlib.sha256(data).hexdigest()
            if re.fullmatch(r"/var/lib/dpkg/info/[^/]*\.list", path):
                self.owned.update(data.decode().splitlines())
            elif path == "/var/lib/dpkg/diversions":  # from, to, by whom
                self.owned.update(data.decode().splitlines()[1::3])
        if m.islnk():  # as the file that it is
            self.file[path] = self.file["/" + m.linkname.removeprefix("./")]
            return
        mode = 0o777 if m.issym() else m.mode
        privileged = (m.isreg() and mode & 0o6000 or attributes or
                      mode & 0o002 and not m.issym() and not (m.isdir() and mode & 0o1000))
        self.file[path] = ((mode, m.uid, m.gid, attributes), bool(privileged), (m.type, content))
        self.parents.add(path.rpartition("/")[0])

    def owns(self, path):
        """Lists name files before /usr was merged, too."""
        return path in self.owned or path.startswith("/usr/") and path[4:] in self.owned


def version_order(a, b):
    return subprocess.run(["dpkg", "--compare-versions", a, "lt", b]).returncode == 0


def compare(name, wanted, said):
    for thing in sorted(wanted - said):
        print("%s: not said: %s" % (name, thing))
    for thing in sorted(said - wanted):
        print("%s: should not be said: %s" % (name, thing))


old, new, diff = sys.argv[1:]
changes = json.load(open(diff))["changes"]
said = {s: {(c["change"], c["name"]) for c in changes[s]} for s in changes}

was, now = packages(old), packages(new)
wanted = {("removed", p) for p in was.keys() - now.keys()} | {("added", p) for p in now.keys() - was.keys()}
for p in was.keys() & now.keys():
    if was[p][0] != now[p][0]:
        wanted.add(("upgraded" if version_order(was[p][0], now[p][0]) else "downgraded", p))
    elif was[p][1] != now[p][1]:
        wanted.add(("replaced", p))
compare("packages", wanted, {c for c in said["packages"] if c[0] != "changed"})

was, now = Tree(old), Tree(new)
wanted = set()
for path in was.file.keys() | now.file.keys():
    a, b = was.file.get(path), now.file.get(path)
    if a and b:
        links = tarfile.SYMTYPE in (a[2][0], b[2][0])  # which have no mode
        if a[0][links:] != b[0][links:]:
            wanted.add(("changed", path))
    elif not b and a[1]:
        wanted.add(("removed", path))
    elif not a and b[1]:
        wanted.add(("added", path))
compare("permissions", wanted, said["permissions"])

named = {name: change for change, name in said["files"] | said["generated"]}
for path in was.file.keys() | now.file.keys():
    a, b = was.file.get(path), now.file.get(path)
    if a and b and a[2] == b[2]:
        continue
    change = "added" if not a else "removed" if not b else "changed"
    if path in named:
        if named.pop(path) != change:
            print("files: %s was %s" % (path, change))
        continue
    tree = now if b else was
    if (not was.owns(path) and not now.owns(path) and path not in tree.parents and
            not path.startswith("/var/lib/dpkg/info/")):
        print("files: nobody says that %s was %s" % (path, change))
for path in named:
    print("files: %s did not change" % path)
