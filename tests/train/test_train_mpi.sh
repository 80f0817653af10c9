#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# wrn-train under mpirun: several processes train what one does, to rounding or to the bit, and end together.
#   test_train_mpi.sh WRN-TRAIN MPIRUN DATA WORK       MPIRUN empty: built without MPI; DATA is make_train_data.py's
set -eu
train=$1 mpirun=$2 data=$3 work=$4
[ "$mpirun" ] || { echo "wrn-train was built without MPI"; exit 77; }
command -v "$mpirun" >/dev/null || { echo "there is no $mpirun"; exit 77; }
[ -f "$data/cifar/test_batch.bin" ] || { echo "there is no data"; exit 77; }
rm -rf "$work"
mkdir -p "$work"
cd "$work"
fail() { echo "$*"; exit 1; }
expect() { # TEXT IN-FILE
    grep -qF -- "$1" "$2" || { cat "$2"; fail "no '$1' in it"; }
}
# More processes than CPUs, as whatever user, and without what a container may forbid (to read another process's memory).
flags=()
if "$mpirun" --version | grep -qE "Open MPI|OpenRTE"; then flags=(--allow-run-as-root --oversubscribe --mca btl_vader_single_copy_mechanism none); fi
mpi() { timeout 300 "$mpirun" "${flags[@]}" "$@"; }
small=("$data/cifar" --network 10-0.5 --batch 22 --dropout 0.1 --mixup 0.3 --rate 0.01 --threads 1 --epochs 1)
same() { # RUN RUN
    cmp "$1/model.wrn" "$2/model.wrn" && cmp "$1/checkpoint" "$2/checkpoint" || fail "$1 and $2 are not the same bits"
}

# One process against two and three. In a fixed order the weights are the same bits, else the losses are the same to rounding.
"$train" "${small[@]}" --parts 2 --dir alone2 >out
"$train" "${small[@]}" --parts 6 --dir alone6 >out
mpi -n 2 "$train" "${small[@]}" --dir two --fixed-order >out
expect "2 workers in a fixed order" out
[ "$(grep -c "done: two/model.wrn" out)" = 1 ] || { cat out; fail "not one worker prints"; }
same alone2 two
mpi -n 3 "$train" "${small[@]}" --parts 2 --dir three --fixed-order >out
same alone6 three
mpi -n 3 "$train" "${small[@]}" --parts 2 --dir sum >out
expect "3 workers" out
awk -F, 'FNR > 1 { if (FILENAME != last) { last = FILENAME; n++ } loss[n] = $3 }
    END { d = loss[1] - loss[2]; if (n != 2 || !(loss[1] > 0) || d > 2e-5 || d < -2e-5) { print "losses " loss[1] " and " loss[2]; exit 1 } }' alone6/log.csv sum/log.csv

# The parts that the recipe makes a batch of are all workers'.
images=("$data/cifar" --family imagenet --network 18-0.125 --size 32 --recipe imagenet --batch 64 --threads 1 --epochs 1)
"$train" "${images[@]}" --dir images1 >out
mpi -n 2 "$train" "${images[@]}" --dir images2 --fixed-order >out
same images1 images2

# Stopped through one of its processes, and resumed with another number of them.
mpi -n 2 "$train" "${small[@]}" --parts 3 --dir stopped --fixed-order --epochs 2 --checkpoint-steps 1 >out 2>&1 &
child=$!
for ((i = 0; i < 600; i++)); do
    [ -e stopped/checkpoint ] && break
    sleep 0.1
done
kill -INT "$(cat stopped/lock)" # worker 0's; SIGINT to mpirun may give the workers a second only
wait $child && fail "not stopped"
expect "stopped in epoch" out
expect "go on with: mpirun -n 2" out
mpi -n 3 "$train" "${small[@]}" --parts 2 --dir stopped --fixed-order --epochs 2 --resume >out
expect "going on in epoch" out
"$train" "${small[@]}" --parts 6 --dir whole --epochs 2 >out
same whole stopped

# What one of them finds ends both, and the message says which.
refuses() { # TEXT MPIRUN-ARGUMENTS...
    local text=$1
    shift
    if mpi "$@" >out 2>&1; then cat out; fail "accepted: $*"; fi
    expect "$text" out
    [ "$(grep -c "wrn-train" out)" -ge 1 ]
}
refuses "wrn-train, worker 1: --rate: 'x'" -n 1 "$train" "${small[@]}" --dir bad : -n 1 "$train" "${small[@]}" --dir bad --rate x
refuses "worker 1: started with batch=16, worker 0 with batch=22" -n 1 "$train" "${small[@]}" --dir bad : -n 1 "$train" "${small[@]}" --dir bad --batch 16
refuses "worker 1: 'nowhere' holds neither" -n 1 "$train" "${small[@]}" --dir bad : -n 1 "$train" nowhere "${small[@]:1}" --dir bad
refuses "worker 0: 'whole' holds the checkpoint of a run" -n 2 "$train" "${small[@]}" --dir whole
refuses "wrn-train: --rate: 'x'" -n 2 "$train" "${small[@]}" --dir bad --rate x
[ "$(grep -c -- "--rate: 'x'" out)" = 1 ] || { cat out; fail "said twice"; }
mpi -n 2 "$train" "${small[@]}" --parts 3 --dir whole --epochs 2 --eval-only >out
[ "$(grep -c "^test " out)" = 1 ] || { cat out; fail "not one evaluation"; }
