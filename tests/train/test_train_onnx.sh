#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ONNX Runtime recognizes as many test images with what was trained as the runtime does, but for two whose classes are as good as equal.
#   test_train_onnx.sh WRN-TRAIN EVAL-ONNX DATA WORK       DATA is make_train_data.py's; PYTHON names one with onnxruntime
set -eu
train=$1 eval_onnx=$2 data=$3 work=$4
python=${PYTHON:-python3}
"$python" -c 'import numpy, onnxruntime' 2>/dev/null || { echo "$python has no onnxruntime"; exit 77; }
mkdir -p "$work"
rm -rf "$work/run"
"$train" "$data/cifar" --network 16-1 --batch 16 --epochs 2 --dir "$work/run" >"$work/out"
[ -f "$work/run/model.onnx" ] || { echo "built without ONNX"; exit 77; }
count() { sed -n 's|.*(\([0-9]*\)/60).*|\1|p' "$1" | tail -n 1; }
ours=$(count "$work/out")
"$python" "$eval_onnx" "$work/run/model.onnx" "$data/cifar" | tee "$work/onnx"
theirs=$(count "$work/onnx")
difference=$((ours - theirs))
if [ ${difference#-} -gt 2 ]; then
    echo "wrn-train counted $ours"
    exit 1
fi
