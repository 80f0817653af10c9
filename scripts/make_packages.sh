#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the Debian packages: libwrn0, libwrn-train0, libwrn-dev and wrn-tools. The same sources and tools give the same bytes.
#   make_packages.sh OUTPUT_FOLDER [BUILD_FOLDER [CMAKE ARGUMENT...]]
set -euo pipefail
cd "$(dirname "$0")/.."
for tool in dpkg-shlibdeps file; do command -v $tool >/dev/null || { echo "no $tool here: scripts/install_packages.sh deb" >&2; exit 1; }; done
if [ $# = 0 ]; then sed -n '3,4s/^# \{0,1\}//p' "$0" >&2; exit 1; fi
output=$(mkdir -p "$1" && cd "$1" && pwd)
build=${2:-build/packages}
shift $(($# < 2 ? $# : 2))
export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}"
umask 022

cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=/usr -DWRN_TESTS=OFF -DWRN_BENCH=OFF "$@"
cmake --build "$build"
cpack --config "$build/CPackConfig.cmake" -B "$output/work"
mv "$output"/work/*.deb "$output"
rm -r "$output/work"
ls -l "$output"/*.deb
