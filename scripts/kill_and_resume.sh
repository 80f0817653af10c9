#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Kills a training run with SIGKILL at random moments and resumes it with other numbers of threads, and expects the files of a
# run that nobody disturbed, to the bit.
#   kill_and_resume.sh WRN-TRAIN DATA FOLDER [KILLS [SEED]]
# DATA is a small data set, such as tests/train/make_train_data.py makes; FOLDER is for the two runs; 50 kills by default.
set -eu
if [ $# -lt 3 ]; then
    sed -n '5,6s/^# \{0,1\}//p' "$0" >&2
    exit 1
fi
train=$1 data=$2 folder=$3 kills=${4:-50} seed=${5:-$$}
run=("$train" "$data" --network 10-0.5 --batch 16 --dropout 0.1 --mixup 0.2 --ema 0.9 --epochs $((2 * kills)))
RANDOM=$seed
mkdir -p "$folder"
rm -rf "$folder/whole" "$folder/killed"
"${run[@]}" --dir "$folder/whole" --threads 2 >"$folder/out"

# A moment is up to twelve checkpoints and 20 ms from the start, so that the run gets on, on a slow machine as on a fast one,
# and not to its end. Every third one is up to 100 ms from the start: while data are read, or the checkpoint.
checkpoint=$folder/killed/checkpoint
number() { stat -c %i "$checkpoint" 2>/dev/null || echo none; }
killed=0
while [ $killed -lt "$kills" ]; do
    resume=()
    if [ -e "$checkpoint" ]; then resume=(--resume); fi
    last=$(number)
    "${run[@]}" --dir "$folder/killed" --threads $((1 + RANDOM % 4)) --checkpoint-steps 1 "${resume[@]}" >"$folder/out" 2>&1 &
    child=$!
    if [ $((killed % 3)) = 2 ]; then
        sleep "$(printf '0.%03d' $((RANDOM % 100)))"
    else
        for ((left = RANDOM % 13; left > 0; left--)); do
            while [ "$(number)" = "$last" ] && kill -0 $child 2>/dev/null; do sleep 0.005; done
            last=$(number)
        done
        sleep "$(printf '0.%03d' $((RANDOM % 20)))"
    fi
    kill -KILL $child 2>/dev/null || true
    status=0
    wait $child 2>/dev/null || status=$?
    if [ $status != 137 ]; then
        cat "$folder/out"
        echo "ended with status $status before kill number $((killed + 1)), of seed $seed"
        exit 1
    fi
    killed=$((killed + 1))
done
resume=()
if [ -e "$checkpoint" ]; then resume=(--resume); fi
"${run[@]}" --dir "$folder/killed" --threads 3 "${resume[@]}" | tee "$folder/out" | sed -n '/^going on/p'

sums() { (cd "$folder/$1" && sha256sum model.* checkpoint && cut -d, -f1-5 log.csv | sha256sum); }
if ! diff <(sums whole) <(sums killed); then
    echo "after $killed kills, of seed $seed, the files are others"
    exit 1
fi
sums whole
echo "$killed kills, of seed $seed, changed nothing"
