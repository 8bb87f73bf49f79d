#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What an attacker, a bad disk or a careless editor might make of a lock, a package, an index or an archive of
the store. Every mutation changes what the thing means, so every one must be refused.

    mutate.py lock FILE DIR             DIR/NAME for each; prints "NAME CODE", the exit code it deserves
    mutate.py bytes FILE DIR COUNT      the same file with one bit flipped, COUNT times; at fixed places
    mutate.py text FILE DIR COUNT       the same inside the signed text of an InRelease file
    mutate.py archive FILE DIR          of `netrescue store export` (zstd -d | … | zstd)

The seed is fixed: a test that fails, fails again."""

import hashlib
import io
import os
import random
import re
import subprocess
import sys
import tarfile

SEED = 20260829


def flip(data, at, bit):
    return data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1:]


class Out:
    def __init__(self, directory):
        self.directory = directory
        os.makedirs(directory, exist_ok=True)

    def put(self, name, content, code=None):
        with open(os.path.join(self.directory, name), "wb") as f:
            f.write(content)
        print(name if code is None else f"{name} {code}")


# Locks --------------------------------------------------------------------------------------------

def rejoin(head, stanzas):
    """With a sum that fits: what somebody writes who knows the format."""
    body = "".join("\n" + s.rstrip("\n") + "\n" for s in stanzas)
    digest = hashlib.sha256(body.encode()).hexdigest()
    return (re.sub(r"(?m)^Packages-SHA256: .*$", "Packages-SHA256: " + digest, head) + body).encode()


def field(stanza, name, value):
    return re.sub(rf"(?m)^{name}: .*$", f"{name}: {value}", stanza)


def get(stanza, name):
    return re.search(rf"(?m)^{name}: (.*)$", stanza).group(1)


def locks(path, out):
    whole = open(path, "rb").read()
    head, *stanzas = whole.decode().split("\n\n")
    head += "\n"
    dice = random.Random(SEED)

    for n in range(30):
        out.put(f"flip-{n:02}", flip(whole, dice.randrange(len(whole)), dice.randrange(7)), 3)
    for n in range(5):
        out.put(f"cut-{n}", whole[: dice.randrange(1, len(whole) - 1)], 3)
    for n in range(5):  # a stanza is gone, or there twice, and the sum is the old one
        i = dice.randrange(len(stanzas))
        for name, rest in (("gone", stanzas[:i] + stanzas[i + 1:]), ("twice", stanzas[: i + 1] + stanzas[i:])):
            out.put(f"{name}-{n}", (head + "".join("\n" + s.rstrip("\n") + "\n" for s in rest)).encode(), 3)
    lines = whole.decode().split("\n")
    for n in range(5):  # two lines change places
        i = dice.choice([i for i in range(len(lines) - 1) if lines[i] and lines[i + 1]])
        swapped = lines[:i] + [lines[i + 1], lines[i]] + lines[i + 2:]
        out.put(f"swap-lines-{n}", "\n".join(swapped).encode(), 3)
    # From here on the sum fits: the packages themselves must give it away.
    for n in range(5):
        i, j = dice.sample(range(len(stanzas)), 2)
        edited = list(stanzas)
        edited[i] = field(stanzas[i], "SHA256", get(stanzas[j], "SHA256"))
        edited[j] = field(stanzas[j], "SHA256", get(stanzas[i], "SHA256"))
        out.put(f"swap-hashes-{n}", rejoin(head, edited), 3)
    for n in range(3):
        i = dice.randrange(len(stanzas))
        edited = list(stanzas)
        edited[i] = field(stanzas[i], "SHA256", "%064x" % dice.getrandbits(256))
        out.put(f"other-hash-{n}", rejoin(head, edited), 3)
        edited[i] = field(stanzas[i], "Size", int(get(stanzas[i], "Size")) + dice.choice((-1, 1)))
        out.put(f"other-size-{n}", rejoin(head, edited), 3)
        edited[i] = field(stanzas[i], "Path", get(stanzas[(i + 1) % len(stanzas)], "Path"))
        out.put(f"other-path-{n}", rejoin(head, edited), 3)
        edited[i] = field(stanzas[i], "Path", "pool/main/none.deb")
        out.put(f"no-path-{n}", rejoin(head, edited), 4)
    edited = list(stanzas)
    edited[0] = field(stanzas[0], "Path", "../../../etc/passwd")
    out.put("outside", rejoin(head, edited), 3)
    for n, seconds in enumerate((-1, 1, 86400)):
        epoch = int(get(head, "Source-Date-Epoch")) + seconds
        out.put(f"epoch-{n}", rejoin(field(head, "Source-Date-Epoch", epoch), stanzas), 3)
    out.put("digest", rejoin(field(head, "Recipe-SHA256", "0" * 64), stanzas), 3)
    out.put("empty", b"", 3)


# Bytes --------------------------------------------------------------------------------------------

def flips(path, out, count):
    whole = open(path, "rb").read()
    dice = random.Random(SEED + len(whole))
    for n in range(count):
        out.put(f"flip-{n:02}", flip(whole, dice.randrange(len(whole)), dice.randrange(8)))


def signed(path, out, count):
    whole = open(path, "rb").read()
    start = whole.index(b"\n\n") + 2
    # White space at line ends is not signed (RFC 9580, 7.2), and the last line end is not, either.
    places = [i for i in range(start, whole.index(b"-----BEGIN PGP SIGNATURE") - 1)
              if whole[i: i + 1].isalnum()]
    dice = random.Random(SEED)
    for n in range(count):
        at = dice.choice(places)
        out.put(f"text-{n:02}", whole[:at] + (b"0" if whole[at: at + 1] != b"0" else b"1") + whole[at + 1:])


# Archives of the store ----------------------------------------------------------------------------

def archives(path, out):
    raw = subprocess.run(["zstd", "-dcq", path], check=True, stdout=subprocess.PIPE).stdout
    tar = tarfile.open(fileobj=io.BytesIO(raw))
    good = [(m, tar.extractfile(m).read()) for m in tar.getmembers()]

    def put(name, members, cut=None):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as t:
            for info, content in members:
                t.addfile(info, io.BytesIO(content) if info.isreg() else None)
        packed = subprocess.run(["zstd", "-1cq"], input=buffer.getvalue()[:cut], check=True, stdout=subprocess.PIPE)
        out.put(name, packed.stdout)

    def member(name, content=b"", kind=tarfile.REGTYPE, link=""):
        info = tarfile.TarInfo(name)
        info.type, info.linkname, info.size = kind, link, len(content)
        return info, content

    blobs = [i for i, (m, _) in enumerate(good) if m.name.startswith("sha256/")]
    names = [good[i][0].name for i in blobs]
    put("no-lock", good[1:])
    put("lock-twice", good[:1] + good)
    put("lock-last", good[1:] + good[:1])
    put("package-gone", good[:-1])
    put("packages-gone", good[: blobs[0]])
    put("package-twice", good + good[-1:])
    put("out-of-order", good[: blobs[0]] + [good[i] for i in reversed(blobs)])
    put("other-bytes", good[:-1] + [member(names[-1], flip(good[-1][1], 100, 3))])
    put("shorter", good[:-1] + [member(names[-1], good[-1][1][:-1])])
    put("longer", good[:-1] + [member(names[-1], good[-1][1] + b"\0")])
    put("other-lock", [member("lock", flip(good[0][1], len(good[0][1]) - 200, 1))] + good[1:])
    put("half-a-lock", [member("lock", good[0][1].rsplit(b"\n\n", 1)[0] + b"\n")] + good[1:])
    put("stranger", good + [member("sha256/" + "f" * 64, b"x")])
    put("readme", good + [member("zz", b"x")])
    put("climbs", good + [member("sha256/../../x", b"x")])
    put("absolute", good + [member("/etc/x", b"x")])
    put("link", good[:-1] + [member(names[-1], kind=tarfile.SYMTYPE, link="/etc/passwd")])
    put("hard-link", good[:-1] + [member(names[-1], kind=tarfile.LNKTYPE, link=names[0])])
    put("directory", good + [member("sha256/zz", kind=tarfile.DIRTYPE)])
    put("fifo", good[:-1] + [member(names[-1], kind=tarfile.FIFOTYPE)])
    put("other-index", good[:1] + [member("index/Debian:sid", b"x")] + good[1:])
    put("cut-short", good, cut=good[-1][0].offset_data + good[-1][0].size // 2)
    out.put("cut-compressed", open(path, "rb").read()[:-2000])
    out.put("not-compressed-twice", raw[:512])
    out.put("not-an-archive", b"hello\n" * 1000)


def main():
    kind, path, out = sys.argv[1], sys.argv[2], Out(sys.argv[3])
    if kind == "lock":
        locks(path, out)
    elif kind == "bytes":
        flips(path, out, int(sys.argv[4]))
    elif kind == "text":
        signed(path, out, int(sys.argv[4]))
    elif kind == "archive":
        archives(path, out)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
