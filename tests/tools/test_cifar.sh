#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The accuracy on the 10,000 test images of CIFAR-10: from the .onnx exactly what PyTorch and ONNX Runtime find, from the
# half-precision file that ships at most 5 images more or less.
#   test_cifar.sh WRN MODEL DATA [ONNX]       DATA is make_cifar_test.py's
set -eu
wrn=$1 model=$2 data=$3 onnx=${4-}
[ -f "$data/some.bin" ] || { echo "there is no data set"; exit 77; }

# The number of right ones in the line that begins with $1.
count() { sed -n "s/^$1 .*(\([0-9]*\)\/.*/\1/p"; }

result=$("$wrn" eval "$model" "$data/cifar-10-batches-bin")
echo "$result"
difference=$(($(echo "$result" | count top1) - 8927))
if [ ${difference#-} -gt 5 ]; then echo "8927 was expected, or at most 5 away"; exit 1; fi

by_bin=$("$wrn" eval cifar10 "$data/some.bin" | grep ^top)
by_folder=$("$wrn" eval cifar10 "$data/some" | grep ^top)
if [ "$by_bin" != "$by_folder" ]; then echo "as records: $by_bin; as files: $by_folder"; exit 1; fi

[ "$onnx" ] || exit 0
result=$("$wrn" eval "$onnx" "$data/cifar-10-batches-bin")
echo "$result"
if [ "$(echo "$result" | count top1)" != 8927 ] || [ "$(echo "$result" | count top5)" != 9961 ]; then
    echo "8927 and 9961 were expected"
    exit 1
fi
