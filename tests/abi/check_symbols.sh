#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A shared library exports what the version script and the header name, nothing else, and needs few other libraries;
# the static one defines names that begin with wrn_ or wrnt_ only, keeps no changing globals, and calls nothing that ends
# the process.
#   check_symbols.sh LIBWRN.SO LIBWRN.A LIBWRN.MAP WRN.H
set -eu
so=$1 archive=$2 map=$3 header=$4
version=$(sed -n 's/^\(WRN_[A-Z0-9_.]*\) {$/\1/p' "$map")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C
status=0

nothing() { # TEXT FOUND
    if [ "$2" ]; then
        echo "$1:"
        echo "$2"
        status=1
    fi
}

sed -n '/global:/,/local:/p' "$map" | grep -o 'wrn_[a-z0-9_]*' | sort >"$work/map"
tr '\n' ' ' <"$header" | grep -o 'WRN_API [^#(;]*(' | grep -o 'wrn_[a-z0-9_]*(' | tr -d '(' | sort >"$work/header"
nm -D --defined-only "$so" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort >"$work/so"
[ -s "$work/map" ] && [ -s "$work/header" ] && [ -s "$work/so" ]
nothing "in one only of the header (<) and the version script (>)" "$(diff "$work/header" "$work/map" | grep '^[<>]')"
nothing "in one only of the header (<) and the library's symbols (>)" "$(diff "$work/header" "$work/so" | grep '^[<>]')"
nothing "exported without the version $version" \
    "$(nm -D --defined-only --with-symbol-versions "$so" | awk -v version="@@$version" '
        $2 != "A" && substr($3, length($3) - length(version) + 1) != version { print $3 }')"
nothing "the shared library needs" "$(readelf -d "$so" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
    grep -vE '^(libc|libm|libpthread|libdl|libprotobuf-c)\.so\.[0-9]+$|^ld-linux')"

nothing "global names of the static library that do not begin with wrn_ or wrnt_" \
    "$(nm -g --defined-only "$archive" 2>/dev/null | awk 'NF == 3 && $3 !~ /^wrnt?_/ { print $3 }')"
nothing "the static library calls" "$(nm -u "$archive" 2>/dev/null | awk '
    $2 ~ /^(_?exit|_Exit|abort|__assert_fail|printf|puts|putchar|fprintf|__f?printf_chk|perror|stdout|stderr|setlocale|signal|sigaction|atexit|__cxa_atexit|rand|srand|strtok|strerror)$/ { print $2 }' | sort -u)"
# Tables of pointers are .data.rel.ro: constant once loaded. What can change would be in these.
nothing "changing globals, constructors or destructors in the static library" "$(objdump -h "$archive" | awk '
    /file format/ { member = $1 }
    $2 ~ /^\.(data|bss|tdata|tbss|init_array|fini_array|ctors|dtors|preinit_array)(\.|$)/ && $2 !~ /^\.data\.rel\.ro/ && $3 !~ /^0+$/ { print member, $2, $3 }')"
nothing "common symbols in the static library" "$(nm "$archive" 2>/dev/null | awk '$2 == "C" { print $3 }')"
exit $status
