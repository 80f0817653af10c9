#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs `PYTHON ARGUMENT...` if PYTHON has the modules, else ends with status 77 and names the one that is missing.
#   with_modules.sh PYTHON "MODULE..." ARGUMENT...
set -eu
python=$1 modules=$2
shift 2
for module in $modules; do
    if ! "$python" -c "import $module" 2>/dev/null; then
        echo "skipped: $python has no module $module"
        exit 77
    fi
done
exec "$python" "$@"
