# SPDX-License-Identifier: MIT
"""Two archives out of the packages of locks, for every builder that is measured to read the same.

The full one has all of the suite's own index, as Debian's mirror has it, so that reading it costs what it costs there;
the small one lists nothing but what the locks name, for builders that have their packages at hand. Both have the same
pool. In the full one a package of the updates or of the security archive takes the place of the suite's own, because
debootstrap reads one suite only. The keys are thrown away with them.
"""

import json
import lzma
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import mirror  # noqa: E402


class Lock:
    """What a lock says: packages (a list of dicts), and the fields of its head."""

    def __init__(self, path):
        with open(path) as f:
            head, *stanzas = f.read().strip().split("\n\n")
        self.path, self.head = path, fields(head)
        self.packages = [fields(stanza) for stanza in stanzas]
        self.image = [p for p in self.packages if p["Role"] == "image"]
        self.names = sorted(p["Package"] for p in self.image)
        self.versions = sorted(p["Package"] + " " + p["Version"] for p in self.image)
        self.unpacked = sum(int(p["Installed-Size"]) for p in self.image)
        kernels = [p["Package"] for p in self.image if re.match(r"linux-image-[0-9]", p["Package"])]
        self.kernel = kernels[0].removeprefix("linux-image-") if kernels else ""

    def missing(self, store):
        return [p["Package"] for p in self.packages if not os.path.exists(blob(store, p["SHA256"]))]


def fields(stanza):
    return dict(line.split(": ", 1) for line in stanza.split("\n") if ": " in line and line[0] != " ")


def blob(store, digest):
    return os.path.join(store, "sha256", digest[:2], digest)


def indices(store, provenance):
    """Suite -> text of main's Packages, as the build of that provenance.json has read it."""
    with open(provenance) as f:
        dependencies = json.load(f)["predicate"]["buildDefinition"]["resolvedDependencies"]
    texts = {}
    for release in dependencies:
        if release["name"] != "InRelease":
            continue
        with open(blob(store, release["digest"]["sha256"])) as f:
            sums = f.read().partition("\nSHA256:\n")[2]
        digest = re.search(r"^ ([0-9a-f]{64}) +\d+ main/binary-amd64/Packages\.xz$", sums, re.M)[1]
        with lzma.open(blob(store, digest), "rt") as f:
            texts[release["annotations"]["suite"]] = f.read()
    return texts


def stanza_key(stanza):
    name = re.search(r"^Package: (.*)$", stanza, re.M)[1]
    return name, re.search(r"^Version: (.*)$", stanza, re.M)[1]


def merged(texts, suite, locks):
    """The suite's index, with what the locks name from other suites in the place of its own."""
    wanted = {p["Package"]: p for lock in locks for p in lock.packages}
    instead = {}
    for other, text in texts.items():
        for stanza in text.strip().split("\n\n"):
            if other != suite and stanza:
                name, version = stanza_key(stanza)
                if name in wanted and (wanted[name]["Suite"], wanted[name]["Version"]) == (other, version):
                    instead[name] = stanza
    kept = [s for s in texts[suite].strip().split("\n\n") if s.split("\n", 1)[0].removeprefix("Package: ") not in instead]
    return "\n\n".join(kept + sorted(instead.values())) + "\n\n"


def listed(text, locks):
    """Those stanzas of the index that the locks name."""
    wanted = {(p["Package"], p["Version"]) for lock in locks for p in lock.packages}
    return "\n\n".join(s for s in text.strip().split("\n\n") if stanza_key(s) in wanted) + "\n\n"


def of_priority(text, *priorities):
    """The names of those packages of an index, which debootstrap installs because of that."""
    pattern = re.compile("^Priority: (%s)$" % "|".join(priorities), re.M)
    return [stanza_key(s)[0] for s in text.split("\n\n") if pattern.search(s)]


class Archive(mirror.Archive):
    """A suite with that text as its index; its pockets are empty."""

    def __init__(self, directory, suite, text):
        super().__init__(directory)
        self.text = text
        self.init(suite)
        self.keyring = self.path("keyring.gpg")

    def entries(self, suite, component, architecture):
        return self.text if suite == self.suite() else ""

    def add_pool(self, locks, store):
        for package in (p for lock in locks for p in lock.packages):
            target = os.path.join(self.root, package["Path"])
            if os.path.exists(target):
                continue
            os.makedirs(os.path.dirname(target), exist_ok=True)
            link_or_copy(blob(store, package["SHA256"]), target)

    def publish_all(self):
        """Also writes the index as it is, which debootstrap wants of a directory."""
        self.publish(Options())
        self.write(os.path.join(self.root, "dists", self.suite()), "main/binary-amd64/Packages", self.text.encode())


class Options:
    """As mirror_publish has them when nothing is said (tests/lib/mirror.sh)."""

    date = valid_for = origin = label = codename = flat = None
    key, digest, by_hash, detached, bomb = "good", "SHA256", True, False, 0


def link_or_copy(source, target):
    try:
        os.link(source, target)
    except OSError:
        subprocess.run(["cp", "--", source, target], check=True)


def of_debs(lock, store, directory):
    """A flat repository of a lock's packages, with an index made from the packages themselves."""
    os.makedirs(directory)
    for package in lock.image:
        link_or_copy(blob(store, package["SHA256"]), os.path.join(directory, os.path.basename(package["Path"])))
    with open(os.path.join(directory, "Packages"), "w") as f:
        subprocess.run(["dpkg-scanpackages", "--multiversion", ".", "/dev/null"], cwd=directory, check=True, stdout=f,
                       stderr=subprocess.DEVNULL)
