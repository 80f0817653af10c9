#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds a source package and, from it alone, the wheel, as `pip install .` does; installs it into an empty environment
# and classifies. Ends with 77 where pip cannot have what it takes.
#   wheel.sh PYTHON SOURCE_DIRECTORY WORK_DIRECTORY
set -euo pipefail
python=$1 source=$2 work=$3
unset WRN_LIBRARY PYTHONPATH
skip() {
    echo "skipped: $*"
    exit 77
}
rm -rf "$work"
mkdir -p "$work"
"$python" -c 'import numpy' 2>/dev/null || skip "$python has no module numpy"
"$python" -m venv --system-site-packages "$work/venv" >"$work/venv.log" 2>&1 || skip "$python makes no environment: $(tail -n 1 "$work/venv.log")"
pip="$work/venv/bin/python -m pip --disable-pip-version-check"
$pip install -q --retries 0 --timeout 10 'scikit-build-core>=0.10' >"$work/pip.log" 2>&1 ||
    skip "pip cannot have scikit-build-core: $(tail -n 1 "$work/pip.log")"

# A copy, so that nothing is written beside the sources.
tar -C "$source" --exclude='./build*' --exclude=./.git -cf - . | (mkdir "$work/source" && tar -C "$work/source" -xf -)
(cd "$work/source" && "$work/venv/bin/python" -c "import scikit_build_core.build as b; b.build_sdist('$work/dist')" >"$work/sdist.log")
# Not optimized: the compiler would need half a minute for the kernels.
SKBUILD_CMAKE_BUILD_TYPE=Debug $pip install --no-build-isolation --no-deps -q "$work"/dist/wrn-*.tar.gz

cd "$work" # away from the sources
"$work/venv/bin/python" - "$source/tests/models/wrn-16-2-cifar10.wrn" <<'EOF'
import importlib.metadata
import pathlib
import sys

import numpy
import wrn

folder = pathlib.Path(wrn.__file__).parent
files = sorted(file.name for file in folder.iterdir())
assert {"libwrn.so", "py.typed"} <= set(files), files
assert importlib.metadata.version("wrn") == "%d.%d.%d" % wrn.version()
with wrn.Model.load(sys.argv[1], verify=True) as model:
    print(folder, model.classify(numpy.full((64, 48, 3), 200, numpy.uint8), k=1)[0])
EOF
