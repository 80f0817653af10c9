#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# wrn.hpp in a program, as C++17 and C++20, with exceptions and without, with every compiler that is here; and the example.
#   check_cpp.sh SOURCE_DIRECTORY LIBRARY_DIRECTORY COMPILER...
set -eu
source=$1 library=$2
shift 2
model=$source/tests/models/wrn-16-2-cifar10.wrn
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LD_LIBRARY_PATH="$library"
built=0

build() { # COMPILER FLAG... FILE
    compiler=$1
    shift
    "$compiler" -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -I"$source/include" "$@" -o "$work/program" -L"$library" -lwrn
    built=$((built + 1))
}

for compiler in "$@"; do
    if ! command -v "$compiler" >/dev/null; then
        echo "no $compiler here: left out"
        continue
    fi
    for standard in c++17 c++20; do
        for flag in -fexceptions -fno-exceptions; do
            echo "== $compiler -std=$standard $flag"
            build "$compiler" "-std=$standard" $flag "$source/tests/cpp/test_wrn_hpp.cpp"
            "$work/program" "$model" "$work/scratch.wrn"
        done
    done
    build "$compiler" -std=c++17 "$source/examples/classify.cpp"
    "$work/program" "$model" "$source/examples/images/cat.ppm" | head -n 1 | grep 'cat$'
done
if [ $built = 0 ]; then
    echo "no C++ compiler here"
    exit 77
fi

# Lifetimes: nothing leaks or is used too late.
echo 'int main() {}' >"$work/try.cpp"
if "$1" -fsanitize=address,undefined "$work/try.cpp" -o "$work/try" 2>/dev/null && "$work/try"; then
    build "$1" -std=c++17 -g -fsanitize=address,undefined -fno-sanitize-recover=all "$source/tests/cpp/test_wrn_hpp.cpp"
    "$work/program" "$model" "$work/scratch.wrn"
fi
