#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""swap-rebuild.py USER RESULT SECONDS: as that user, puts RESULT in the place of what `verify` rebuilds.

Run as root, it becomes USER first. It waits until a rebuild is complete, stops all of the user's processes that build,
copies every file of RESULT over the rebuild's, and lets them go on. Says what it has swapped.
"""
import glob
import os
import pwd
import shutil
import signal
import sys
import time

PLACES = [os.environ.get("TMPDIR", "/tmp"), "/dev/shm", "/run", "/tmp", "/var/tmp"]


def builders():
    """Processes of this user's, but for this one, that have to do with netrescue."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                command = f.read()
            if os.stat(f"/proc/{pid}").st_uid == os.getuid() and int(pid) != os.getpid() and b"netrescue" in command:
                yield int(pid)
        except OSError:
            pass


def tell(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except OSError:
            pass


def swap(rebuild, result):
    stopped = list(builders())
    tell(stopped, signal.SIGSTOP)
    for folder, _, names in os.walk(result):
        for name in names:
            path = os.path.join(rebuild, os.path.relpath(os.path.join(folder, name), result))
            if not os.path.islink(path):
                os.unlink(path)
                shutil.copy(os.path.join(folder, name), path)
    print("swapped", rebuild, flush=True)
    tell(stopped, signal.SIGCONT)


def main():
    user, result, seconds = pwd.getpwnam(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    os.setgroups([])
    os.setresgid(user.pw_gid, user.pw_gid, user.pw_gid)
    os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for place in PLACES:
            for rebuild in glob.glob(place + "/netrescue-verify.*/*/2*"):
                if os.path.exists(rebuild + "/SHA256SUMS"):
                    swap(rebuild, result)
                    return
        time.sleep(0.002)


main()
