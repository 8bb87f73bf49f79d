#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sends a signal to a program at a stage of its work, and looks what is left of it.

    interrupt.py STAGE[+SECONDS] SIGNAL COMMAND…

COMMAND prints progress as JSON lines (--json). The signal is sent while the stage's start is on its way:
standard output is a pipe with room for one line, and the line stays in it until the signal is sent. So the
program cannot have told the stage's end yet, however fast it is. With +SECONDS, so much later.

Prints "status N" (128 + signal if that ended it), "event NAME STAGE" of the last line it wrote, "after
SECONDS" it took to end, and "left PID COMMAND" for each process that it left: at once, or, if it was
killed with SIGKILL, after at most ten seconds. Processes that are left are killed.
"""

import ctypes
import fcntl
import json
import os
import signal
import subprocess
import sys
import time

libc = ctypes.CDLL(None, use_errno=True)
PR_SET_CHILD_SUBREAPER = 36
PATIENCE = 10


def peek(pipe):
    """The line that waits in the pipe, left there; b"" at its end."""
    copy, into = os.pipe()
    size = libc.tee(pipe, into, 65536, 0)
    os.close(into)
    if size < 0:
        raise OSError(ctypes.get_errno(), "tee")
    with os.fdopen(copy, "rb") as f:
        return f.read(size)


def start(command):
    """The program, and the pipe with room for one line that is its standard output."""
    pipe, into = os.pipe2(os.O_DIRECT | os.O_CLOEXEC)
    fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 4096)
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=into)
    os.close(into)
    return program, pipe


def stop(program, number, seconds):
    if seconds:
        time.sleep(seconds)
    program.send_signal(number)
    return time.monotonic()


def follow(program, pipe, stage, number, seconds):
    """Reads all it writes; returns when the signal was sent, and the last line as words."""
    sent, last = None, "none none"
    while True:
        waiting = peek(pipe)
        for line in waiting.splitlines():
            event = json.loads(line)
            last = f"{event['event']} {event.get('stage', '-')}"
            if sent is None and last == f"start {stage}":
                if seconds:  # it has to go on meanwhile
                    os.read(pipe, len(waiting))
                    waiting = b""
                sent = stop(program, number, seconds)
        if waiting:
            os.read(pipe, len(waiting))
        elif not seconds or peek(pipe) == b"":
            return sent, last


def descendants():
    """Processes below this one, all of which come to be its children when their parents end."""
    by_parent, found, todo = {}, [], [os.getpid()]
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as f:
                before, _, after = f.read().rpartition(")")
        except OSError:
            continue
        state, parent = after.split()[:2]
        if state != "Z":
            by_parent.setdefault(int(parent), []).append((int(name), before.partition("(")[2]))
    while todo:
        for child in by_parent.get(todo.pop(), []):
            found.append(child)
            todo.append(child[0])
    return found


def main():
    place, name = sys.argv[1:3]
    stage, _, seconds = place.partition("+")
    number = signal.Signals["SIG" + name]
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0:
        sys.exit("interrupt.py: cannot adopt orphans")
    program, pipe = start(sys.argv[3:])
    sent, last = follow(program, pipe, stage, number, float(seconds or 0))
    status = program.wait()
    ended = time.monotonic()
    patience = PATIENCE if number == signal.SIGKILL else 0
    while descendants() and time.monotonic() < ended + patience:
        time.sleep(0.05)
    print("status", status if status >= 0 else 128 - status)
    print("event", last)
    print("after", f"{ended - sent:.1f}" if sent else "never")
    for pid, command in descendants():
        print("left", pid, command)
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
