#!/bin/bash
# SPDX-License-Identifier: MIT
# rescue64 built again in the other sandbox, with its own kernel, 400 days later: the same bytes. Without KVM this takes
# a quarter of an hour.
exec bash tests/real/verify.t recipes/rescue64.yaml guestfs
