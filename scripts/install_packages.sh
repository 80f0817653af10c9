#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian or Ubuntu packages that are missing, and touches nothing where none is.
#
#   install_packages.sh demo    what building the library and the tool takes
#   install_packages.sh test    the same, and what the tests take
#
# `a|b` stands for the first one that the distribution has; `a?` is left out where it has none.
set -eu

demo='build-essential cmake ninja-build pkg-config libprotobuf-c-dev protobuf-c-compiler libopenblas-dev libjpeg-dev libspng-dev|libpng-dev'
tests='libcmocka-dev python3 python3-numpy python3-pil clang-14|clang libclang-rt-14-dev|libclang-rt-dev? valgrind
    abigail-tools gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-arm-linux-gnueabihf libc6-dev-armhf-cross qemu-user-static'

case ${1-} in
demo) wanted=$demo ;;
test) wanted="$demo $tests" ;;
*) sed -n '3,8s/^# \{0,1\}//p' "$0" >&2; exit 1 ;;
esac

installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# The packages of the list that stand for no installed one, in the same notation.
lacking() {
    for entry; do
        found=
        for package in $(echo "${entry%\?}" | tr '|' ' '); do
            if installed "$package"; then found=1; break; fi
        done
        [ "$found" ] || echo "$entry"
    done
}

# shellcheck disable=SC2086 # the lists are to be split
missing=$(lacking $wanted)
[ "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "install_packages.sh: no apt-get here; please install:" $missing >&2
    exit 1
fi
sudo=
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "install_packages.sh: not root and no sudo; please install:" $missing >&2
        exit 1
    fi
    sudo=sudo
fi

$sudo apt-get update -q
chosen=
for entry in $missing; do
    pick=
    for package in $(echo "${entry%\?}" | tr '|' ' '); do
        if apt-cache show "$package" >/dev/null 2>&1; then pick=$package; break; fi
    done
    if [ -z "$pick" ] && [ "$entry" = "${entry%\?}" ]; then
        echo "install_packages.sh: this distribution has no package $entry" >&2
        exit 1
    fi
    chosen="$chosen $pick"
done
echo "installing:$chosen"
# shellcheck disable=SC2086
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $chosen
