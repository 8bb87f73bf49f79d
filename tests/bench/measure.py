# SPDX-License-Identifier: MIT
"""Runs a command and says what it took: wall time, processor time of all that it started, and peak memory.

Processor time is wait4(2)'s, as GNU time prints it. Memory is read ten times a second from smaps_rollup (proc(5)) of the
command and all its descendants and added up: pages that several processes share count once (Pss), pages of a tmpfs do
not count, as they are the tree or the packages and not the builder. `own` tells the processes of certain programs from
the rest, by what they execute: for netrescue these are the builder, its workers and the helper that holds the sandbox,
and the rest is what runs in there.
"""

import os
import subprocess
import threading
import time

INTERVAL = 0.1


class Sampler(threading.Thread):
    """Peaks of memory, in bytes: `own` and `all` at one moment, `largest` of one process of its own."""

    def __init__(self, pid, own):
        super().__init__(daemon=True)
        self.own_files = {identity(path) for path in own}
        self.known, self.strangers = {pid}, set()
        self.own = self.all = self.largest = 0
        self.ended = threading.Event()

    def run(self):
        while not self.ended.wait(INTERVAL):
            self.find()
            self.sample()

    def find(self):
        """Adds new descendants. A number that was a stranger's may come back as one of ours, after 32,768 others."""
        present = {int(name) for name in os.listdir("/proc") if name.isdigit()}
        self.strangers &= present
        self.known &= present
        parents = {pid: parent_of(pid) for pid in present - self.known - self.strangers}
        more = True
        while more:
            found = {pid for pid, parent in parents.items() if parent in self.known} - self.known
            self.known |= found
            more = bool(found)
        self.strangers |= set(parents) - self.known

    def sample(self):
        own = total = 0
        for pid in self.known:
            used = memory_of(pid)
            total += used
            if identity(f"/proc/{pid}/exe") in self.own_files:
                own += used
                self.largest = max(self.largest, used)
        self.own, self.all = max(self.own, own), max(self.all, total)


def identity(path):
    try:
        st = os.stat(path)
    except OSError:
        return None
    return st.st_dev, st.st_ino


def parent_of(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return int(f.read().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return None


def memory_of(pid):
    try:
        with open(f"/proc/{pid}/smaps_rollup") as f:
            values = dict(line.split(":", 1) for line in f.readlines()[1:])
    except OSError:  # it has ended
        return 0
    kilobytes = {name: int(value.split()[0]) for name, value in values.items()}
    return 1024 * (kilobytes.get("Pss", 0) - kilobytes.get("Pss_Shmem", 0))


def measure(command, log, own=(), env=None, stdout=None):
    """Returns seconds and bytes, by name. The command's messages go to the file `log`; if it fails, so does this."""
    with open(log, "wb") as messages:
        began = time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout or messages, stderr=messages, env=env)
        sampler = Sampler(process.pid, own)
        sampler.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    sampler.ended.set()
    sampler.join()
    if process.returncode:
        with open(log, errors="replace") as f:
            end = "".join(f.readlines()[-20:])
        raise RuntimeError(f"{' '.join(command)}: exit status {process.returncode}\n{end}")
    return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "memory": sampler.all, "own": sampler.own,
            "largest": sampler.largest}
