#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Memory and load time of a network in a fresh process: libwrn from .onnx and .wrn, and ONNX Runtime.

    memory.py NETWORK.onnx [--build build/release] [--rounds 7] [--docs docs]

Each measurement is a process of its own that loads and infers one image on one thread; they alternate. libwrn is measured
by the C program bench_load. Of ONNX Runtime's process Python, NumPy and the library itself are stated apart: what it had
taken before the session was made. Files are in the page cache. With --docs writes memory.md into that folder.
"""
import argparse
import datetime
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from machine import describe

ONNX_RUNTIME = """
import json, resource, sys, time
import numpy, onnxruntime
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
options.log_severity_level = 3
before, start = peak(), time.perf_counter()
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
loaded, loaded_kb = time.perf_counter(), peak()
entry = session.get_inputs()[0]
session.run(None, {entry.name: numpy.zeros([n if isinstance(n, int) else 1 for n in entry.shape], numpy.float32)})
print(json.dumps({"load_ms": 1e3 * (loaded - start), "first_ms": 1e3 * (time.perf_counter() - loaded), "before_kb": before,
                  "loaded_kb": loaded_kb, "peak_kb": peak(), "version": onnxruntime.__version__}))
"""
PACKED = "libwrn, .wrn float32, mapped, passes of 8, packed ahead of time"
COLUMNS = (("load_ms", 1, "load, ms"), ("first_ms", 1, "first inference, ms"), ("before_kb", 1024, "before the load, MB"),
           ("loaded_kb", 1024, "peak after the load, MB"), ("peak_kb", 1024, "peak at the end, MB"))


def run(*command):
    return json.loads(subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE).stdout)


def run_together(command, count):
    """The same command in `count` processes at a time: the list of what they print while all of them hold their memory."""
    processes = [subprocess.Popen([str(part) for part in command] + ["wait"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
                 for _ in range(count)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    found = []
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
        found.append(json.loads(process.stdout.readline()))
    for process in processes:
        process.communicate()
    return found


def median(values):
    ordered = sorted(values)
    return ordered[len(ordered) // 2]


def cases(options, folder):
    """Name and command of each case."""
    wrn, load = options.build / "tools/wrn", options.build / "bench/bench_load"
    full, half, packed = Path(folder, "full.wrn"), Path(folder, "half.wrn"), Path(folder, "packed.wrn")
    for arguments in ((full,), (half, "--fp16"), (packed, "--pack", "auto")):
        subprocess.run([wrn, "convert", options.network, *arguments], check=True, stdout=subprocess.DEVNULL)
    yield "libwrn, .onnx", (load, options.network)
    yield "libwrn, .wrn float32", (load, full)
    yield "libwrn, .wrn float32, mapped", (load, full, "map")
    yield "libwrn, .wrn float32, mapped, passes of 8", (load, full, "map", "pass8")
    yield PACKED, (load, packed, "map", "pass8")
    yield "libwrn, .wrn float16", (load, half)
    yield f"libwrn, .wrn float16, mapped, limit {options.limit} MB", (load, half, "map", options.limit)
    yield "ONNX Runtime, .onnx", (sys.executable, "-c", ONNX_RUNTIME, options.network)


def shown(number):
    return f"{number:.1f}" if number < 9.95 else f"{number:.0f}"


def markdown(options, rows, together, version):
    lines = [
        f"<!-- SPDX-License-Identifier: Apache-2.0 -->\n# Memory and load time: {options.network.stem.upper()}, one thread, batch 1",
        f"Medians of {options.rounds} fresh processes each, measured alternately; peaks are ru_maxrss in MB of 2^20 bytes. libwrn from a C "
        "program. ONNX Runtime from Python: what Python, NumPy and the library take before the session is made stands in its own column. "
        "A mapped file's pages count as long as they are used; the kernel can drop them, and processes share them.",
        "\n".join(["| | " + " | ".join(title for _, _, title in COLUMNS) + " | end less before |", "|---|" + "---|" * (len(COLUMNS) + 1)] + [
            f"| {name} | " + " | ".join(shown(row[key] / scale) for key, scale, _ in COLUMNS)
            + f" | **{(row['peak_kb'] - row['before_kb']) / 1024:.0f}** |" for name, row in rows.items()]),
        f"Packed ahead of time (`wrn convert --pack auto`), mapped by {len(together)} processes at a time, in MB each: "
        + ", ".join(f"{one['private_kb'] / 1024:.0f} of its own, {one['pss_kb'] / 1024:.0f} with its share of what they share" for one in together)
        + f"; one process alone: {rows[PACKED]['private_kb'] / 1024:.0f} of its own.",
        "\n".join(["| | |", "|---|---|"] + [f"| {key} | {value} |" for key, value in describe().items()] + [
            f"| ONNX Runtime | {version} |", f"| date | {datetime.date.today().isoformat()} |",
            f"| load average at the end | {os.getloadavg()[0]:.1f} |",
            f"| command | `bench/memory.py {options.network.name} --rounds {options.rounds}` |"]),
    ]
    return "\n\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", type=Path)
    parser.add_argument("--build", type=Path, default=Path(__file__).resolve().parent.parent / "build/release")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--limit", type=int, default=200, help="megabytes for the case with a memory limit")
    parser.add_argument("--docs", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        commands = dict(cases(options, folder))
        found = {name: [] for name in commands}
        for _ in range(options.rounds):
            for name, command in commands.items():
                found[name].append(run(*command))
        together = run_together(commands[PACKED], 2)
    rows = {name: {key: median([one[key] for one in all_of_it]) for key in all_of_it[0] if key != "version"} for name, all_of_it in found.items()}
    text = markdown(options, rows, together, found["ONNX Runtime, .onnx"][0]["version"])
    print(text)
    if options.docs:
        (options.docs / "memory.md").write_text(text)


if __name__ == "__main__":
    main()
