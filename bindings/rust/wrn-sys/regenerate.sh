#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes src/bindings.rs from include/wrn.h. Needs bindgen (cargo install bindgen-cli --version 0.72.1) and libclang.
#   regenerate.sh [--check]    only tells whether the file is what bindgen writes; skips without that bindgen
set -eu
cd "$(dirname "$0")"
bindgen=${BINDGEN-bindgen}

generate() {
    "$bindgen" ../../../include/wrn.h --rust-target 1.77 --use-core --no-doc-comments --no-layout-tests \
        --allowlist-file '.*/wrn\.h' --allowlist-item '[wW][rR][nN]_.*' --default-macro-constant-type signed --with-derive-default \
        --disable-header-comment --raw-line '// SPDX-License-Identifier: Apache-2.0' \
        --raw-line '// Written by bindgen 0.72.1 from include/wrn.h; see regenerate.sh.' -- -std=c11
}
if [ "${1-}" = --check ]; then
    if [ "$("$bindgen" --version 2>/dev/null)" != "bindgen 0.72.1" ]; then
        echo "skipped: no bindgen 0.72.1"
        exit 77
    fi
    generate | diff -u src/bindings.rs -
else
    generate >src/bindings.rs
fi
