#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The public headers compile alone and without a warning, as C99 to C++20, with every compiler that is here.
#   check_header.sh SOURCE_DIRECTORY COMPILER...
set -eu
source=$1
shift
warnings='-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror'
compiled=0

compile() { # COMPILER LANGUAGE STANDARD FILE
    # shellcheck disable=SC2086 # the flags are to be split
    if ! "$1" -x "$2" "-std=$3" $warnings -I"$source/include" -fsyntax-only "$4"; then
        echo "$1 -std=$3 does not take $4"
        exit 1
    fi
    compiled=$((compiled + 1))
}

for compiler in "$@"; do
    if ! command -v "$compiler" >/dev/null; then
        echo "no $compiler here: left out"
        continue
    fi
    case $compiler in
    *++*)
        for standard in c++11 c++17 c++20; do
            for file in header_alone.c header_alone_train.c; do compile "$compiler" c++ $standard "$source/tests/abi/$file"; done
        done
        for standard in c++17 c++20; do compile "$compiler" c++ $standard "$source/tests/abi/header_alone_cpp.cpp"; done
        ;;
    *)
        for standard in c99 c11; do
            for file in header_alone.c header_alone_train.c; do compile "$compiler" c $standard "$source/tests/abi/$file"; done
        done
        ;;
    esac
done
[ "$compiled" -gt 0 ]

# Every function of the headers has its type pinned.
pinned() { # HEADER FILE
    for name in $(tr '\n' ' ' <"$source/include/$1" | grep -o 'WRN_API [^#(;]*(' | grep -o 'wrn_[a-z0-9_]*('); do
        if ! grep -q "PIN_FUNCTION(.*, ${name%(}, (" "$source/tests/abi/$2"; then
            echo "$2 does not pin the type of ${name%(}"
            exit 1
        fi
    done
}
pinned wrn.h header_alone.c
pinned wrn_train.h header_alone_train.c
