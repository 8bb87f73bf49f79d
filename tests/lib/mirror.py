#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A tiny signed Debian-like archive and a server with faults. Interface: see mirror.sh beside this."""

import argparse
import base64
import email.utils
import fnmatch
import hashlib
import itertools
import http.server
import io
import lzma
import os
import shutil
import ssl
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import urllib.parse

SUITES = ("", "-updates", "-security")
SCRIPTS = ("preinst", "postinst", "prerm", "postrm", "config", "templates", "triggers", "conffiles")
OWN_FIELDS = {"suite", "component", "date", "files", "compression"} | {"x-" + s for s in SCRIPTS}


# Descriptions -------------------------------------------------------------------------------------

def stanzas(text):
    """deb822: a list of lists of (name, value); a continuation line that is "." stands for an empty one."""
    result, running = [], []
    for line in text.split("\n") + [""]:
        if line.startswith("#"):
            continue
        if not line.strip():
            if running:
                result.append(running)
            running = []
        elif line[0] in " \t":
            name, value = running[-1]
            content = line[1:]
            running[-1] = (name, value + "\n" + ("" if content.strip() == "." else content))
        else:
            name, value = line.split(":", 1)
            running.append((name, value.strip()))
    return result


def tar_member(tar, name, date, mode, content=None, kind=tarfile.REGTYPE, link=""):
    info = tarfile.TarInfo(name)
    info.mode, info.mtime, info.type, info.linkname = mode, date, kind, link
    info.uname = info.gname = "root"
    if content is not None:
        info.size = len(content)
    tar.addfile(info, io.BytesIO(content) if content is not None else None)


def add_parents(tar, name, date, seen):
    parts = name.split("/")[1:-1]
    for i in range(len(parts)):
        directory = "./" + "/".join(parts[: i + 1])
        if directory not in seen:
            seen.add(directory)
            tar_member(tar, directory + "/", date, 0o755, kind=tarfile.DIRTYPE)


def data_tar(lines, date):
    raw, seen = io.BytesIO(), {"."}
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.GNU_FORMAT) as tar:
        tar_member(tar, "./", date, 0o755, kind=tarfile.DIRTYPE)
        for line in lines:
            if not line.strip():
                continue
            path, rest = (line.strip().split(" ", 1) + [""])[:2]
            name = "." + path
            add_parents(tar, name.rstrip("/"), date, seen)
            if rest.startswith("-> "):
                tar_member(tar, name, date, 0o777, kind=tarfile.SYMTYPE, link=rest[3:])
            elif rest.startswith("=> "):
                tar_member(tar, name, date, 0o644, kind=tarfile.LNKTYPE, link="." + rest[3:])
            elif path.endswith("/"):
                seen.add(name.rstrip("/"))
                tar_member(tar, name, date, int(rest or "0755", 8), kind=tarfile.DIRTYPE)
            else:
                mode, content = (rest.split(" ", 1) + [""])[:2]
                content = content.encode().decode("unicode_escape").encode("latin-1")
                tar_member(tar, name, date, int(mode or "0644", 8), content)
    return raw.getvalue()


def control_tar(control, scripts, date):
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.GNU_FORMAT) as tar:
        tar_member(tar, "./", date, 0o755, kind=tarfile.DIRTYPE)
        tar_member(tar, "./control", date, 0o644, control.encode())
        for name, text in scripts.items():
            mode = 0o644 if name in ("templates", "triggers", "conffiles") else 0o755
            tar_member(tar, "./" + name, date, mode, text.lstrip("\n").encode() + b"\n")
    return raw.getvalue()


def ar_member(name, content, date):
    head = f"{name:<16}{date:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode()
    return head + content + (b"\n" if len(content) % 2 else b"")


def make_deb(fields):
    own = {n.lower(): v for n, v in fields if n.lower() in OWN_FIELDS}
    control = [(n, v) for n, v in fields if n.lower() not in OWN_FIELDS]
    have = {n.lower() for n, _ in control}
    for name, value in (("Version", "1"), ("Architecture", "amd64"), ("Installed-Size", "16"),
                        ("Maintainer", "Test <test@mirror.example>"), ("Section", "misc"),
                        ("Priority", "optional"), ("Description", "made for a test")):
        if name.lower() not in have:
            control.append((name, value))
    date = int(own.get("date", "1700000000"))
    text = "".join(n + ": " + v.replace("\n", "\n ") + "\n" for n, v in control)
    scripts = {s: own["x-" + s] for s in SCRIPTS if "x-" + s in own}
    data = data_tar(own.get("files", "").split("\n"), date)
    deb = b"!<arch>\n" + ar_member("debian-binary", b"2.0\n", date)
    plain = own.get("compression") == "none"
    for name, content in (("control.tar", control_tar(text, scripts, date)), ("data.tar", data)):
        deb += ar_member(name, content, date) if plain else ar_member(name + ".xz", lzma.compress(content, preset=1), date)
    return control, own, deb


def deb_control(path):
    out = subprocess.run(["dpkg-deb", "--field", path], check=True, stdout=subprocess.PIPE, text=True)
    return stanzas(out.stdout)[0]


# The archive --------------------------------------------------------------------------------------

class Archive:
    def __init__(self, directory):
        self.directory = os.path.abspath(directory)
        self.root = os.path.join(self.directory, "archive")
        self.state = os.path.join(self.directory, "state")

    def path(self, *parts):
        return os.path.join(self.directory, *parts)

    def suite(self):
        with open(os.path.join(self.state, "suite")) as f:
            return f.read().strip()

    def init(self, suite):
        for d in (self.root, self.state):
            os.makedirs(d)
        with open(os.path.join(self.state, "suite"), "w") as f:
            f.write(suite + "\n")
        with Keys(self, "good"):
            pass

    def add(self, control, own, content):
        get = {n.lower(): v for n, v in control}
        name, component = get["package"], own.get("component", "main")
        version = get["version"].split(":", 1)[-1]
        prefix = name[:4] if name.startswith("lib") else name[0]
        where = f"pool/{component}/{prefix}/{name}/{name}_{version}_{get['architecture']}.deb"
        target = os.path.join(self.root, where)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as f:
            f.write(content)
        lines = ((n, v.split("\n")) for n, v in control)
        entry = "".join(n + ": " + "\n ".join(v[:1] + [i.strip() and i or "." for i in v[1:]]) + "\n" for n, v in lines)
        entry += f"Filename: {where}\nSize: {len(content)}\n"
        entry += f"SHA256: {hashlib.sha256(content).hexdigest()}\n\n"
        for suite in own.get("suite", self.suite()).split():
            listing = os.path.join(self.state, f"{suite}_{component}_{name}_{version}_{get['architecture']}")
            with open(listing, "w") as f:
                f.write(entry)

    def entries(self, suite, component, architecture):
        text = ""
        for name in sorted(os.listdir(self.state)):
            if name.startswith(f"{suite}_{component}_") and self.is_of(name, architecture):
                with open(os.path.join(self.state, name)) as f:
                    text += f.read()
        return text

    @staticmethod
    def is_of(name, architecture):
        """Whether the index of that architecture lists it: i386's has its own and those of all; None: that of any."""
        if architecture is None:
            return True
        foreign = name.endswith("_i386")
        return foreign or name.endswith("_all") if architecture == "i386" else not foreign

    def architectures(self):
        """The second one only if there is something for it."""
        return ["amd64"] + ["i386"] * any(n.endswith("_i386") for n in os.listdir(self.state))

    def components(self):
        names = {n.split("_")[1] for n in os.listdir(self.state) if "_" in n}
        return sorted(names | {"main"})

    def publish(self, options):
        with Signers(self, options.key) as keys:
            if options.flat is not None:
                return self.publish_flat(options, keys)
            for pocket in SUITES:
                self.publish_suite(self.suite() + pocket, pocket, options, keys)

    def publish_suite(self, suite, pocket, options, keys):
        dists = os.path.join(self.root, "dists", suite)
        files = {}
        for component, architecture in itertools.product(self.components(), self.architectures()):
            text = self.entries(suite, component, architecture).encode()
            self.write_index(dists, f"{component}/binary-{architecture}/", text, files, options)
        label = "Debian-Security" if pocket == "-security" else "Debian"
        head = {
            "Origin": options.origin or "Debian",
            "Label": options.label or label,
            "Suite": "stable" + pocket,
            "Version": "13",
            "Codename": options.codename or suite,
        }
        more = {
            "No-Support-for-Architecture-all": "Packages",
            "Architectures": " ".join(["all"] + self.architectures()),
            "Components": " ".join(self.components()),
        }
        self.write_release(dists, head, more, files, 7 * 86400 if pocket else None, options, keys)

    def publish_flat(self, options, keys):
        """One directory with Release and Packages, without dists/; Filename is relative to the archive's root."""
        directory = os.path.join(self.root, options.flat)
        files = {}
        text = "".join(self.entries(self.suite(), c, None) for c in self.components()).encode()
        self.write_index(directory, "", text, files, options)
        self.write_release(directory, {}, {}, files, None, options, keys)

    def write_index(self, directory, place, text, files, options):
        packed = lzma.compress(text + bytes(options.bomb << 20), preset=1)
        for name, content in (("Packages", text), ("Packages.xz", packed)):
            files[place + name] = content
            if name == "Packages":
                continue  # named in Release only, as Debian does
            self.write(directory, place + name, content)
            digest = hashlib.sha256(content).hexdigest()
            if options.by_hash:
                self.write(directory, place + "by-hash/SHA256/" + digest, content)

    def write_release(self, directory, head, more, files, valid, options, keys):
        now = int(time.time()) if options.date is None else options.date
        head["Date"] = email.utils.formatdate(now, usegmt=True).replace("GMT", "UTC")
        if options.valid_for is not None:
            valid = options.valid_for
        if valid is not None:
            head["Valid-Until"] = email.utils.formatdate(now + valid, usegmt=True).replace("GMT", "UTC")
        if options.by_hash:
            head["Acquire-By-Hash"] = "yes"
        release = "".join(f"{n}: {v}\n" for n, v in {**head, **more}.items()) + "SHA256:\n"
        for name, content in sorted(files.items()):
            release += f" {hashlib.sha256(content).hexdigest()} {len(content):8} {name}\n"
        for name in ("InRelease", "Release", "Release.gpg"):
            if os.path.exists(os.path.join(directory, name)):
                os.remove(os.path.join(directory, name))
        if options.detached:
            self.write(directory, "Release", release.encode())
            self.write(directory, "Release.gpg", keys.sign("--detach-sign", release, options.digest))
        else:
            self.write(directory, "InRelease", keys.sign("--clearsign", release, options.digest))

    @staticmethod
    def write(dists, name, content):
        path = os.path.join(dists, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        temporary = path + ".new"
        with open(temporary, "wb") as f:
            f.write(content)
        os.rename(temporary, path)


class Keys:
    """Throw-away keys: good, unknown (never in the keyring), expired, revoked. One session works on a
    copy of the key's home with a short name (sockets in it may have 108 bytes), and leaves no agent."""

    def __init__(self, archive, kind):
        self.kind, self.keyring = kind, archive.path("keyring.gpg")
        self.home = archive.path("gpg-" + kind)

    def __enter__(self):
        self.work = tempfile.mkdtemp(prefix="gpg.")
        if os.path.isdir(self.home):
            shutil.copytree(self.home, self.work, dirs_exist_ok=True)
            os.chmod(self.work, 0o700)
        else:
            self.make()
            shutil.copytree(self.work, self.home,
                            ignore=lambda d, names: [n for n in names if n.startswith("S.")])
        return self

    def __exit__(self, *reason):
        subprocess.run(["gpgconf", "--homedir", self.work, "--kill", "gpg-agent"],
                       stderr=subprocess.DEVNULL)
        shutil.rmtree(self.work, ignore_errors=True)

    def gpg(self, *arguments, data=b""):
        command = ["gpg", "--homedir", self.work, "--batch", "--quiet", "--no-tty", "--yes",
                   "--no-autostart" if arguments[0] in ("--import", "--export") else "--no-greeting",
                   "--passphrase", "", "--pinentry-mode", "loopback"]
        if self.kind == "expired":  # it lived two days, ten days ago
            then = time.gmtime(time.time() - 864000)
            command += ["--faked-system-time", time.strftime("%Y%m%dT%H%M%S", then)]
        done = subprocess.run(command + list(arguments), input=data, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
        if done.returncode:
            sys.exit(f"mirror.py: {' '.join(command + list(arguments))}: {done.stderr.decode()}")
        return done.stdout

    def make(self):
        expire = "2d" if self.kind == "expired" else "never"
        self.gpg("--quick-generate-key", f"{self.kind} <{self.kind}@mirror.example>", "ed25519",
                 "sign", expire)
        public = self.gpg("--export")
        if self.kind == "revoked":
            public = self.revoked(public)
        if self.kind != "unknown":
            with open(self.keyring, "ab") as f:
                f.write(public)

    def revoked(self, public):
        """The public key with its revocation; ours stays able to sign."""
        directory = os.path.join(self.work, "openpgp-revocs.d")
        with open(os.path.join(directory, os.listdir(directory)[0])) as f:
            certificate = f.read().replace(":-----BEGIN", "-----BEGIN").encode()
        with tempfile.TemporaryDirectory(prefix="gpg.") as other:
            ring = ("--no-default-keyring", "--keyring", os.path.join(other, "public.gpg"))
            self.gpg("--import", *ring, data=public)
            self.gpg("--import", *ring, data=certificate)
            return self.gpg("--export", *ring)

    def sign(self, how, text, digest):
        return self.gpg(how, "--armor", "--allow-weak-digest-algos", "--digest-algo", digest,
                        data=text.encode())


class Signers:
    """Several keys that sign one text together: "good,unknown". The key "bad" is the good one, of another text."""

    def __init__(self, archive, kinds):
        self.kinds = kinds.split(",")
        self.keys = [Keys(archive, "good" if kind == "bad" else kind) for kind in self.kinds]

    def __enter__(self):
        for keys in self.keys:
            keys.__enter__()
        return self

    def __exit__(self, *reason):
        for keys in self.keys:
            keys.__exit__(*reason)

    def sign(self, how, text, digest):
        signed = [keys.sign(how, "X: y\n" + text if kind == "bad" else text, digest)
                  for kind, keys in zip(self.kinds, self.keys)]
        if len(signed) == 1 and self.kinds != ["bad"]:
            return signed[0]
        begin = b"-----BEGIN PGP SIGNATURE-----\n"
        plain = self.keys[0].sign(how, text, digest).split(begin)[0]
        packets = b"".join(self.packets(s.split(begin)[1]) for s in signed)
        return plain + begin + b"\n" + base64.encodebytes(packets) + b"-----END PGP SIGNATURE-----\n"

    @staticmethod
    def packets(block):
        return base64.b64decode(block.split(b"\n=")[0])


# The server ---------------------------------------------------------------------------------------

class Faults:
    """Lines "PATTERN KIND [ARGUMENT]" of DIR/faults, read anew for each request; counters start again
    when the file changes."""

    def __init__(self, path):
        self.path, self.text, self.seen, self.lock = path, None, {}, threading.Lock()

    def of(self, name):
        try:
            with open(self.path) as f:
                text = f.read()
        except FileNotFoundError:
            text = ""
        with self.lock:
            if text != self.text:
                self.text, self.seen = text, {}
            for line in filter(str.strip, text.splitlines()):
                pattern, kind, argument = (line.split() + ["", ""])[:3]
                if not fnmatch.fnmatchcase(name, pattern):
                    continue
                if kind == "fail":
                    self.seen[name] = self.seen.get(name, 0) + 1
                    if self.seen[name] > int(argument or 2):
                        continue
                    return "status", "500"
                return kind, argument
        return "", ""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format, *arguments):
        with open(self.server.log, "a") as f:
            f.write(self.headers.get("Range", "-") + " " + format % arguments + "\n")

    def answer(self, status, content=b"", **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(headers.pop("length", len(content))))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self):
        name = urllib.parse.unquote(self.path.lstrip("/"))  # apt writes %2b for +
        self.note_login(name)
        kind, argument = self.server.faults.of(name)
        path = os.path.join(self.server.root, name)
        if kind == "status":
            return self.answer(int(argument), b"as the test wants\n")
        if kind == "guard" and self.login() != argument:
            return self.answer(403, b"not for you\n")
        if kind == "login" and self.login() != argument:
            return self.answer(401, b"who are you?\n", WWW_Authenticate='Basic realm="test"')
        if kind == "redirect":
            return self.answer(302, Location=argument.replace("{path}", name))
        if kind == "endless":
            return self.endless(argument)
        if ".." in name or not os.path.isfile(path):
            return self.answer(404, b"not here\n")
        with open(path, "rb") as f:
            content = f.read()
        return self.serve(content, kind, argument)

    def endless(self, what):
        """What has no end: the client has to see to that."""
        chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        begin, more, pause = {
            "headers": (b"HTTP/1.1 200 OK\r\n", b"X-More: of it\r\n" * 500, 0),
            "header": (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x" * 10000, 0),
            "drops": (b"HTTP/1.1 200 OK\r\n", b"X-More: of it\r\n", 0.05),
            "continue": (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 100, 0),
            "body": (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 10000, 0),
            "chunks": (chunked, b"2710\r\n" + b"x" * 10000 + b"\r\n", 0),
            "trailers": (chunked + b"1\r\nx\r\n0\r\n", b"X-More: of it\r\n" * 500, 0),
            "extension": (chunked + b"1;x=", b"x" * 10000, 0),
            "extensions": (chunked, b"1;x=" + b"x" * 10000 + b"\r\nx\r\n", 0),
            "redirect": (b"HTTP/1.1 302 Found\r\nLocation: /blob\r\n\r\n", b"x" * 10000, 0),
        }[what]
        self.log_message('"%s" %s -', self.requestline, what)
        self.wfile.write(begin)
        while True:
            self.wfile.write(more)
            self.wfile.flush()
            time.sleep(pause)

    def login(self):
        how, _, text = self.headers.get("Authorization", "").partition(" ")
        return base64.b64decode(text).decode() if how == "Basic" else ""

    def note_login(self, name):
        if "Authorization" in self.headers:
            with open(self.server.logins, "a") as f:
                f.write(f"{self.login()} {name}\n")

    def serve(self, content, kind, argument):
        status, headers, total = 200, {}, len(content)
        if kind == "wrong":
            at = len(content) // 2
            content = content[:at] + bytes([content[at] ^ 1]) + content[at + 1:]
        if kind == "short":
            content = content[: int(argument)]
        wanted = self.headers.get("Range", "")
        if wanted.startswith("bytes=0-") and kind != "norange":
            content = content[: int(wanted[8:]) + 1]
            status, headers = 206, {"Content_Range": f"bytes 0-{len(content) - 1}/{total}"}
        # A part of the file that is shorter than that is all there.
        if kind in ("truncate", "stall") and len(content) > int(argument or 0):
            self.answer(status, content[: int(argument or 0)], length=len(content), **headers)
            self.wfile.flush()
            if kind == "stall":
                time.sleep(600)
            self.close_connection = True
        elif kind == "chunked":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for at in range(0, len(content), 1000):
                part = content[at: at + 1000]
                self.wfile.write(b'%x;name="a;b";other\r\n%s\r\n' % (len(part), part))
            self.wfile.write(b"0;last\r\nX-Trailer: yes\r\nContent-Length: 1\r\n\r\n")
        elif kind == "part":
            self.answer(206, content[: 132], Content_Range="bytes " + argument)
        elif kind == "slow":
            self.answer(status, length=len(content), **headers)
            for at in range(0, len(content), max(1, int(argument) // 20)):
                self.wfile.write(content[at: at + max(1, int(argument) // 20)])
                self.wfile.flush()
                time.sleep(0.05)
        else:
            self.answer(status, content, **headers)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # clients hang up: that is what some tests are about


def serve(directory):
    archive = Archive(directory)
    server = Server(("127.0.0.1", 0), Handler)
    server.root, server.log, server.logins = archive.root, archive.path("access.log"), archive.path("logins.log")
    certificate = archive.path("server.pem")
    if os.path.exists(certificate):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.faults = Faults(archive.path("faults"))
    with open(archive.path("port.new"), "w") as f:
        f.write(str(server.server_port) + "\n")
    os.rename(archive.path("port.new"), archive.path("port"))
    parent = os.getppid()

    def watch():
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
    server.serve_forever()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("init", "add", "add-deb", "publish", "serve"):
        verbs.add_parser(verb).add_argument("directory")
    verbs.choices["init"].add_argument("suite")
    verbs.choices["add-deb"].add_argument("suite")
    verbs.choices["add-deb"].add_argument("deb", nargs="+")
    publish = verbs.choices["publish"]
    publish.add_argument("--date", type=int)
    publish.add_argument("--valid-for", type=int)
    publish.add_argument("--origin")
    publish.add_argument("--label")
    publish.add_argument("--codename")
    publish.add_argument("--key", default="good")
    publish.add_argument("--digest", default="SHA256")
    publish.add_argument("--detached", action="store_true")
    publish.add_argument("--bomb", type=int, default=0)
    publish.add_argument("--flat", metavar="DIRECTORY")
    publish.add_argument("--no-by-hash", dest="by_hash", action="store_false")
    options = parser.parse_args()
    archive = Archive(options.directory)
    if options.verb == "init":
        archive.init(options.suite)
    elif options.verb == "add":
        for fields in stanzas(sys.stdin.read()):
            archive.add(*make_deb(fields))
    elif options.verb == "add-deb":
        for path in options.deb:
            with open(path, "rb") as f:
                archive.add(deb_control(path), {"suite": options.suite}, f.read())
    elif options.verb == "publish":
        archive.publish(options)
    else:
        serve(options.directory)


if __name__ == "__main__":
    main()
