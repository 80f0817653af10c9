#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The Debian packages of this build: what is in them, installed into an empty root and used there, and removed without a trace.
#   packages.sh BUILD_DIRECTORY WORK_DIRECTORY C_COMPILER CONSUMER.c VERSION
set -euo pipefail
build=$1 work=$2 cc=$3 consumer=$4 version=$5
for tool in dpkg-deb dpkg-shlibdeps file fakeroot cpack; do
    command -v $tool >/dev/null || { echo "no $tool here"; exit 77; }
done
rm -rf "$work"
mkdir -p "$work"
export SOURCE_DATE_EPOCH=1700000000
pack() { (umask 022 && cpack --config "$build/CPackConfig.cmake" -B "$work/$1" >"$work/$1.log") || { cat "$work/$1.log"; exit 1; }; }
field() { dpkg-deb -f "$work"/once/"$1"_*.deb "$2"; }

echo "== the same bytes each time"
pack once
pack again
for deb in "$work"/once/*.deb; do cmp "$deb" "$work/again/$(basename "$deb")"; done

echo "== names, versions, dependencies"
major=${version%%.*}
packages="libwrn$major libwrn-dev"
if [ -e "$work/once/_CPack_Packages" ]; then rm -r "$work/once/_CPack_Packages"; fi
for package in "libwrn-train$major" wrn-tools; do if ls "$work"/once/${package}_* >/dev/null 2>&1; then packages="$packages $package"; fi; done
[ "$(ls "$work"/once/*.deb | wc -l)" = "$(echo $packages | wc -w)" ]
for package in $packages; do [ "$(field "$package" Package)" = "$package" ] && [ "$(field "$package" Version)" = "$version" ]; done
field "libwrn$major" Depends | grep -q libc6
field libwrn-dev Depends | grep -q "libwrn$major (= $version)"
[ "$(dpkg-deb -I "$work"/once/libwrn"$major"_*.deb shlibs)" = "libwrn $major libwrn$major (= $version)" ]
if dpkg-deb -c "$work"/once/libwrn"$major"_*.deb | grep -v '/$' | grep -vE '/libwrn\.so\.|/copyright$'; then echo "these do not belong into libwrn$major"; exit 1; fi

echo "== installed into an empty root, used, removed"
root=$work/root
dpkg_in_root() { fakeroot dpkg --root="$root" --log=/dev/null --force-not-root,depends,script-chrootless "$@" >"$work/dpkg.log" 2>&1 || { cat "$work/dpkg.log"; exit 1; }; }
mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates" "$root/var/lib/dpkg/triggers"
touch "$root/var/lib/dpkg/status" "$root/var/lib/dpkg/available"
files() { (cd "$root" && find . -path ./var/lib/dpkg -prune -o -print | LC_ALL=C sort); }
files >"$work/before"
dpkg_in_root --install "$work"/once/*.deb
[ "$(dpkg-query --admindir="$root/var/lib/dpkg" -W -f '${db:Status-Status}\n' | sort -u)" = installed ]
header=$(find "$root" -name wrn.h)
libdir=$(dirname "$(find "$root" -name libwrn.so)")
"$cc" -I"$(dirname "$header")" "$consumer" -o "$work/consumer" -L"$libdir" -lwrn
LD_LIBRARY_PATH=$libdir "$work/consumer"
if [ -e "$root/usr/bin/wrn" ]; then "$root/usr/bin/wrn" --version; fi
# shellcheck disable=SC2086 # the names are to be split
dpkg_in_root --purge $packages
files | diff "$work/before" -
