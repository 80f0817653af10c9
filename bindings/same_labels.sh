#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a binding's example on the sample images and compares its classes with those of `wrn classify`.
#   same_labels.sh WRN MODEL IMAGE_FOLDER COMMAND...
# `COMMAND... MODEL IMAGE...` prints a line "IMAGE<tab>LABEL<tab>PROBABILITY" for each image, or ends with 77 to skip.
set -eu
wrn=$1 model=$2 folder=$3
shift 3
set -- "$@" "$model"
for image in "$folder"/*.jpg "$folder"/*.png; do set -- "$@" "$image"; done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$@" >"$work/printed" || { status=$?; cat "$work/printed"; exit "$status"; }
cut -f 1,2 "$work/printed" >"$work/example"
"$wrn" classify "$model" -k 1 --json "$folder"/*.jpg "$folder"/*.png |
    sed -n -e 's/^ *"file": "\(.*\)",$/\1/p' -e 's/^ *"label": "\(.*\)",$/\1/p' | paste - - >"$work/tool"
diff -u "$work/tool" "$work/example"
[ -s "$work/tool" ]
cat "$work/printed"
