#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# wrn-train as a user has it: trains, is interrupted, goes on with the command that it prints, and `wrn eval` agrees.
#   test_train_tool.sh WRN-TRAIN WRN DATA WORK       DATA is make_train_data.py's
set -eu
train=$1 wrn=$2 data=$3 work=$4
[ -f "$data/cifar/test_batch.bin" ] || { echo "there is no data"; exit 77; }
rm -rf "$work"
mkdir -p "$work"
cd "$work"
fail() { echo "$*"; exit 1; }
expect() { # TEXT IN-FILE
    grep -qF -- "$1" "$2" || { cat "$2"; fail "no '$1' in it"; }
}
refuses() { # TEXT COMMAND...
    local text=$1
    shift
    if "$@" >out 2>&1; then cat out; fail "accepted: $*"; fi
    expect "$text" out
    [ "$(wc -l <out)" = 1 ] || { cat out; fail "more than one line"; }
}
small=(--network 10-0.5 --batch 16 --threads 2)

"$train" --help >help
expect "wrn-train DATASET" help
expect "--resume" help
awk 'length > 80 { exit 1 } END { if (NR > 24) exit 1 }' help || fail "the help does not fit a screen"
"$train" --help-all >help
expect "--checkpoint-steps" help
refuses "wrn-train: --network: 'x' is not DEPTH-K" "$train" "$data/cifar" --network x
refuses "option depth: 11" "$train" "$data/cifar" --network 11-1
refuses "--rate: 'nan'" "$train" "$data/cifar" --rate nan
refuses "--drops: '5,x'" "$train" "$data/cifar" --drops 5,x
refuses "option drops: epochs must be positive and ascending" "$train" "$data/cifar" --drops 5,5
refuses "holds neither data_batch_1.bin" "$train" "$work"
refuses "too few arguments; see wrn-train --help" "$train"
refuses "40 x 32 pixels, 32 x 32 are needed" "$train" "$data/large"
refuses "there is no checkpoint" "$train" "$data/cifar" "${small[@]}" --dir empty --resume

"$train" "$data/cifar" "${small[@]}" --dry-run --dir none >out
expect "240 training images, 10 classes" out
[ ! -e none ] || fail "a dry run made its directory"

# Interrupted as soon as the first checkpoint is there; the directory's name needs quotes. The run is too long to end before.
"$train" "$data/cifar" "${small[@]}" --dir "it's a run" --epochs 500 --checkpoint-steps 1 >out 2>&1 &
child=$!
for ((i = 0; i < 600; i++)); do
    [ -e "it's a run/checkpoint" ] && break
    sleep 0.1
done
refuses "in use by another trainer, process $child" "$train" "$data/cifar" "${small[@]}" --dir "it's a run" --epochs 500 --resume
kill -INT $child
status=0
wait $child || status=$?
[ "$status" = 130 ] || { cat out; fail "status $status"; }
expect "stopped in epoch" out
command=$(sed -n 's/^go on with: //p' out)
status=0
eval "timeout -s INT 3 $command" >out 2>&1 || status=$?
[ "$status" = 124 ] || { cat out; fail "status $status when it goes on"; }
expect "going on in epoch" out

# The same weights from the same images, as records and as files; what the log says is what wrn eval finds.
"$train" "$data/cifar" "${small[@]}" --dir records --epochs 3 --no-augment >out
expect "done: records/model.wrn" out
found=$(sed -n 's/.*test [0-9.]*% (\([0-9]*\)\/60).*/\1/p' out | tail -n 1)
for model in records/model.*; do
    "$wrn" eval "$model" "$data/cifar" >eval
    expect "($found/60)" eval
done
"$train" "$data/cifar" "${small[@]}" --dir records --epochs 3 --no-augment --eval-only >out
expect "($found/60)" out
"$train" "$data/images" "${small[@]}" --dir files --epochs 1 >out
expect "240 training images, 10 classes" out
"$wrn" eval files/model.wrn "$data/images/test" >eval
expect "($(sed -n 's/.*test [0-9.]*% (\([0-9]*\)\/60).*/\1/p' out)/60)" eval
