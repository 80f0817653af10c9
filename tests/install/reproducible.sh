#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Two builds in different folders, with build folders of different names, give packages of the same bytes. Takes minutes.
#   reproducible.sh SOURCE_DIRECTORY WORK_DIRECTORY
set -euo pipefail
source=$1 work=$2
for tool in git dpkg-shlibdeps file cpack; do command -v $tool >/dev/null || { echo "no $tool here"; exit 77; }; done
rm -rf "$work"
export SOURCE_DATE_EPOCH=1700000000
for copy in one another/place; do
    mkdir -p "$work/$copy"
    (cd "$source" && git ls-files -z --cached --others --exclude-standard | xargs -0 tar c --ignore-failed-read) | tar x -C "$work/$copy"
    "$work/$copy/scripts/make_packages.sh" "$work/$copy/packages" "build-$(basename "$copy")" >"$work/log" || { cat "$work/log"; exit 1; }
done
for deb in "$work"/one/packages/*.deb; do cmp "$deb" "$work/another/place/packages/$(basename "$deb")"; done
