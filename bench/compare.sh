#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Measures libwrn and other inference libraries in one run, and writes docs/benchmark.md with its charts:
#   compare.sh [--quick] [--networks FOLDER] [--peers a,b] [--rows NETWORK:BATCH,...] [--threads 1,2] [--seconds S]
#              [--rounds N] [--cpus 0,1] [--clock wall|cpu] [--json FILE] [--docs FOLDER]
# Builds the library, makes a Python environment with the peers that can be installed (build/bench/venv; WRN_BENCH_VENV
# names another one, which is used as it is), and exports the networks unless a folder of them is given.
set -eu
case " $* " in *" --help "* | *" -h "*) sed -n '3,7s/^# \{0,1\}//p' "$0"; exit ;; esac
WRN_BENCH_ARGUMENTS="$*"
export WRN_BENCH_ARGUMENTS
cd "$(dirname "$0")/.."
work=build/bench
venv=${WRN_BENCH_VENV:-$work/venv}
mkdir -p $work

cmake --preset release >$work/build.log
cmake --build --preset release --target wrn_shared >>$work/build.log

if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install -q numpy onnx
    for peer in onnxruntime openvino "ncnn pnnx" torch; do
        # pnnx converts for ncnn; what it asks for is not needed for that.
        case $peer in ncnn*) "$venv/bin/pip" install -q --no-deps pnnx || true ;; esac
        "$venv/bin/pip" install -q "${peer%% *}" || echo "$peer cannot be installed here"
    done
fi

networks=$work/networks
case " $* " in
    *" --networks "*) ;;
    *)
        "$venv/bin/python" bench/networks.py $networks wrn-16-1 wrn-16-4 wrn-40-2 wrn-40-4 wrn-28-10 wrn-50-2
        set -- --networks $networks "$@"
        ;;
esac
case " $* " in *" --quick "* | *" --docs "*) ;; *) set -- --docs docs "$@" ;; esac
exec "$venv/bin/python" bench/compare.py --library build/release/lib/libwrn.so "$@"
