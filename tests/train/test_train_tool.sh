#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# wrn-train as a user has it: trains, is interrupted, goes on with the command that it prints, and `wrn eval` agrees.
#   test_train_tool.sh WRN-TRAIN WRN DATA WORK [MAKE_SVHN]       DATA is make_train_data.py's
set -eu
train=$1 wrn=$2 data=$3 work=$4 make_svhn=${5-}
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
refuses "wrn-train: --network: 'x' is neither DEPTH-K" "$train" "$data/cifar" --network x
refuses "wrn-train: --network: 'resnet-50' is neither DEPTH-K" "$train" "$data/cifar" --network resnet-50
refuses "option depth: 28 is not 18, 34, 50 or 101" "$train" "$data/cifar" --family imagenet --network 28-1
refuses "option depth: 11" "$train" "$data/cifar" --network 11-1
refuses "--rate: 'nan'" "$train" "$data/cifar" --rate nan
refuses "--drops: '5,x'" "$train" "$data/cifar" --drops 5,x
refuses "option drops: epochs must be positive and ascending" "$train" "$data/cifar" --drops 5,5
refuses "holds neither data_batch_1.bin" "$train" "$work"
refuses "too few arguments; see wrn-train --help" "$train"
refuses "--extra: there is no train_32x32.mat in it" "$train" "$data/cifar" --extra
refuses "there is no checkpoint" "$train" "$data/cifar" "${small[@]}" --dir empty --resume

"$train" "$data/cifar" "${small[@]}" --dry-run --dir none >out
expect "240 training images, 10 classes" out
expect "training would take about" out
"$train" "$data/cifar" --network resnet-164 --batch 4 --epochs 1 --dry-run --dir none >out
expect "resnet-164: 1703258 parameters" out
"$train" "$data/cifar" --family imagenet --network resnet-18 --size 32 --batch 4 --epochs 1 --dry-run --dir none >out 2>notes
expect "resnet-18: 11181642 parameters" out
expect "the usual recipe for networks of the ImageNet family is --recipe imagenet" notes
[ ! -e none ] || fail "a dry run made its directory"

# Interrupted as soon as the first checkpoint is there; the directory's name needs quotes. The run is too long to end before.
"$train" "$data/cifar" "${small[@]}" --dir "it's a run" --epochs 500 --checkpoint-steps 1 >interrupted 2>&1 &
child=$!
for ((i = 0; i < 600; i++)); do
    [ -e "it's a run/checkpoint" ] && break
    sleep 0.1
done
refuses "in use by another trainer, process $child" "$train" "$data/cifar" "${small[@]}" --dir "it's a run" --epochs 500 --resume
kill -INT $child
status=0
wait $child || status=$?
[ "$status" = 130 ] || { cat interrupted; fail "status $status"; }
expect "stopped in epoch" interrupted
command=$(sed -n 's/^go on with: //p' interrupted)
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
# With weights to begin with, one epoch is better than one without was; a set with other classes gets a linear layer of its own.
"$train" "$data/cifar" "${small[@]}" --dir more --epochs 1 --no-augment --from records/model.wrn >out
awk -F, 'FNR == 2 { loss[++n] = $3 } END { if (!(loss[2] < 0.8 * loss[1])) { print loss[1], loss[2]; exit 1 } }' records/log.csv more/log.csv
"$wrn" info more/model.wrn >info
expect "from model.wrn, 1 epochs" info
"$train" "$data/mixed" --network 10-0.5 --size 40 --batch 16 --epochs 1 --dir others --from records/model.wrn >out 2>notes
expect "the model has other classes: the linear layer begins at random" notes
refuses "records/none.wrn" "$train" "$data/cifar" "${small[@]}" --dir none --from records/none.wrn
"$train" "$data/images" "${small[@]}" --dir files --epochs 1 >out
expect "240 training images, 10 classes" out
"$wrn" eval files/model.wrn "$data/images/test" >eval
expect "($(sed -n 's/.*test [0-9.]*% (\([0-9]*\)\/60).*/\1/p' out)/60)" eval

# Images of other sizes are decoded as they are needed.
mixed=(--network 10-0.5 --size 40 --batch 16 --epochs 2 --seed 4)
"$train" "$data/mixed" "${mixed[@]}" --threads 1 --dir mixed-1 --check-images >out
expect "images are decoded as they are needed" out
"$wrn" eval mixed-1/model.wrn "$data/mixed/test" >eval
expect "($(sed -n 's/.*test [0-9.]*% (\([0-9]*\)\/12).*/\1/p' out | tail -n 1)/12)" eval
"$train" "$data/mixed" "${mixed[@]}" --threads 3 --dir mixed-3 >out
cmp mixed-1/model.wrn mixed-3/model.wrn || fail "weights depend on threads"

# A torn one is named, by --check-images or by the run, which goes on when it is whole again.
cp -r "$data/mixed" torn
image=$(find torn/train -name '*.jpg' | sort | head -n 1)
cp "$image" whole.jpg
printf 'torn' | dd of="$image" conv=notrunc 2>/dev/null
if "$train" torn "${mixed[@]}" --dir checked --check-images >out 2>&1; then fail "accepted a torn image"; fi
expect "$image: is neither a JPEG nor a PNG image" out
expect "torn: 1 of 42 images cannot be decoded" out
[ ! -e checked ] || fail "a check made the directory"
if "$train" torn "${mixed[@]}" --dir torn-run >out 2>&1; then fail "accepted a torn image"; fi
expect "$image: is neither a JPEG nor a PNG image" out
cp whole.jpg "$image"
"$train" torn "${mixed[@]}" --dir torn-run --resume >out
cmp mixed-1/model.wrn torn-run/model.wrn || fail "other weights after an image was mended"
printf ' ' >>"$image"
refuses "was made with dataset=" "$train" torn "${mixed[@]}" --dir torn-run --resume

# Recipes, which options override, and what the model tells of them.
"$train" "$data/cifar" "${small[@]}" --recipe quick --schedule cosine --epochs 1 --dir quick >out
"$wrn" info quick/model.wrn >info
expect "1 epochs, batch 16, rate 0.25, cosine, momentum 0.9, weight decay 0.0005 (not on batch normalization), label smoothing 0.05" info
"$train" "$data/cifar" --family imagenet --network 18-0.125 --size 32 --recipe imagenet --batch 64 --epochs 3 --threads 2 --dir imagenet >out 2>notes
[ ! -s notes ] || { cat notes; fail "a note"; }
"$wrn" info imagenet/model.wrn >info
expect "3 epochs, batch 64 in 2 parts, rate 0.1, times 0.1 at epochs 1, 2, plain momentum 0.9, weight decay 0.0001, label smoothing 0" info

# SVHN: the paper's recipe, which options override, and its preprocessing in the model.
[ "$make_svhn" ] || { echo "built without libmatio: SVHN is not tested"; exit 0; }
"$make_svhn" svhn
"$train" svhn --network 10-0.5 --batch 30 --threads 2 --recipe svhn --epochs 4 --dropout 0.1 --dir digits >out
expect "90 training images, 10 classes" out
"$wrn" info digits/model.wrn >info
expect "0-1, mean 0 0 0, std 1 1 1" info
expect "SVHN" info
expect "4 epochs, batch 30, rate 0.01, times 0.1 at epochs 2, 3" info
expect "dropout 0.1" info
for set in svhn svhn/test_32x32.mat; do
    "$wrn" eval digits/model.wrn $set >eval
    expect "($(sed -n 's/.*test [0-9.]*% (\([0-9]*\)\/40).*/\1/p' out | tail -n 1)/40)" eval
done
"$train" svhn --network 10-0.5 --extra --dry-run >out 2>notes
expect "120 training images" out
expect "the paper's recipe is --recipe svhn" notes
"$train" svhn --network 10-0.5 --batch 30 --threads 2 --recipe svhn --epochs 2 --dir short >out
"$wrn" info short/model.wrn >info
expect "rate 0.01, times 0.1 at epochs 1, momentum 0.9" info
rm svhn/extra_32x32.mat
refuses "extra_32x32.mat: No such file" "$train" svhn --extra --dry-run
