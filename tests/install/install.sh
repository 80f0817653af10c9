#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs into an empty folder, moves the folder, and builds outside programs in every way that the README offers.
#   install.sh SOURCE_DIRECTORY BUILD_DIRECTORY WORK_DIRECTORY C_COMPILER LIBDIR VERSION CXX_COMPILER
set -euo pipefail
source=$1 build=$2 work=$3 cc=$4 libdir=$5 version=$6 cxx=$7
consumer=$source/tests/install/consumer.c
rm -rf "$work"
mkdir -p "$work"

cmake --install "$build" --prefix "$work/first" >"$work/install.log"
mv "$work/first" "$work/prefix" # nothing in it may point to where it was
prefix=$work/prefix
for file in include/wrn.h "$libdir/libwrn.so" "$libdir/libwrn.a" "$libdir/pkgconfig/libwrn.pc"; do
    [ -e "$prefix/$file" ] || { echo "$file is not installed"; exit 1; }
done
if grep -rlF "$build" "$prefix/$libdir/pkgconfig" "$prefix/$libdir/cmake"; then echo "these name the build directory"; exit 1; fi

step() { echo "== $*"; }
export PKG_CONFIG_PATH=$prefix/$libdir/pkgconfig
pc() { pkg-config "$@" libwrn; }

step "pkg-config, shared"
[ "$(pc --modversion)" = "$version" ]
# shellcheck disable=SC2046 # flags are to be split
"$cc" -std=c11 -Wall -Wextra -Werror "$consumer" -o "$work/shared" $(pc --cflags --libs)
LD_LIBRARY_PATH=$prefix/$libdir "$work/shared"

step "wrn.hpp and the C++ example"
if command -v "$cxx" >/dev/null; then
    # shellcheck disable=SC2046
    "$cxx" -std=c++17 "$source/examples/classify.cpp" -o "$work/cpp" $(pc --cflags --libs)
    LD_LIBRARY_PATH=$prefix/$libdir "$work/cpp" "$source/models/cifar10.wrn" "$source/examples/images/cat.ppm" | head -n 1 | grep 'cat$'
fi

step "the program in the README"
sed -n '/^```c$/,/^```$/{/^```/d;p}' "$source/README.md" >"$work/readme.c"
grep -q wrn_classify "$work/readme.c"
# shellcheck disable=SC2046
"$cc" -std=c11 -Wall -Wextra -Werror -c "$work/readme.c" -o "$work/readme.o" $(pc --cflags)

step "pkg-config, static"
# shellcheck disable=SC2046
"$cc" -std=c11 -DWRN_STATIC "$consumer" -o "$work/static" $(pc --cflags) -Wl,-Bstatic -lwrn -Wl,-Bdynamic \
    $(pc --static --libs | sed 's/-lwrn//') -L"$prefix/$libdir"
"$work/static"
if readelf -d "$work/static" | grep -q 'libwrn'; then echo "the static program needs libwrn.so"; exit 1; fi

step "the trainer by pkg-config, shared and static"
trainer=OFF
if pkg-config --exists libwrn_train; then
    trainer=ON
    # shellcheck disable=SC2046
    "$cc" -std=c11 "$source/tests/install/consumer_train.c" -o "$work/train" $(pkg-config --cflags --libs libwrn_train)
    LD_LIBRARY_PATH=$prefix/$libdir "$work/train"
    # shellcheck disable=SC2046
    "$cc" -std=c11 -DWRN_STATIC "$source/tests/install/consumer_train.c" -o "$work/train_static" $(pkg-config --cflags libwrn_train) \
        -Wl,-Bstatic -L"$prefix/$libdir" -lwrn_train -lwrn -Wl,-Bdynamic $(pkg-config --static --libs libwrn_train | sed 's/-lwrn_train//; s/-lwrn//')
    "$work/train_static"
    if readelf -d "$work/train_static" | grep -q 'libwrn'; then echo "the static program needs a shared library of ours"; exit 1; fi
fi

step "find_package"
outside() { # NAME FOLDER [CMAKE ARGUMENT...]
    local name=$1 folder=$2
    shift 2
    cmake -S "$source/tests/install/$folder" -B "$work/$name" -G Ninja -DCMAKE_C_COMPILER="$cc" "$@" &&
        cmake --build "$work/$name" && "$work/$name/consumer_shared" && "$work/$name/consumer_static"
}
outside package package -DCMAKE_PREFIX_PATH="$prefix" -DWANTED_VERSION="$version" -DWITH_TRAINER=$trainer
if [ $trainer = ON ]; then "$work/package/consumer_train" && "$work/package/consumer_train_static"; fi

step "find_package of a version that this is not"
for wanted in 99.0 "${version%%.*}.99"; do
    if outside refused package -DCMAKE_PREFIX_PATH="$prefix" -DWANTED_VERSION="$wanted" >"$work/refused.log" 2>&1; then
        echo "accepted as version $wanted"
        exit 1
    fi
    grep -q "$wanted" "$work/refused.log"
    rm -rf "$work/refused"
done

step "add_subdirectory"
outside subdirectory subdirectory -DWRN_SOURCE="$source"

step "FetchContent from a local checkout"
outside fetch fetch -DWRN_SOURCE="$source" -DWRN_ONNX=OFF -DWRN_OPENBLAS=OFF
