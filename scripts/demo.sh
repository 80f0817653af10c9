#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds the release, and classifies the sample images with the model that ships.
# Arguments go to wrn classify, such as -k 3.
set -eu
cd "$(dirname "$0")/.."

./scripts/install_packages.sh demo
echo "building ..."
mkdir -p build
if ! { cmake --preset release && cmake --build --preset release --target wrn; } >build/demo.log 2>&1; then
    cat build/demo.log >&2
    exit 1
fi
echo
build/release/tools/wrn classify cifar10 examples/images/*.jpg examples/images/*.png "$@"
