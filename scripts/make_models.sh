#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the model that ships from runs of wrn-train of which each began with the one before (--from): models/cifar10.wrn with weights
# of half precision, two golden images with the logits that ONNX Runtime finds, and where it came from; beside it the runs' logs and
# curves, cifar10-1.csv, cifar10-1.svg, ...
#   make_models.sh DATA_FOLDER RUN_FOLDER...      such as cifar-10-batches-bin run; needs python3-onnxruntime
# PYTHON names another python3.
set -eu
if [ $# -lt 2 ]; then
    sed -n '3,7s/^# \{0,1\}//p' "$0" >&2
    exit 1
fi
data=$1
shift
for run; do :; done # the last one
here=$(cd "$(dirname "$0")/.." && pwd)
wrn=$here/build/release/tools/wrn
made=$here/models/cifar10
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
name=$("$wrn" info "$run/model.wrn" | sed -n 's/^ *architecture *\(WRN[^,]*\),.*/\1/p' | tr A-Z a-z)-cifar10
training=$(for folder; do "$wrn" info "$folder/model.wrn" | sed -n 's/^ *training *\(from [^,]*, \)\{0,1\}//p'; done | paste -s -d ';' | sed 's/;/; then /g')

counts() { # MODEL  as "91.23 % top-1 (9123), 99.61 % top-5 (9961)"
    "$wrn" eval "$1" "$data" | sed -n 's/^top\([15]\) *\([0-9.]*\)% (\([0-9]*\)\/.*/\2 % top-\1 (\3)/p' | paste -s -d , | sed 's/,/, /'
}
convert() { # OPTION...
    "$wrn" convert "$run/model.wrn" "$made.wrn" --fp16 --golden-input "$work/golden.input.npy" \
        --golden-output "$work/golden.logits.npy" --golden-count 2 --golden-tolerance 0.002 \
        --property name="$name" --property license=Apache-2.0 --property training="$training" \
        --property dataset="CIFAR-10 (Krizhevsky 2009), its 50,000 training images as JPEG of quality 75" "$@"
}

# The golden logits are those of the full-precision weights; rounding these to halves moves them by some 0.03 % (in the L2 norm).
"${PYTHON:-python3}" "$here/bench/eval_onnx.py" "$run/model.onnx" "$data" "$work/golden"
convert
rounded=$(counts "$made.wrn")
exact=$(counts "$run/model.wrn")
convert --property accuracy="$rounded of 10,000 test images as JPEG of quality 75; with weights of full precision $exact"
rm -f "$made"-*.csv "$made"-*.svg # of a longer chain
number=1
for folder; do
    cp "$folder/log.csv" "$made-$number.csv"
    cp "$folder/curves.svg" "$made-$number.svg"
    number=$((number + 1))
done
"$wrn" info --verify "$made.wrn"
