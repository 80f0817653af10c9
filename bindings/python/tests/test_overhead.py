# SPDX-License-Identifier: Apache-2.0
"""What Model.infer costs over wrn_infer itself. Run as a program it prints microseconds; arguments: MODEL [ROUNDS].

Times are those that the thread had on the CPU, so that other programs count little."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy
import pytest
from conftest import MODEL, ROOT

import wrn
from wrn import _library

SOURCE = """
#include <time.h>
#include <wrn.h>
typedef wrn_status call(wrn_model *, int32_t, const float *, size_t, float *, size_t, wrn_error *);

wrn_status nothing(wrn_model *model, int32_t batch, const float *input, size_t in, float *output, size_t out, wrn_error *error)
{
    (void)model, (void)batch, (void)input, (void)in, (void)output, (void)out, (void)error;
    return WRN_OK;
}

double seconds(call *infer, wrn_model *model, const float *input, size_t in, float *output, size_t out, int32_t repeats)
{
    struct timespec a, b;
    wrn_error error;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
    for (int32_t i = 0; i < repeats; i++)
        if (infer(model, 1, input, in, output, out, &error) != WRN_OK) return -1;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
    return (double)(b.tv_sec - a.tv_sec) + 1e-9 * (double)(b.tv_nsec - a.tv_nsec);
}
"""


def compiled(folder: Path) -> Any:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    (folder / "calls.c").write_text(SOURCE)
    command = [compiler, "-O2", "-shared", "-fPIC", f"-I{ROOT / 'include'}", folder / "calls.c", "-o", folder / "calls.so"]
    subprocess.run(command, check=True)
    calls = ctypes.CDLL(str(folder / "calls.so"))
    calls.seconds.restype = ctypes.c_double
    calls.seconds.argtypes = [ctypes.c_void_p] * 3 + [ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int32]
    calls.nothing.restype, calls.nothing.argtypes = _library.lib.wrn_infer.restype, _library.lib.wrn_infer.argtypes
    return calls


def measure(model: wrn.Model, calls: Any, function: Any, rounds: int, repeats: int) -> tuple[list[float], list[float]]:
    """Microseconds a call of `function` takes in Python and in C, one image, alternately."""
    python, c = [], []
    image = numpy.zeros((1, *model.info.input_shape), numpy.float32)
    out = numpy.empty((1, *model.info.output_shape), numpy.float32)
    arrays = (image.ctypes.data, image.size, out.ctypes.data, out.size)
    address = ctypes.cast(function, ctypes.c_void_p)
    original, _library.lib.wrn_infer = _library.lib.wrn_infer, function
    try:
        for _ in range(rounds):
            start = time.thread_time()
            for _ in range(repeats):
                model.infer(image, out=out)
            python.append((time.thread_time() - start) / repeats * 1e6)
            c.append(calls.seconds(address, model._open().pointer, *arrays, repeats) / repeats * 1e6)
    finally:
        _library.lib.wrn_infer = original
    return python, c


def test_a_call_costs_less_than_30_microseconds(model: wrn.Model, tmp_path: Path) -> None:
    calls = compiled(tmp_path)
    python, c = measure(model, calls, calls.nothing, 50, 100)
    assert 0 < median(python) - median(c) < 30


def main(path: str, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder, wrn.Model.load(path, threads=1) as model:
        calls = compiled(Path(folder))
        for what, function, repeats in (
            ("a function that does nothing", calls.nothing, 1000),
            (f"wrn_infer of {model.properties['architecture']}", _library.lib.wrn_infer, 20),
        ):
            python, c = measure(model, calls, function, rounds, repeats)
            print(f"{what}, microseconds on the CPU, {rounds} rounds of {repeats} calls:")
            for name, choose in ("least", min), ("median", median):
                print(f"  {name}: {choose(python):.2f} from Python, {choose(c):.2f} from C")
            print(f"  median of the rounds' differences: {median(a - b for a, b in zip(python, c)):.2f}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 200)
