#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian or Ubuntu packages that are missing, and touches nothing where none is.
#
#   install_packages.sh demo    what building the library and the tool takes
#   install_packages.sh deb     the same, and what building Debian packages takes
#   install_packages.sh test    all of that, and what the tests take
#
# `a|b` stands for the first one that the distribution has.
set -eu

demo='build-essential cmake ninja-build pkg-config libprotobuf-c-dev protobuf-c-compiler libopenblas-dev libjpeg-dev libspng-dev|libpng-dev'
deb='dpkg-dev file libmatio-dev'
tests='libcmocka-dev python3 python3-numpy python3-pil clang qemu-user-static doxygen mandoc zsh
    gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-arm-linux-gnueabihf libc6-dev-armhf-cross libjna-java junit4
    python3-pytest python3-venv mypy libopenmpi-dev openmpi-bin abigail-tools fakeroot'

case ${1-} in
demo) wanted=$demo ;;
deb) wanted="$demo $deb" ;;
test) wanted="$demo $deb $tests" ;;
*) sed -n '3,9s/^# \{0,1\}//p' "$0" >&2; exit 1 ;;
esac

installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# The entries of the list of which no package is installed.
lacking() {
    for entry; do
        found=
        for package in $(echo "$entry" | tr '|' ' '); do
            if installed "$package"; then found=1; break; fi
        done
        [ "$found" ] || echo "$entry"
    done
}

# shellcheck disable=SC2086 # the lists are to be split
missing=$(lacking $wanted)
[ "$missing" ] || exit 0

give_up() {
    echo "install_packages.sh: $1; please install:" $missing >&2
    exit 1
}
command -v apt-get >/dev/null || give_up "no apt-get here"
sudo=
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || give_up "not root, and no sudo"
    sudo=sudo
fi

$sudo apt-get update -q
chosen=
for entry in $missing; do
    pick=
    for package in $(echo "$entry" | tr '|' ' '); do
        if apt-cache show "$package" >/dev/null 2>&1; then pick=$package; break; fi
    done
    [ "$pick" ] || give_up "this distribution has no package $entry"
    chosen="$chosen $pick"
    # libFuzzer and the sanitizers are a package of their own, named after the version that `clang` stands for.
    if [ "$pick" = clang ]; then
        runtime=$(apt-cache depends clang | sed -n 's/.*Depends: clang-\([0-9]*\)$/libclang-rt-\1-dev/p')
        if [ "$runtime" ] && apt-cache show "$runtime" >/dev/null 2>&1; then chosen="$chosen $runtime"; fi
    fi
done
echo "installing:$chosen"
# shellcheck disable=SC2086
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $chosen
