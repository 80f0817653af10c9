#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes models/wrn-16-2-cifar10.wrn from the trained network as PyTorch exported it.
#   make_models.sh FOLDER    holds wrn-16-2-cifar10.onnx, .input.npy (normalized images) and .logits.npy (their logits)
set -eu
if [ $# != 1 ]; then
    sed -n '3,4s/^# \{0,1\}//p' "$0" >&2
    exit 1
fi
source=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
name=wrn-16-2-cifar10

labels=$(mktemp)
trap 'rm -f "$labels"' EXIT
printf '%s\n' airplane automobile bird cat deer dog frog horse ship truck >"$labels"

# The golden logits are those of the full-precision weights in float64 arithmetic; rounding the weights to halves moves
# them by 0.03 % (in the L2 norm).
build/release/tools/wrn convert "$source/$name.onnx" "models/$name.wrn" --fp16 --preset cifar --labels "$labels" \
    --golden-input "$source/$name.input.npy" --golden-output "$source/$name.logits.npy" --golden-count 2 --golden-tolerance 0.002 \
    --property name="$name" \
    --property description="WRN-16-2 for the ten classes of CIFAR-10" \
    --property dataset="CIFAR-10 (Krizhevsky 2009), its 50,000 training images as JPEG of quality 75" \
    --property accuracy="89.27 % top-1, 99.61 % top-5 on the 10,000 test images as JPEG of quality 75 (full-precision weights)" \
    --property training="PyTorch 1.13; 30 epochs, one-cycle (peak 0.25 at 20 %), batch 128, Nesterov 0.9, decay 5e-4 on weights only, label smoothing 0.05, flips and reflect-padded crops" \
    --property license="Apache-2.0"
build/release/tools/wrn info --verify "models/$name.wrn"
