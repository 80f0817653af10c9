#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Everything from a fresh machine to the test results: installs missing packages, builds, runs the tests.
# Arguments go to ctest, such as -L unit. Tests labelled `long` run with WRN_LONG_TESTS=1 only.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install_packages.sh test
cmake --preset release
cmake --build --preset release

skip=(-LE '^long$')
if [ "${WRN_LONG_TESTS:-0}" = 1 ]; then skip=(); fi
exec ctest --preset release --parallel "$(nproc)" "${skip[@]}" "$@"
