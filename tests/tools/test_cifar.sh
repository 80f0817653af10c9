#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The accuracy on the 10,000 test images of CIFAR-10. The model that ships: what its own properties say, at most 3 images more or
# less, and 91 % at least. A network from PyTorch: from the .onnx exactly what PyTorch and ONNX Runtime find, from the file with half-precision
# weights at most 5 images more or less.
#   test_cifar.sh WRN PYTORCH_MODEL DATA [ONNX]       DATA is make_cifar_test.py's
set -eu
wrn=$1 pytorch=$2 data=$3 onnx=${4-}
[ -f "$data/some.bin" ] || { echo "there is no data set"; exit 77; }

# evaluate MODEL: $top1 and $top5 become the numbers of right ones.
evaluate() {
    local result
    result=$("$wrn" eval "$1" "$data/cifar-10-batches-bin")
    echo "$1: $result"
    top1=$(sed -n 's/^top1 .*(\([0-9]*\)\/.*/\1/p' <<<"$result") top5=$(sed -n 's/^top5 .*(\([0-9]*\)\/.*/\1/p' <<<"$result")
}
near() { # EXPECTED AT_MOST
    local difference=$((top1 - $1))
    [ ${difference#-} -le "$2" ] || { echo "$1 was expected, or at most $2 away"; exit 1; }
}

promised=$("$wrn" info cifar10 | sed -n 's/.*% top-1 (\([0-9]*\)), .*% top-5 ([0-9]*) of 10,000 .*/\1/p')
[ "$promised" ] || { echo "the model that ships does not tell its accuracy"; exit 1; }
evaluate cifar10
near "$promised" 3
[ "$top1" -ge 9100 ] || { echo "9100 were expected at least"; exit 1; }

evaluate "$pytorch"
near 8927 5

by_bin=$("$wrn" eval cifar10 "$data/some.bin" | grep ^top)
by_folder=$("$wrn" eval cifar10 "$data/some" | grep ^top)
if [ "$by_bin" != "$by_folder" ]; then echo "as records: $by_bin; as files: $by_folder"; exit 1; fi

[ "$onnx" ] || exit 0
evaluate "$onnx"
if [ "$top1" != 8927 ] || [ "$top5" != 9961 ]; then
    echo "8927 and 9961 were expected"
    exit 1
fi
