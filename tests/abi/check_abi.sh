#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compares the binary interface with the one on record, LIBRARY.abi beside this script, as abidiff sees them: functions, their
# symbol versions, types, layouts. Functions may be added, all else is a difference.
#   check_abi.sh check|renew SOURCE_DIRECTORY LIBRARY...      LIBRARY: libwrn, libwrn_train
#
# What is looked at is a library of empty functions made from the public header and the version script, so that neither
# compiler flags nor internals count; check_symbols.sh holds the real library to the two.
set -eu
action=$1 source=$2
shift 2
here=$source/tests/abi
skip() { echo "$1"; exit 77; }
for tool in gcc abidw abidiff; do command -v $tool >/dev/null || skip "no $tool here"; done
[ "$(gcc -dumpmachine | cut -d- -f1)" = x86_64 ] || skip "the record is of x86-64"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The interface of LIBRARY to FILE. Paths are relative, so the record is the same wherever it is made.
dump() { # LIBRARY FILE
    name=${1#lib} map=$(echo "$source"/*/"$1.map")
    mkdir -p "$work/$1"
    cp "$source"/include/*.h "$work/$1"
    {
        echo "#include \"$name.h\""
        # Declarations without comments become definitions.
        sed 's:/\*.*\*/::; /\/\*/,/\*\//d; /^#/d' "$source/include/$name.h" | tr '\n' ' ' | grep -o 'WRN_API [^;]*;' |
            sed 's/;$/ { __builtin_unreachable(); }/'
    } >"$work/$1/interface.c"
    major=$(sed -n 's/.*project(wrn VERSION \([0-9]*\)\..*/\1/p' "$source/CMakeLists.txt")
    (cd "$work/$1" && gcc -std=gnu11 -g -O0 -shared -fPIC -I. interface.c -o "$1.so" -Wl,--version-script="$map" -Wl,-soname,"$1.so.$major")
    (cd "$work/$1" && abidw --no-corpus-path --no-comp-dir-path --no-show-locs "$1.so") >"$2"
    grep -q '<function-decl' "$2"
}

status=0
for library in "$@"; do
    record=$here/$library.abi
    if [ "$action" = renew ]; then
        dump "$library" "$record"
        continue
    fi
    if [ ! -e "$record" ]; then
        echo "$library: nothing is recorded yet"
        continue
    fi
    dump "$library" "$work/now.abi"
    if abidiff --no-added-syms "$record" "$work/now.abi"; then
        echo "$library: as recorded"
    else
        echo "$library: the binary interface is not the recorded one. If programs built before go on to work (new members only at the"
        echo "end of structures that begin with struct_size), record it: tests/abi/check_abi.sh renew . $library"
        status=1
    fi
done
exit $status
