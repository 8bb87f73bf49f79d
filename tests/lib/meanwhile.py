#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Changes a file while a program is at a stage of its work.

    meanwhile.py STAGE FILE COMMAND…

COMMAND prints progress as JSON lines (--json). A newline is added to FILE while the stage's start is on its
way, as in interrupt.py: the program cannot have told the stage's end yet, however busy the machine is.

Prints what COMMAND prints and exits as it does; with 99 if the stage never came.
"""

import json
import os
import sys

from interrupt import peek, start


def starts(line, stage):
    event = json.loads(line)
    return event["event"] == "start" and event["stage"] == stage


def main():
    stage, path = sys.argv[1:3]
    program, pipe = start(sys.argv[3:])
    changed = False
    while waiting := peek(pipe):
        if not changed and any(starts(line, stage) for line in waiting.splitlines()):
            with open(path, "ab") as f:
                f.write(b"\n")
            changed = True
        sys.stdout.buffer.write(os.read(pipe, len(waiting)))
    status = program.wait()
    sys.exit(status if changed else 99)


if __name__ == "__main__":
    main()
