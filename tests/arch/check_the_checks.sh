#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Plants one fault after the other in a small tree and expects the checks to name it.
#   check_the_checks.sh DIRECTORY_OF_THE_CHECKS
set -eu
checks=$1
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
spdx='/* SPDX-License-Identifier: Apache-2.0 */'

put() { # FILE TEXT
    mkdir -p "$tree/$(dirname "$1")"
    printf '%s\n%s\n' "$spdx" "$2" >"$tree/$1"
}

fresh() {
    rm -rf "${tree:?}"/*
    mkdir -p "$tree/tools" "$tree/examples" "$tree/tests"
    put include/wrn.h '#include <stdint.h>'
    put lib/base/error.h '#include "wrn.h"'
    put lib/kernels/kernels.h '#include "base/error.h"'
    put lib/kernels/gemm_blas.c '#include <cblas.h>'
    put lib/wrn_api.c '#include "kernels/kernels.h"'
    put importers/onnx/onnx_import.c '#include "onnx_subset.pb-c.h"'
    put tests/unit/test_error.c '#include "base/error.h"'
}

expect() { # CHECK TEXT
    if output=$(sh "$checks/check_$1.sh" "$tree" 2>&1); then
        echo "check_$1.sh does not see: $2"
        exit 1
    fi
    case $output in
    *"$2"*) ;;
    *) echo "check_$1.sh says '$output', not: $2"; exit 1 ;;
    esac
}

fresh
sh "$checks/check_includes.sh" "$tree"
sh "$checks/check_sources.sh" "$tree"

put lib/base/pool.c '#include "kernels/kernels.h"'; expect includes 'lib/base/pool.c:2: #include "kernels/kernels.h"'; fresh
put lib/base/pool.c '#include "../kernels/kernels.h"'; expect includes 'base must not include kernels'; fresh
put tools/wrn.c '#include "base/error.h"'; expect includes 'tools must not include base'; fresh
put lib/kernels/other.c '#include <cblas.h>'; expect includes 'lib/kernels/other.c:2'; fresh
put lib/graph/other.c '#include <protobuf-c/protobuf-c.h>'; expect includes 'lib/graph/other.c:2'; fresh
put lib/graph/other.c '#include "onnx_subset.pb-c.h"'; expect includes 'lib/graph/other.c:2'; fresh
put lib/graph/other.c '#include "nowhere.h"'; expect includes 'not found'; fresh
put lib/base/bad.c 'int f(void) { abort(); }'; expect sources 'lib/base/bad.c:2'; fresh
put lib/base/bad.c 'int f(void) { /* a */ fprintf(stderr, "x"); }'; expect sources 'lib/base/bad.c:2'; fresh
put importers/bad.c 'void f(int x) { assert(x); }'; expect sources 'importers/bad.c:2'; fresh
put lib/base/fine.c '/* calls exit() never */ int f(void) { return snprintf(0, 0, "abort()"); }'
sh "$checks/check_sources.sh" "$tree"; fresh
put lib/base/error.c ''; put lib/graph/error.c ''; expect sources 'more than one file is called error.c'; fresh
echo 'int x;' >"$tree/lib/base/bare.c"; expect sources 'bare.c:1: no SPDX line'; fresh
put lib/base/long.c "$(seq 400)"; expect sources 'long.c: 401 lines'; fresh
mkdir -p "$tree/bindings"; echo '"use strict";' >"$tree/bindings/bare.js"; expect sources 'bare.js:1: no SPDX line'; fresh
put lib/base/dead.c '#if 0'; expect sources '#if 0'; fresh
