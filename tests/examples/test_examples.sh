#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The examples do what their comments say, on the model and the pictures that ship.
#   test_examples.sh FOLDER_OF_PROGRAMS SOURCE_DIRECTORY
set -u
programs=$1
cd "$2/examples/images" || exit 1
model=../../models/cifar10.wrn
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C
failures=0

# prints STATUS TEXT PROGRAM ARGUMENT...: the program ends with STATUS and has printed TEXT, a regular expression for the
# whole of it. Standard input is $input.
input=/dev/null
prints() {
    local wanted=$1 text=$2 output status
    shift 2
    output=$("$programs/$1" "${@:2}" <"$input" 2>&1)
    status=$?
    [[ $status = "$wanted" && $output =~ ^$text$ ]] || { echo "FAILED: $* ended with $status: $output"; failures=$((failures + 1)); }
}
newline=$'\n'

prints 0 ".*% *cat${newline}.*%.*${newline}.*%.*" classify_ten_lines "$model" cat.ppm
prints 1 "cat.jpg: cannot be read as a PPM image" classify_ten_lines "$model" cat.jpg
prints 1 "cannot open 'missing.wrn': .*" classify_ten_lines missing.wrn cat.ppm

prints 0 "3 threads, [0-9]+ images/s, the same results in all" batch_sessions "$model" 3

prints 0 "cat [0-9.]+%, [1-9][0-9]+ loops, the workers did [1-9][0-9]* items" host_threads "$model" cat.ppm

prints 0 "[0-9]{8} bytes while it loaded, [0-9]{8} since: dog" fixed_arena "$model" dog.ppm
prints 1 ".*" fixed_arena dog.ppm dog.ppm

prints 0 "2 frames seen, 0 dropped, the last one: cat" camera_deadline "$model" cat.ppm 2000 2
prints 0 "0 frames seen, 3 dropped, the last one: nothing" camera_deadline "$model" cat.ppm 0.001 3

tail -c 3072 cat.ppm >"$work/frames" && tail -c 3072 dog.ppm >>"$work/frames"
input=$work/frames
prints 0 "frame 0: cat [0-9.]+%${newline}frame 1: dog [0-9.]+%" frames_from_pipe "$model" 32 32
prints 1 "frame 0: .*${newline}frame 1: .*${newline}the last frame ends early" frames_from_pipe "$model" 32 30
input=/dev/null

prints 0 " 1.000  cat.ppm${newline}[ -]0.[0-9]{3}  dog.ppm" similar_images "$model" cat.ppm dog.ppm cat.ppm
prints 1 "missing.ppm: .*" similar_images "$model" cat.ppm missing.ppm

input=cat.ppm
prints 0 " *[0-9.]+%  cat" model_in_program
input=/dev/null

if [ -x "$programs/opencv_mat" ]; then
    prints 0 " *[0-9.]+%  frog${newline}.* in the middle" opencv_mat "$model" frog.jpg
    prints 1 "OpenCV cannot read the image" opencv_mat "$model" "$model"
else
    echo "OpenCV was not found: opencv_mat is not checked"
fi
[ $failures = 0 ]
