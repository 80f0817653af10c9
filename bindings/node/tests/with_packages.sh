#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs COMMAND with the packages that node_install.sh has installed, or ends with 77 where it could not.
#   with_packages.sh WORK_DIRECTORY COMMAND...
set -eu
modules=$1/node_modules
shift
if ! [ -d "$modules/wrn" ]; then
    echo "skipped: $modules lacks packages; the test node_install says why"
    exit 77
fi
NODE_PATH=$modules exec "$@"
