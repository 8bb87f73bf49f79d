#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What a machine asked for, out of a capture file (pcap) of its Ethernet card.

Prints one line for each: "tftp FILE" for a read request, "tcp ADDRESS:PORT" for a connection that was
begun. In order, doubles left out.
"""
import struct
import sys


def frames(data):
    """The frames of a capture; one that is still being written ends it."""
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    at = 24
    while at + 16 <= len(data):
        (size,) = struct.unpack(order + "I", data[at + 8 : at + 12])
        if at + 16 + size > len(data):
            return
        yield data[at + 16 : at + 16 + size]
        at += 16 + size


def asked(frame):
    """The request in a frame, or None. RFC 791, 768, 793, 1350."""
    if frame[12:14] != b"\x08\x00":
        return None
    packet = frame[14:]
    payload = packet[(packet[0] & 15) * 4 :]
    if len(payload) < 14:
        return None
    address = ".".join(str(byte) for byte in packet[16:20])
    port = struct.unpack(">H", payload[2:4])[0]
    if packet[9] == 17 and port == 69 and payload[8:10] == b"\0\1":
        return "tftp " + payload[10:].split(b"\0")[0].decode("ascii", "replace")
    if packet[9] == 6 and payload[13] & 0x12 == 2:
        return f"tcp {address}:{port}"
    return None


def main():
    with open(sys.argv[1], "rb") as file:
        data = file.read()
    seen = {}
    for frame in frames(data):
        request = asked(frame)
        if request and request not in seen:
            seen[request] = True
            print(request)


main()
