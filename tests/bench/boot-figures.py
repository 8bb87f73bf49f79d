#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What tests/bench/boot prints of one client: "PROMPT PROCESSOR TFTP NFS", all from power-on to root's shell on tty1.

boot-figures.py JSON PROCESSOR PCAP: what `netrescue boot --json` has printed, with a line "shell SECONDS-AGO" of its
script; lines "TIME TICKS" of its QEMU; and the client's packets, of which the lab keeps the first bytes.
"""

import json
import os
import struct
import sys

TFTP_DATA, NFS_PORT = 3, 2049


def phases(path):
    """When the shell began, and when the card sent its first packet."""
    ago = prompt = firmware = None
    for line in open(path):
        o = json.loads(line)
        if o["event"] == "output" and o["line"].startswith("shell "):
            ago = float(o["line"].split()[1])
        elif o["event"] == "phase" and o["phase"] == "script":
            prompt = o["at"] - ago
        elif o["event"] == "phase" and o["phase"] == "firmware":
            firmware = o["at"]
    return prompt, firmware


def processor_at(path, when):
    """Seconds of processor, so many seconds after the first line."""
    start, used = None, 0
    for line in open(path):
        now, ticks = line.split()
        start = start or float(now)
        if float(now) - start > when:
            break
        used = int(ticks)
    return used / os.sysconf("SC_CLK_TCK")


def packets(path):
    """Time and IPv4 packet of each, cut short; pcap(5) in this machine's byte order."""
    with open(path, "rb") as file:
        file.seek(24)
        while len(header := file.read(16)) == 16:
            seconds, fraction, kept, _ = struct.unpack("=IIII", header)
            frame = file.read(kept)
            if len(frame) >= 34 and frame[12:14] == b"\x08\x00":
                yield seconds + fraction / 1e6, frame[14:]


def bytes_until(path, after_first):
    """Bytes of IPv4 packets by TFTP and by NFS, until so many seconds after the first packet of all."""
    tftp = nfs = 0
    end = None
    for when, ip in packets(path):
        end = end or when + after_first
        if when > end:
            break
        payload = ip[(ip[0] & 15) * 4 :]
        size = struct.unpack(">H", ip[2:4])[0]
        if ip[9] == 6 and NFS_PORT in struct.unpack(">HH", payload[:4]):
            nfs += size
        elif ip[9] == 17 and payload[8:10] == struct.pack(">H", TFTP_DATA):
            tftp += size
    return tftp / 1e6, nfs / 1e6


prompt, firmware = phases(sys.argv[1])
tftp, nfs = bytes_until(sys.argv[3], prompt - firmware)
print(f"{prompt:.1f} {processor_at(sys.argv[2], prompt):.1f} {tftp:.1f} {nfs:.1f}")
