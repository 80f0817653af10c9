#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Configures, builds and tests the project in another way. Prints all output when something fails, else the summary.
#   subbuild.sh SOURCE_DIRECTORY BUILD_DIRECTORY [CMAKE ARGUMENT...] -- [CTEST ARGUMENT...]
set -euo pipefail
source=$1 build=$2
shift 2
cmake_arguments=()
while [ "$1" != -- ]; do
    cmake_arguments+=("$1")
    shift
done
shift

mkdir -p "$build"
log=$build/subbuild.log
run() {
    if ! "$@" >"$log" 2>&1; then
        cat "$log"
        echo "failed: $*"
        exit 1
    fi
}
cached() { sed -n "s/^$1:[A-Z]*=//p" "$build/CMakeCache.txt"; }

run cmake -S "$source" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DWRN_SUBBUILDS=OFF "${cmake_arguments[@]}"
run cmake --build "$build"

# The sanitizers' runtimes cannot start where the kernel spreads addresses wider than they know.
wrap=()
sanitize=$(cached WRN_SANITIZE)
if [ "$sanitize" ]; then
    echo 'int main(void) { return 0; }' >"$build/probe.c"
    run "$(cached CMAKE_C_COMPILER)" "-fsanitize=$sanitize" "$build/probe.c" -o "$build/probe"
    if ! "$build/probe" >/dev/null 2>&1; then wrap=(setarch -R); fi
fi

export ASAN_OPTIONS=strict_string_checks=1:detect_stack_use_after_return=1:${ASAN_OPTIONS:-}
export UBSAN_OPTIONS=print_stacktrace=1:${UBSAN_OPTIONS:-}
export TSAN_OPTIONS=second_deadlock_stack=1:${TSAN_OPTIONS:-}
run "${wrap[@]}" ctest --test-dir "$build" --output-on-failure --no-tests=error --timeout 900 --parallel "$(nproc)" "$@"
tail -n 25 "$log"
