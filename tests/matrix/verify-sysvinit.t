#!/bin/bash
# SPDX-License-Identifier: MIT
# rescue64-sysvinit: the same bytes, whoever builds it.
exec bash tests/real/verify.t recipes/rescue64-sysvinit.yaml
