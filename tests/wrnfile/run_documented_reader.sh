#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the Python reader that stands in docs/format.md on a file and compares what it finds; a damaged copy it refuses.
#   run_documented_reader.sh SOURCE_DIRECTORY PYTHON
set -eu
if ! "$2" -c 'import numpy' 2>/dev/null; then
    echo "no NumPy for $2 here"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
file=$1/tests/fuzz/corpus/wrn/sample-1.0.wrn
sed -n '/^```python$/,/^```$/p' "$1/docs/format.md" | sed '1d;$d' >"$work/reader.py"
found=$("$2" "$work/reader.py" "$file")
echo "$found"
for line in 'weight conv.weight float16 (4, 1, 3, 2)' 'weight shift float32 ()' 'node conv 1 (4, 4, 5, 7)' 'node log softmax 13 (2, 3, 1, 1)'; do
    echo "$found" | grep -qxF "$line" || { echo "missing: $line"; exit 1; }
done

cp "$file" "$work/damaged.wrn"
printf '\377' | dd of="$work/damaged.wrn" bs=1 seek=$(($(wc -c <"$file") - 1)) conv=notrunc 2>/dev/null
! "$2" "$work/reader.py" "$work/damaged.wrn" >"$work/log" 2>&1 || { echo "a damaged file was read"; exit 1; }
grep -q AssertionError "$work/log" || { cat "$work/log"; exit 1; }
