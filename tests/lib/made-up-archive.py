#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""made-up-archive.py SEED COUNT DIR: an archive of packages that do not exist, and questions about it.

For tests/integration/apt-choice.t. DIR/debian is an archive as apt reads it, unsigned: suites with
several versions of the same packages for amd64 and i386, of all kinds of Multi-Arch, which depend on
one another. DIR/N/set is the N-th question, a line in the words of tests/tools/solve-sets.c, and
DIR/N/preferences the same pins for apt. Equal seeds give equal archives and questions.
"""
import os
import random
import sys

SUITES = {
    "trixie": ("stable", "Debian", "Debian", ""),
    "trixie-updates": ("stable-updates", "Debian", "Debian", ""),
    "trixie-backports": ("stable-backports", "Debian Backports", "Backports",
                         "NotAutomatic: yes\nButAutomaticUpgrades: yes\n"),
    "experimental": ("rc-buggy", "Debian", "Debian", "NotAutomatic: yes\n"),
    "tools": ("tools", "Vendor", "Tools", ""),
}
COMPONENTS = ("main", "contrib")
ALWAYS = ("apt", "debconf", "zstd")
LETTERS = "abcdefghijklmnop"


def stanza(name, version, architecture, fields):
    path = f"pool/{name}_{version}_{architecture}.deb"
    digest = f"{abs(hash_of(path)):064x}"
    lines = [f"Package: {name}", f"Version: {version}", f"Architecture: {architecture}",
             "Maintainer: nobody <nobody@example.org>", "Description: made up",
             f"Filename: {path}", "Size: 1000", f"SHA256: {digest}"]
    return "\n".join(lines + [f"{k}: {v}" for k, v in fields.items() if v]) + "\n\n"


def hash_of(text):
    """A number that is the same in every run, which Python's own hash() is not."""
    value = 5381
    for c in text:
        value = (value * 33 + ord(c)) % 2**255
    return value


class Archive:
    def __init__(self, choose):
        self.choose = choose
        self.kinds, self.versions = {}, {}
        for i, letter in enumerate(LETTERS):
            name = f"lib{letter}" if i % 3 else f"tool{letter}"
            self.kinds[name] = choose.choice(["same", "same", "foreign", "allowed", "", "all", "all-foreign"])
        self.names = list(self.kinds)

    def dependency(self, name):
        """On packages that come after it, so that there are no circles."""
        later = self.names[self.names.index(name) + 1:]
        if not later:
            return ""
        count = self.choose.randint(0, min(2, len(later)))
        words = []
        for other in self.choose.sample(later, count):
            if self.kinds[other] == "allowed" and self.choose.random() < 0.6:
                other += ":any"
            elif self.choose.random() < 0.3:
                other += self.choose.choice([" (>= 1)", " (>= 1)", " (>= 2)", " (<< 4)"])
            words.append(other)
        return ", ".join(words)

    def packages(self, suite, component):
        """Text by architecture."""
        text = {"amd64": "", "i386": ""}
        if suite == "trixie" and component == "main":
            for name in ALWAYS:
                for architecture in text:
                    text[architecture] += stanza(name, "1", "all", {})
        for i, name in enumerate(self.names):
            in_main = i % 4 != 3
            if in_main != (component == "main") or (suite != "trixie" and self.choose.random() < 0.5):
                continue
            version = {"trixie": "1", "trixie-updates": "1.1", "tools": self.choose.choice(["0.9", "1", "3"]),
                       "trixie-backports": "2~bpo", "experimental": "4"}[suite]
            if suite == "tools" and version == "1":
                version = "1"  # the same package as the suite's
            kind = self.kinds[name]
            fields = {"Multi-Arch": "foreign" if kind == "all-foreign" else "" if kind == "all" else kind}
            key = (name, version)
            if key not in self.versions:
                self.versions[key] = (self.dependency(name), self.choose.choice([f"src-{name[-1]}", ""]))
            fields["Depends"], fields["Source"] = self.versions[key]
            for architecture in text:
                of = "all" if kind.startswith("all") else architecture
                text[architecture] += stanza(name, version, of, fields)
        return text

    def write(self, root):
        for suite, (archive, origin, label, more) in SUITES.items():
            dists = os.path.join(root, "dists", suite)
            for component in COMPONENTS:
                for architecture, text in self.packages(suite, component).items():
                    directory = os.path.join(dists, component, f"binary-{architecture}")
                    os.makedirs(directory)
                    with open(os.path.join(directory, "Packages"), "w", encoding="utf-8") as f:
                        f.write(text)
            with open(os.path.join(dists, "Release"), "w", encoding="utf-8") as f:
                f.write(f"Origin: {origin}\nLabel: {label}\nSuite: {archive}\nCodename: {suite}\n"
                        f"Components: {' '.join(COMPONENTS)}\nArchitectures: amd64 i386\n{more}"
                        "Date: Sat, 01 Aug 2026 00:00:00 UTC\n")

    def pin(self):
        choose = self.choose
        package = choose.choice(["*", "*", choose.choice(self.names), choose.choice(self.names), "lib*",
                                 "tool?", choose.choice(self.names) + ":any",
                                 choose.choice(self.names) + ":i386", f"src:src-{choose.choice(LETTERS)}"])
        suite = choose.choice(list(SUITES))
        archive, origin, label, _ = SUITES[suite]
        release = choose.choice([f"n={suite}", f"a={archive}", f"o={origin}", f"l={label}", "c=contrib",
                                 suite, f"n={suite},c=main", "n=*-backports", f"n={suite.upper()}"])
        pin = f"release {release}"
        if package != "*" and choose.random() < 0.3:
            pin = "version " + choose.choice(["1*", "1.1", "2~bpo", "0.9", "4", "[34]"])
        return package, pin, choose.choice([-10, -1, 1, 50, 99, 100, 101, 499, 500, 501, 990, 1001, 32767])

    def question(self):
        names = []
        for name in self.choose.sample(self.names, self.choose.randint(1, 4)):
            architecture = "" if self.kinds[name].startswith("all") else self.choose.choice(["", "", ":i386"])
            suite = self.choose.choice([""] * 8 + ["=1", "=2~bpo", "=4"])
            names.append(name + architecture + suite)
        return [self.pin() for _ in range(self.choose.randint(0, 4))], names


def main():
    seed, count, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    archive = Archive(random.Random(seed))
    archive.write(os.path.join(out, "debian"))
    for number in range(1, count + 1):
        pins, names = archive.question()
        os.makedirs(os.path.join(out, str(number)))
        with open(os.path.join(out, str(number), "set"), "w", encoding="utf-8") as f:
            words = [f"pin={package};{pin.replace(' ', '_')};{priority}" for package, pin, priority in pins]
            print(*words, *names, file=f)
        with open(os.path.join(out, str(number), "preferences"), "w", encoding="utf-8") as f:
            for package, pin, priority in pins:
                f.write(f"Package: {package}\nPin: {pin}\nPin-Priority: {priority}\n\n")


main()
