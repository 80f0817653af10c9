#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What scripts/new_user.sh does where the packages are installed: outside programs, the examples, and each binding's example, by the
# commands that their texts tell. All must find the classes that `wrn classify` finds.
#   new_user_inside.sh SOURCE_DIRECTORY
set -euo pipefail
source=$1
model=$(echo "$source"/models/*.wrn)
images=$source/examples/images
work=$(mktemp -d)
cd "$work"

step() { printf '\n== %s\n' "$*"; }
quietly() { "$@" >"$work/log" 2>&1 || { tail -n 40 "$work/log"; exit 1; }; }
# shellcheck disable=SC2046 # flags are to be split
pkg() { local compiler=$1 output=$2 input=$3; shift 3; "$compiler" "$input" -o "$output" $(pkg-config --cflags --libs "$@") -pthread -lm; }
same_labels() { sh "$source/bindings/same_labels.sh" wrn "$model" "$images" "$@"; }

step "an outside program: pkg-config, shared and static"
pkg cc consumer "$source/tests/install/consumer.c" libwrn
./consumer
# shellcheck disable=SC2046
cc -DWRN_STATIC "$source/tests/install/consumer.c" -o static $(pkg-config --cflags libwrn) -Wl,-Bstatic -lwrn -Wl,-Bdynamic \
    $(pkg-config --static --libs libwrn | sed 's/-lwrn//')
./static
if readelf -d static | grep -q libwrn; then echo "it needs libwrn.so"; exit 1; fi

step "an outside program: find_package, shared and static, library and trainer"
quietly cmake -S "$source/tests/install/package" -B package -DWANTED_VERSION="$(pkg-config --modversion libwrn)" -DWITH_TRAINER=ON
quietly cmake --build package
for program in package/consumer_*; do echo "${program#*/}"; "$program"; done

step "the examples in C and C++, compiled by the commands in them"
mkdir examples
for example in classify_ten_lines batch_sessions host_threads fixed_arena camera_deadline frames_from_pipe similar_images; do
    pkg cc examples/$example "$source/examples/$example.c" libwrn
done
wrn convert "$model" model.c --c-array model
# shellcheck disable=SC2046
cc "$source/examples/model_in_program.c" model.c -o examples/model_in_program $(pkg-config --cflags --libs libwrn)
pkg c++ examples/opencv_mat "$source/examples/opencv_mat.cpp" libwrn opencv4
pkg c++ examples/classify "$source/examples/classify.cpp" libwrn
bash "$source/tests/examples/test_examples.sh" "$work/examples" "$source"
for image in cat dog; do examples/classify "$model" "$images/$image.ppm" | head -n 1 | tee top; grep -q " $image$" top; done

step "Python, with the system's library"
PYTHONPATH=$source/bindings/python same_labels python3 "$source/bindings/python/examples/classify.py"
step "Python, pip install"
python3 -m venv --system-site-packages venv
(cd "$source" && quietly "$work/venv/bin/pip" install .)
[ -e venv/lib/python3*/site-packages/wrn/libwrn.so ]
same_labels venv/bin/python "$source/bindings/python/examples/classify.py"

step "Node.js $(node --version)"
(cd "$source/bindings/node" && quietly npm install)
same_labels node "$source/bindings/node/examples/classify.js"

step "Rust $(cargo --version)"
same_labels cargo run --quiet --locked --manifest-path "$source/bindings/rust/examples/classify/Cargo.toml" --

step "$(go version)"
(cd "$source/bindings/go" && go build -o "$work/classify_go" ./examples/classify)
same_labels "$work/classify_go"

step "Java $(javac --version)"
mkdir classes
jna=/usr/share/java/jna.jar
javac -cp $jna -d classes "$source"/bindings/java/src/main/java/wrn/*.java "$source"/bindings/java/examples/*.java
same_labels java -cp classes:$jna -Djava.awt.headless=true -Djna.boot.library.path="$(dirname /usr/lib/*/jni/libjnidispatch.so)" Classify

printf '\nall of them find the same classes\n'
