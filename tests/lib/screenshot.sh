# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
#	screenshot FILE		fails unless it is a PNG as large as a screen, with something on it

# The signature and IHDR (RFC 2083), then the pixels: more than one colour.
screenshot() {
	python3 - "$1" <<'END'
import struct, sys, zlib

data = open(sys.argv[1], "rb").read()
assert data[:8] == b"\x89PNG\r\n\x1a\n", "no PNG"
width, height = struct.unpack(">II", data[16:24])
assert data[12:16] == b"IHDR" and 640 <= width <= 1920 and 350 <= height <= 1200, f"{width}x{height}"
at, pixels = 8, b""
while at < len(data):
    (size,) = struct.unpack(">I", data[at:at + 4])
    if data[at + 4:at + 8] == b"IDAT":
        pixels += data[at + 8:at + 8 + size]
    at += size + 12
raw = zlib.decompress(pixels)
assert len(raw) > width * height // 8, "cut short"
assert len(set(raw)) > 4 and raw.count(raw[len(raw) // 2]) < len(raw) * 0.999, "nothing is on it"
END
}
