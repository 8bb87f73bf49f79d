#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A result of a few kilobytes, as `netrescue build` leaves it, for tests of what happens to results afterwards.

    small-result.py DIR RECIPE VERSION SERVER [KEY=VALUE...]

SERVER is the directory that a server has in the place of /srv/pxe. Keys: files=N more files in the root file system,
size=BYTES of each, title=TEXT of the rescue entry, loader=TEXT inside pxelinux.0, client=MAC with a start of its own.
The root file system has what only root can unpack: owners, a setuid program, a capability, an access list, a hard link.
"""
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile

# cap_net_raw=ep, as setcap(8) writes it: VFS_CAP_REVISION_2, effective; bit 13
CAPABILITY = bytes.fromhex("0100000200200000000000000000000000000000")


def member(tar, name, kind=tarfile.REGTYPE, data=b"", **more):
    info = tarfile.TarInfo(name)
    info.type, info.size, info.mtime = kind, len(data), 1700000000
    info.mode = more.pop("mode", 0o755 if kind == tarfile.DIRTYPE else 0o644)
    for key, value in more.items():
        setattr(info, key, value)
    tar.addfile(info, io.BytesIO(data))


def root_tar(name, version, files, size):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for directory in ("./", "./etc", "./usr", "./usr/bin", "./var"):
            member(tar, directory, tarfile.DIRTYPE)
        member(tar, "./etc/version", data=f"{name} {version}\n".encode())
        member(tar, "./etc/shadow", data=b"root:*:\n", mode=0o640, gid=42)
        member(tar, "./usr/bin/su", data=b"su\n", mode=0o4755)
        member(tar, "./usr/bin/ping", data=b"ping\n", mode=0o755,
               pax_headers={"SCHILY.xattr.security.capability": CAPABILITY.decode("utf-8", "surrogateescape")})
        member(tar, "./usr/bin/ping4", tarfile.LNKTYPE, linkname="./usr/bin/ping")
        member(tar, "./bin", tarfile.SYMTYPE, linkname="usr/bin")
        member(tar, "./var/owned", data=b"x", uid=1234, gid=4321)
        for i in range(files):
            block = hashlib.sha256(f"{version} {i}".encode()).digest()
            member(tar, f"./var/{i}", data=(block * (size // 32 + 1))[:size])
    return out.getvalue()


def manifest_of(name, version, server, options, tar):
    kernel = f"kernel/{name}/{version}"
    append = f"root=/dev/nfs ip=dhcp nfsroot={server}/{name}/{version},timeo=600,retrans=2 ro rescue.overlay=50%"
    entries = [
        {"kind": "local", "label": "local", "title": "Boot locally"},
        {"kind": "rescue", "label": "rescue", "title": options.get("title", "Rescue system"),
         "kernel": f"{kernel}/vmlinuz", "initrd": f"{kernel}/initrd.img", "append": append},
        {"kind": "memtest", "label": "memtest", "title": "Memory test", "kernel": "kernel/memtest86/memtest86"},
    ]
    clients = {options["client"]: {"entry": "rescue", "timeout": 50}} if "client" in options else {}
    return {
        "format": 1, "recipe": name, "version": version,
        "rootfs": {"tar-sha256": hashlib.sha256(tar).hexdigest(), "tar-size": len(tar)},
        "settings": {"nfs-path": f"{server}/{name}"},
        "server": {"tftp-root": f"{server}/tftp"},
        "firmware": ["bios", "uefi"],
        "menu": {"title": "Network boot", "entries": entries, "default": {"entry": "local", "timeout": 300},
                 "clients": clients},
    }


def main(directory, name, version, server, *options):
    options = dict(option.split("=", 1) for option in options)
    tar = root_tar(name, version, int(options.get("files", 0)), int(options.get("size", 1)))
    files = {
        f"{name}.lock": f"Lock of {name} {version}\n".encode(),
        "rootfs.tar.zst": subprocess.run(["zstd", "-qc"], input=tar, stdout=subprocess.PIPE, check=True).stdout,
        f"tftp/kernel/{name}/{version}/vmlinuz": f"kernel of {version}\n".encode(),
        f"tftp/kernel/{name}/{version}/initrd.img": f"initramfs of {version}\n".encode(),
        "tftp/kernel/memtest86/memtest86": b"memory test\n",
        "tftp/pxelinux.0": f"PXELINUX {options.get('loader', '')}\n".encode(),
        "tftp/ldlinux.c32": f"ldlinux {options.get('loader', '')}\n".encode(),
        "tftp/efi64/shimx64.efi": b"shim\n",
        f"tftp/menu/{version}/pxelinux.cfg/default": b"# not what deploy makes\n",
    }
    for path, content in files.items():
        os.makedirs(os.path.dirname(os.path.join(directory, path)), exist_ok=True)
        with open(os.path.join(directory, path), "wb") as out:
            out.write(content)

    manifest = manifest_of(name, version, server, options, tar)
    manifest["lock-sha256"] = hashlib.sha256(files[f"{name}.lock"]).hexdigest()
    manifest["files"] = [
        {"path": path, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for path, content in sorted(files.items())
    ]
    files["manifest.json"] = (json.dumps(manifest, indent=2) + "\n").encode()
    with open(os.path.join(directory, "manifest.json"), "wb") as out:
        out.write(files["manifest.json"])
    with open(os.path.join(directory, "SHA256SUMS"), "w", encoding="ascii") as out:
        for path, content in sorted(files.items()):
            out.write(f"{hashlib.sha256(content).hexdigest()}  {path}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
