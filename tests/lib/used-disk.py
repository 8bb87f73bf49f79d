#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A disk as a machine to be rescued has it, made without root and without LVM or mdadm: used-disk.py FILE

    1  ext4                       2  swap
    3  LVM: group used, volume data, with an ext4     4  md: RAID 1 with one member, with an ext4

All of it is whole and clean: whatever activates what it finds would activate this. Each ext4 is labelled after where
it is: used-plain, used-lvm, used-md. mke2fs and mkswap make theirs; the rest is written as the formats say: lvm2's
lib/format_text/layout.h and lib/label/label.h, Linux's include/uapi/linux/raid/md_p.h.
"""

import os
import struct
import subprocess
import sys
import zlib

MIB = 1 << 20
SECTOR = 512
PART = 16 * MIB
DATA = MIB          # where LVM's and md's data begin in their partition
EXTENT = 4 * MIB
TYPES = (0x83, 0x82, 0x8E, 0xFD)
TIME = 1700000000


def partition_table():
    table = bytearray(SECTOR)
    for i, kind in enumerate(TYPES):
        struct.pack_into("<B3sB3sII", table, 446 + 16 * i, 0, b"\xfe\xff\xff", kind, b"\xfe\xff\xff",
                         (MIB + i * PART) // SECTOR, PART // SECTOR)
    table[510:] = b"\x55\xaa"
    return bytes(table)


# LVM ----------------------------------------------------------------------------------------------

def lvm_crc(data):
    """crc32 without the final inversion, from a start value of its own."""
    return zlib.crc32(data, 0xF597A6CF ^ 0xFFFFFFFF) ^ 0xFFFFFFFF


def lvm_uuid(letter):
    return "-".join(letter * n for n in (6, 4, 4, 4, 4, 4, 6))


def lvm_text():
    return f"""used {{
id = "{lvm_uuid("g")}"
seqno = 1
format = "lvm2"
status = ["RESIZEABLE", "READ", "WRITE"]
flags = []
extent_size = {EXTENT // SECTOR}
max_lv = 0
max_pv = 0
metadata_copies = 0
physical_volumes {{
pv0 {{
id = "{lvm_uuid("p")}"
device = "/dev/sda3"
status = ["ALLOCATABLE"]
flags = []
dev_size = {PART // SECTOR}
pe_start = {DATA // SECTOR}
pe_count = {(PART - DATA) // EXTENT}
}}
}}
logical_volumes {{
data {{
id = "{lvm_uuid("v")}"
status = ["READ", "WRITE", "VISIBLE"]
flags = []
segment_count = 1
segment1 {{
start_extent = 0
extent_count = 2
type = "striped"
stripe_count = 1
stripes = ["pv0", 0]
}}
}}
}}
}}
contents = "Text Format Volume Group"
version = 1
description = ""
creation_host = "used"
creation_time = {TIME}
""".encode() + b"\0"


def lvm():
    part, area = bytearray(PART), 4096
    label = bytearray(SECTOR)
    struct.pack_into("<8sQII8s", label, 0, b"LABELONE", 1, 0, 32, b"LVM2 001")
    # data areas, up to an empty one; metadata areas, up to an empty one; version and flags of the extension
    struct.pack_into("<32sQ QQ16x QQ16x II", label, 32, b"p" * 32, PART, DATA, 0, area, DATA - area, 1, 0)
    struct.pack_into("<I", label, 16, lvm_crc(label[20:]))
    part[SECTOR:2 * SECTOR] = label
    text = lvm_text()
    header = bytearray(SECTOR)
    struct.pack_into("<16sIQQ QQII", header, 4, b"\x20LVM2\x20x[5A%r0N*>", 1, area, DATA - area,
                     SECTOR, len(text), lvm_crc(text), 0)
    struct.pack_into("<I", header, 0, lvm_crc(header[4:]))
    part[area:area + SECTOR] = header
    part[area + SECTOR:area + SECTOR + len(text)] = text
    part[DATA:DATA + 2 * EXTENT] = ext4("used-lvm", 2 * EXTENT)
    return part


# md -----------------------------------------------------------------------------------------------

def md():
    part, roles = bytearray(PART), 128
    sectors = (PART - DATA) // SECTOR
    block = bytearray(256 + 2 * roles)
    struct.pack_into("<IIII16s32s", block, 0, 0xA92B4EFC, 1, 0, 0, b"U" * 16, b"used:0")
    struct.pack_into("<QiiQII", block, 64, TIME, 1, 0, sectors, 0, 1)
    struct.pack_into("<QQQQII16s", block, 128, DATA // SECTOR, sectors, 4096 // SECTOR, 0, 0, 0, b"D" * 16)
    # in sync from end to end
    struct.pack_into("<QQQII", block, 192, TIME, 2, 0xFFFFFFFFFFFFFFFF, 0, roles)
    struct.pack_into(f"<{roles}H", block, 256, 0, *[0xFFFF] * (roles - 1))
    total = sum(struct.unpack(f"<{len(block) // 4}I", block))
    struct.pack_into("<I", block, 216, ((total & 0xFFFFFFFF) + (total >> 32)) & 0xFFFFFFFF)
    part[4096:4096 + len(block)] = block
    part[DATA:] = ext4("used-md", PART - DATA)
    return part


# by the usual tools -------------------------------------------------------------------------------

def made_by(size, *command):
    path = sys.argv[1] + ".part"
    with open(path, "wb") as f:
        f.truncate(size)
    done = subprocess.run([*command, path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        sys.exit(f"{command[0]}: {done.stdout.decode()}")
    with open(path, "rb") as f:
        made = f.read()
    os.unlink(path)
    return made


def ext4(label, size):
    return made_by(size, "mke2fs", "-q", "-F", "-t", "ext4", "-L", label)


def main():
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    with open(sys.argv[1], "wb") as f:
        f.write(partition_table().ljust(MIB, b"\0"))
        f.write(ext4("used-plain", PART))
        f.write(made_by(PART, "mkswap", "-L", "used-swap"))
        f.write(lvm())
        f.write(md())


main()
