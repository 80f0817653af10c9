#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The manual pages: every option of the programs' help is in them, and mandoc finds nothing to complain about.
#   test_man.sh SOURCE_DIRECTORY WRN [WRN_TRAIN]
set -u
pages=$1/docs/man wrn=$2 train=${3-}
failures=0

# options_are_in PAGE COMMAND...
options_are_in() {
    local page=$1 option
    shift
    for option in $("$@" --help-all | awk '/^  -/ { sub(/^--/, "-", $1); print $1 }'); do
        case $option in -?) option=${option#-} ;; esac
        grep -qE -- "Fl $option( |$)" "$pages/$page" || { echo "FAILED: $page does not tell of -$option of: $*"; failures=$((failures + 1)); }
    done
}
for command in $("$wrn" --help | awk '/^  [a-z]+  / { print $1 }'); do options_are_in wrn.1 "$wrn" "$command"; done
[ -z "$train" ] || options_are_in wrn-train.1 "$train"

if command -v mandoc >/dev/null; then
    mandoc -T lint -W warning "$pages"/*.1 || failures=$((failures + 1))
else
    echo "mandoc is not installed: the pages' form is not checked"
fi
[ $failures = 0 ]
