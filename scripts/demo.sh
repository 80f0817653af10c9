#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds the release, and classifies the sample images with the model that ships.
set -eu
cd "$(dirname "$0")/.."

./scripts/install_packages.sh demo
cmake --preset release >build-demo.log 2>&1 && cmake --build --preset release >>build-demo.log 2>&1 || {
    cat build-demo.log >&2
    exit 1
}
rm -f build-demo.log
build/release/tools/wrn classify cifar10 examples/images/*.jpg "$@"
