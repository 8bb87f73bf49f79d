#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes .debs again out of packages that are installed on this machine.

    repack.py DIR NAME…     writes DIR/NAME_VERSION_ARCH.deb for each NAME and all it depends on

So a test can install a real Debian base (real dpkg, real maintainer scripts) without any network. What
dpkg knows of a package goes in: its stanza, maintainer scripts, conffiles, triggers and every file that
it lists; documentation, manuals and message catalogues stay out for speed. Owners are root: setuid
programs keep their mode, and no essential package owns files otherwise. Same machine, same bytes.
"""

import io
import os
import re
import stat
import subprocess
import sys
import tarfile

INFO = "/var/lib/dpkg/info"
DATE = 1700000000
SKIP = re.compile(r"^/usr/share/(doc|man|locale|info|lintian)/.+")
NOT_CONTROL = {"list", "md5sums"}
DROPPED = {"Status", "Conffiles", "Config-Version"}


def status():
    """Installed packages by name, each its fields in order."""
    text = open("/var/lib/dpkg/status", encoding="utf-8").read()
    packages = {}
    for stanza in text.strip().split("\n\n"):
        fields = dict(re.findall(r"^([A-Za-z0-9-]+):[ ]?((?:.*)(?:\n[ \t].*)*)", stanza, re.M))
        if fields.get("Status") == "install ok installed":
            packages[fields["Package"]] = fields
    return packages


def provided(packages):
    by = {}
    for name, fields in packages.items():
        for word in fields.get("Provides", "").split(","):
            if word.strip():
                by.setdefault(word.split("(")[0].strip(), name)
    return by


def closure(packages, names):
    """The names and all that they depend on, by the alternative that is installed."""
    virtual, todo, done = provided(packages), list(names), set()
    while todo:
        name = todo.pop()
        if name in done:
            continue
        done.add(name)
        fields = packages[name]
        groups = ",".join(fields[k] for k in ("Depends", "Pre-Depends") if k in fields)
        for group in filter(None, (g.strip() for g in groups.split(","))):
            words = [re.split(r"[ (:]", a.strip())[0] for a in group.split("|")]
            found = [virtual.get(w, w) for w in words if w in packages or w in virtual]
            if not found:
                sys.exit(f"repack.py: {name} depends on '{group}', which is not installed here")
            todo.append(found[0])
    return sorted(done)


def info_file(name, architecture, kind):
    for stem in (f"{name}:{architecture}", name):
        path = f"{INFO}/{stem}.{kind}"
        if os.path.exists(path):
            return path
    return None


def diversions():
    """Where a package's own file lies when another package has diverted it: {path: (by, to)}."""
    text = open("/var/lib/dpkg/diversions", encoding="utf-8").read().split("\n")
    return {text[i]: (text[i + 2], text[i + 1]) for i in range(0, len(text) - 2, 3)}


def unmerged():
    """Directories in this Debian's packages (before trixie) that merged /usr has made links of here."""
    with open(info_file("bash", "", "list"), encoding="utf-8") as listing:
        return ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32") if "/bin/bash\n" in listing else ()


def add(tar, name, mode, kind=tarfile.REGTYPE, content=b"", link=""):
    member = tarfile.TarInfo(name)
    member.mode, member.type, member.linkname, member.mtime = mode, kind, link, DATE
    member.size = len(content)
    member.uname = member.gname = "root"
    tar.addfile(member, io.BytesIO(content))


def data(name, architecture, diverted, apart):
    buffer, links = io.BytesIO(), {}
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        add(tar, "./", 0o755, tarfile.DIRTYPE)
        paths = sorted(open(info_file(name, architecture, "list"), encoding="utf-8").read().split("\n"))
        for path in paths:
            if path in ("", "/.") or SKIP.match(path):
                continue
            source = path
            if path in diverted and diverted[path][0] not in (name, ":"):
                source = diverted[path][1]
            try:
                st = os.stat(source) if path in apart else os.lstat(source)
            except FileNotFoundError:
                continue
            mode = stat.S_IMODE(st.st_mode)
            if stat.S_ISLNK(st.st_mode):
                add(tar, "." + path, 0o777, tarfile.SYMTYPE, link=os.readlink(source))
            elif stat.S_ISDIR(st.st_mode):
                add(tar, "." + path + "/", mode, tarfile.DIRTYPE)
            elif (st.st_dev, st.st_ino) in links:
                add(tar, "." + path, mode, tarfile.LNKTYPE, link="." + links[st.st_dev, st.st_ino])
            elif stat.S_ISREG(st.st_mode):
                with open(source, "rb") as file:
                    add(tar, "." + path, mode, content=file.read())
                if st.st_nlink > 1:
                    links[st.st_dev, st.st_ino] = path
        # A package without any file of its own would vanish, dpkg says so.
        add(tar, f"./usr/share/doc/{name}/", 0o755, tarfile.DIRTYPE)
        add(tar, f"./usr/share/doc/{name}/repacked", 0o644, content=b"See repack.py.\n")
    return buffer.getvalue()


def control(name, fields):
    architecture = fields["Architecture"]
    kinds = sorted(f[len(s) + 1:] for f in os.listdir(INFO)
                   for s in (f"{name}:{architecture}", name)
                   if f.startswith(s + ".") and "." not in f[len(s) + 1:])
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        text = "".join(f"{k}: {v}\n" for k, v in fields.items() if k not in DROPPED)
        add(tar, "./", 0o755, tarfile.DIRTYPE)
        add(tar, "./control", 0o644, content=text.encode())
        for kind in kinds:
            if kind in NOT_CONTROL:
                continue
            path = info_file(name, architecture, kind)
            with open(path, "rb") as file:
                add(tar, "./" + kind, 0o755 if os.access(path, os.X_OK) else 0o644, content=file.read())
    return buffer.getvalue()


def ar_member(name, content):
    head = f"{name:<16}{DATE:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode()
    return head + content + b"\n" * (len(content) % 2)


def compress(content):
    return subprocess.run(["zstd", "-q", "-1", "-c"], input=content, stdout=subprocess.PIPE, check=True).stdout


def main():
    directory, names = sys.argv[1], sys.argv[2:]
    packages, diverted, apart = status(), diversions(), unmerged()
    names += [n for n, f in packages.items() if f.get("Essential") == "yes"]
    for name in closure(packages, names):
        fields = packages[name]
        version = fields["Version"].replace(":", "%3a")
        path = f"{directory}/{name}_{version}_{fields['Architecture']}.deb"
        with open(path, "wb") as deb:
            deb.write(b"!<arch>\n" + ar_member("debian-binary", b"2.0\n"))
            deb.write(ar_member("control.tar.zst", compress(control(name, fields))))
            deb.write(ar_member("data.tar.zst", compress(data(name, fields["Architecture"], diverted, apart))))


main()
