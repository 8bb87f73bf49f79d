#!/bin/bash
# SPDX-License-Identifier: MIT
# rescue64-bookworm: the same bytes, whoever builds it.
exec bash tests/real/verify.t recipes/rescue64-bookworm.yaml
