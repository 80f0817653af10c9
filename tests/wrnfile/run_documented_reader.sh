#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the Python reader that stands in docs/format.md on a file and compares what it finds.
#   run_documented_reader.sh SOURCE_DIRECTORY
set -eu
if ! python3 -c 'import numpy' 2>/dev/null; then
    echo "no Python with NumPy here"
    exit 77
fi
script=$(mktemp)
trap 'rm -f "$script"' EXIT
sed -n '/^```python$/,/^```$/p' "$1/docs/format.md" | sed '1d;$d' >"$script"
found=$(python3 "$script" "$1/tests/fuzz/corpus/wrn/sample-1.0.wrn")
echo "$found"
for line in 'weight conv.weight float16 (4, 1, 3, 2)' 'weight shift float32 ()' 'node conv 1 (4, 4, 5, 7)' 'node log softmax 13 (2, 3, 1, 1)'; do
    echo "$found" | grep -qxF "$line" || { echo "missing: $line"; exit 1; }
done
