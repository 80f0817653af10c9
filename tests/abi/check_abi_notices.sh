#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check_abi.sh refuses changes that break programs, and takes an additional function.
#   check_abi_notices.sh SOURCE_DIRECTORY
set -eu
source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

changed() { # EXPRESSION FOR sed ON THE HEADER; then 0 if the check takes it, else 1
    rm -rf "$work"/*
    mkdir -p "$work/lib" "$work/tests/abi"
    cp -r "$source/include" "$source/CMakeLists.txt" "$work"
    cp "$source"/tests/abi/*.abi "$work/tests/abi"
    sed 's/wrn_convert;/wrn_convert; wrn_added;/' "$source/lib/libwrn.map" >"$work/lib/libwrn.map"
    sed "$1" "$source/include/wrn.h" >"$work/include/wrn.h"
    if cmp -s "$source/include/wrn.h" "$work/include/wrn.h"; then echo "nothing to replace: $1"; exit 2; fi
    sh "$source/tests/abi/check_abi.sh" check "$work" libwrn >"$work/log" 2>&1
}

status=0
changed 's/^typedef struct wrn_feature_info/WRN_API int wrn_added(int x);\n&/' || status=$?
if [ $status = 77 ]; then cat "$work/log"; exit 77; fi
[ $status = 0 ] || { cat "$work/log"; exit 1; }
for change in 's/int32_t threads;  /int64_t threads;  /' 's/WRN_API void wrn_free(/WRN_API int wrn_free(/' \
    's/WRN_API wrn_status wrn_infer(wrn_model \*model, int32_t batch/WRN_API wrn_status wrn_infer(wrn_model *model, int64_t batch/'; do
    if changed "$change"; then echo "taken: $change"; exit 1; fi
    grep -q 'not the recorded one' "$work/log" || { cat "$work/log"; exit 1; }
done
