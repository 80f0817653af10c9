#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Exports a Wide Residual Network of each kind, with images and float64 logits, for the test of whole networks:
#   export_networks.sh FOLDER [NAME...]     needs a python3 with torch, onnx and numpy (PYTHON names another one)
#   WRN_NETWORKS=FOLDER ctest --test-dir build/release -L long --verbose
# The default names take about 1 GB and a few minutes; NAME is as bench/networks.py documents.
set -eu
if [ $# = 0 ]; then
    sed -n '3,6s/^# \{0,1\}//p' "$0" >&2
    exit 1
fi
folder=$1
shift
if [ $# = 0 ]; then
    set -- wrn-16-1 wrn-16-4 wrn-40-2 wrn-40-4 wrn-28-10 wrn-16-2-B31 wrn-16-2-B3333 wrn-22-2-B131 wrn-22-2-B313 wrn-18-1.5 wrn-34-2 wrn-50-2
fi
exec "${PYTHON:-python3}" "$(dirname "$0")/../bench/networks.py" "$folder" "$@"
