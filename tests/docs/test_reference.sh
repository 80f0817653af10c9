#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The reference is made without a warning, and tells of every public function.
#   test_reference.sh SOURCE_DIRECTORY SCRATCH_DIRECTORY
set -eu
command -v doxygen >/dev/null || { echo "doxygen is not installed"; exit 77; }
rm -rf "$2"
mkdir -p "$2"
cd "$1"
WRN_REFERENCE=$2 doxygen docs/Doxyfile
functions=$(sed -n 's/^WRN_API .*[ *]\(wrn_[a-z_0-9]*\)(.*/\1/p' include/*.h)
[ "$(echo "$functions" | wc -l)" -gt 20 ]
for function in $functions; do
    # Its entry is followed by a description: more than the declaration.
    sed -n "/<h2 class=\"memtitle\">.*$function()/,/<h2 class=\"memtitle\">/p" "$2"/html/wrn_8h.html "$2"/html/wrn__train_8h.html | grep -q '<p>' ||
        { echo "$function is not described"; exit 1; }
done
