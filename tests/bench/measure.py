# SPDX-License-Identifier: MIT
"""Runs a command and says what it took: wall time, processor time of all that it started, and peak memory.

Processor time is wait4(2)'s, as GNU time prints it. The command is started by GNU time, which says how much the largest
process of all had (maxrss); as that counts from the fork on, and this program may be large, it has to be forked by a
small one. What all of them had together is read ten times a second from smaps_rollup (proc(5)) of the
command and all its descendants and added up: pages that several processes share count once (Pss). `own` tells the
processes of certain programs from the rest, by what they execute: for netrescue these are the builder, its workers and
the helper that holds the sandbox, and the rest is what runs in there. Of the rest, pages of a tmpfs do not count, which
are programs of the tree; of its own they do, where it has mapped them, as it does with indices in its store.
"""

import os
import signal
import subprocess
import tempfile
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
            used, shared = memory_of(pid)
            if identity(f"/proc/{pid}/exe") in self.own_files:
                own += used
                self.largest = max(self.largest, used)
            else:
                used -= shared
            total += used
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
    """Bytes of a process, and how many of these are pages of a tmpfs or otherwise shared memory."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as f:
            values = dict(line.split(":", 1) for line in f.readlines()[1:])
    except OSError:  # it has ended
        return 0, 0
    return tuple(1024 * int(values[name].split()[0]) if name in values else 0 for name in ("Pss", "Pss_Shmem"))


def measure(command, log, own=(), env=None, stdout=None):
    """Returns seconds and bytes, by name. The command's messages go to the file `log`; if it fails, so does this."""
    with open(log, "wb") as messages, tempfile.NamedTemporaryFile("r", prefix="netrescue-bench-time.") as said:
        began = time.monotonic()
        process = subprocess.Popen(["/usr/bin/time", "--quiet", "-f", "%M", "-o", said.name, *command],
                                   stdin=subprocess.DEVNULL, stdout=stdout or messages, stderr=messages, env=env,
                                   start_new_session=True)
        sampler = Sampler(process.pid, own)
        sampler.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:  # whoever sits there has interrupted it
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()
            raise
        wall = time.monotonic() - began
        largest = said.read().strip()
    process.returncode = os.waitstatus_to_exitcode(status)
    sampler.ended.set()
    sampler.join()
    if process.returncode:
        with open(log, errors="replace") as f:
            end = "".join(f.readlines()[-20:])
        raise RuntimeError(f"{' '.join(command)}: exit status {process.returncode}\n{end}")
    return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "memory": sampler.all, "own": sampler.own,
            "largest": sampler.largest, "maxrss": 1024 * int(largest)}
