#!/bin/bash
# SPDX-License-Identifier: MIT
#
# `boot` for a person at a terminal: the menu appears there and obeys its keys, Ctrl-A X switches the machine off, and the
# terminal is as it was.
. tests/lib/tap.sh
. tests/lib/image.sh
plan 4

image_shared recipes/minimal.yaml
cat >"$scratch/person.py" <<'.'
import os, pty, select, sys, termios, time

def main():
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.pop("DISPLAY", None)
        os.environ.pop("WAYLAND_DISPLAY", None)
        os.execvp(sys.argv[1], sys.argv[1:])
    before = termios.tcgetattr(fd)
    seen = b""
    keys = [(b"Minimal Debian (serial console)", b"\x1b[B\r"), (b"Linux version", b"\x01x")]
    end = time.monotonic() + 600
    while time.monotonic() < end:
        if not select.select([fd], [], [], 1)[0]:
            continue
        try:
            piece = os.read(fd, 4096)
        except OSError:
            break
        seen += piece
        if keys and keys[0][0] in seen:
            os.write(fd, keys.pop(0)[1])
    else:
        os.kill(pid, 15)
    same = True
    try:
        same = termios.tcgetattr(fd)[:4] == before[:4]
    except termios.error:
        pass
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    sys.stdout.buffer.write(seen)
    print(f"\nkeys left {len(keys)}, status {status}, terminal {'same' if same else 'changed'}")

main()
.
run python3 "$scratch/person.py" "$NETRESCUE" boot "$image" --simple --store "$image_store"
ok 'the menu is on the terminal' grep -aq 'Minimal Debian (serial console)' <<<"$stdout"
ok 'a key chooses the entry that talks there' grep -aq 'Linux version' <<<"$stdout"
like "$stdout" 'keys left 0, status 0' 'Ctrl-A X ends it, and that is no failure'
like "$stdout" 'terminal same' 'the terminal is as it was'
