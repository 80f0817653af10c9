#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures libwrn and other inference libraries alternately, on the same ONNX files, images and CPUs.

Each library runs in a process of its own, which is stopped while it is not its turn (so that no thread pool spins in
another's time). A round gives each library one turn of warm-up and several inferences, in an order that rotates; the
round's value is the median of the turn. Ratios are taken per round. bench/compare.sh runs this with all it needs.
"""
import argparse
import datetime
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import report
from machine import describe

HERE = Path(__file__).resolve().parent
ROWS = ["wrn-28-10:8", "wrn-28-10:1", "wrn-40-4:8", "wrn-16-4:8", "wrn-40-2:8", "wrn-16-1:32", "wrn-50-2:1"]
QUICK_ROWS = ["wrn-16-1:32", "wrn-16-4:8", "wrn-40-2:8"]
SCALING_ROW = "wrn-28-10:8"
PEERS = ["libwrn", "onnxruntime", "openvino", "ncnn", "torch"]


class Worker:
    """A peer's process; stopped but for the time that a request takes."""

    def __init__(self, name, library, cpus, threads):
        self.name = name
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads))
        self.process = subprocess.Popen([sys.executable, HERE / "peers.py", name, library], text=True, env=environment,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        preexec_fn=lambda: os.sched_setaffinity(0, cpus))

    def ask(self, *request):
        self.process.send_signal(signal.SIGCONT)
        try:
            print(json.dumps(request), file=self.process.stdin, flush=True)
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            return {"error": f"its process ended ({self.process.wait()})"}
        self.process.send_signal(signal.SIGSTOP)
        return json.loads(line)

    def end(self):
        self.process.kill()
        self.process.wait()


def batch_of_images(network, batch, folder):
    images = np.load(network.with_name(network.name.removesuffix(".onnx") + ".input.npy"))
    path = os.path.join(folder, "images.npy")
    np.save(path, np.ascontiguousarray(np.resize(images, (batch,) + images.shape[1:]).astype(np.float32)))
    return path


def start_workers(options, network, images, cpus, threads, notes):
    workers = []
    for name in options.peers:
        worker = Worker(name, options.library, cpus, threads)
        reply = worker.ask("load", str(network), images, threads)
        if "error" in reply:
            if name == "libwrn":
                worker.end()
                sys.exit(f"libwrn, {network.stem}: {reply['error']}")
            notes.setdefault(name, {"version": None, "notes": set()})["notes"].add(f"{network.stem}: {reply['error']}")
            worker.end()
            continue
        note = notes.setdefault(name, {"version": None, "notes": set()})
        note["version"] = reply["version"]
        note["notes"].update([reply["note"]] if reply["note"] else [])
        workers.append(worker)
    return workers


def compare_outputs(workers, folder):
    """The largest difference of a peer's output to libwrn's, relative to the largest output."""
    outputs = {}
    for worker in workers:
        path = os.path.join(folder, worker.name + ".npy")
        if "error" not in worker.ask("output", path):
            outputs[worker.name] = np.load(path).astype(np.float64)
    first = outputs[workers[0].name]
    return {name: float(abs(o.reshape(first.shape) - first).max() / abs(first).max()) for name, o in outputs.items()}


def measure_row(options, row, threads, notes):
    name, batch = row.rsplit(":", 1)
    network, cpus = options.networks / (name + ".onnx"), options.cpus[:threads]
    with tempfile.TemporaryDirectory() as folder:
        images = batch_of_images(network, int(batch), folder)
        workers = start_workers(options, network, images, cpus, threads, notes)
        try:
            differences = compare_outputs(workers, folder)
            times, failed = {worker.name: [] for worker in workers}, set()
            for round_number in range(options.rounds):
                first = round_number % len(workers)
                for worker in workers[first:] + workers[:first]:
                    if worker.name in failed:
                        continue
                    reply = worker.ask("run", options.seconds)
                    if "error" in reply:
                        notes[worker.name]["notes"].add(f"{row}: {reply['error']}")
                        failed.add(worker.name)
                        continue
                    times[worker.name].append(float(np.median(reply[options.clock])) * 1e3 / int(batch))
        finally:
            for worker in workers:
                worker.end()
    times = {name: values for name, values in times.items() if name not in failed}
    return {"network": name, "batch": int(batch), "threads": threads, "milliseconds": times, "differences": differences}


def summarize(result):
    """Medians, quartiles and ratios to libwrn of a row."""
    times = result["milliseconds"]
    own = np.array(times.get("libwrn", []))
    result["summary"] = {}
    for name, values in times.items():
        quartiles = [float(q) for q in np.percentile(values, (25, 50, 75))]
        ratios = [float(q) for q in np.percentile(np.array(values) / own, (25, 50, 75))] if own.size else None
        result["summary"][name] = {"quartiles": quartiles, "ratio": ratios}


def print_row(result):
    print(f"{result['network']}, batch {result['batch']}, {result['threads']} thread{'s' * (result['threads'] > 1)}")
    for name, summary in result["summary"].items():
        low, middle, high = summary["quartiles"]
        ratio = "" if not summary["ratio"] else "  ratio {1:5.2f} ({0:.2f} to {2:.2f})".format(*summary["ratio"])
        print(f"  {name:12s} {middle:9.3f} ms per image ({low:.3f} to {high:.3f}){ratio}"
              f"  difference {result['differences'].get(name, float('nan')):.1e}", flush=True)


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", type=Path, required=True, help="folder of NAME.onnx, NAME.input.npy and, for torch, NAME.pt")
    parser.add_argument("--library", type=Path, required=True, help="libwrn.so")
    parser.add_argument("--rows", type=lambda s: s.split(","), help="NETWORK:BATCH,... (default: those of docs/benchmark.md)")
    parser.add_argument("--peers", type=lambda s: s.split(","), default=PEERS, help="of " + ",".join(PEERS))
    parser.add_argument("--threads", type=lambda s: [int(n) for n in s.split(",")], help="default 1,2, and what the scaling chart needs")
    parser.add_argument("--cpus", type=lambda s: [int(n) for n in s.split(",")], default=sorted(os.sched_getaffinity(0)),
                        help="run on these; N threads use the first N")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=0.4, help="of a turn")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall",
                        help="cpu: the process's own time, for one thread on a machine that is shared with other work")
    parser.add_argument("--quick", action="store_true", help="three small networks and few rounds, to see that it works")
    parser.add_argument("--json", type=Path, help="also write all numbers to this file")
    parser.add_argument("--docs", type=Path, help="write benchmark.md and the charts into this folder")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 5, 0.1
    options.rows = options.rows or (QUICK_ROWS if options.quick else ROWS)
    options.scaling = []
    if not options.threads:
        options.threads = [n for n in (1, 2) if n <= len(options.cpus)]
        if len(options.cpus) > 2 and not options.quick:
            options.scaling = [n for n in (4, 8, 16, 32) if n <= len(options.cpus)]
    if options.clock == "cpu" and options.threads != [1]:
        parser.error("--clock cpu needs --threads 1")
    if max(options.threads) > len(options.cpus):
        parser.error(f"more threads than the {len(options.cpus)} CPUs")
    return options


def command_line():
    """What was asked of compare.sh, without where the results go."""
    words, kept = os.environ.get("WRN_BENCH_ARGUMENTS", "").split(), ["bench/compare.sh"]
    for i, word in enumerate(words):
        if word not in ("--json", "--docs") and (i == 0 or words[i - 1] not in ("--json", "--docs")):
            kept.append(word)
    return " ".join(kept)


def main():
    options, notes, results = parse_options(), {}, []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the workers are ended too
    runs = [(row, threads) for threads in options.threads for row in options.rows]
    runs += [(SCALING_ROW, threads) for threads in options.scaling]
    for row, threads in runs:
        if not (options.networks / (row.rsplit(":", 1)[0] + ".onnx")).exists():
            print(f"{row}: no such network in {options.networks}")
            continue
        result = measure_row(options, row, threads, notes)
        summarize(result)
        print_row(result)
        results.append(result)
    for name, note in notes.items():
        print(f"{name} {note['version'] or '(not measured)'}: {'; '.join(sorted(note['notes'])) or 'as it comes'}")
    data = {
        "date": datetime.date.today().isoformat(), "machine": describe(), "results": results, "clock": options.clock,
        "rounds": options.rounds, "seconds": options.seconds, "load": os.getloadavg()[0],
        "peers": {n: {"version": v["version"], "notes": sorted(v["notes"])} for n, v in notes.items()},
        "command": command_line(),
    }
    if options.json:
        options.json.write_text(json.dumps(data, indent=1) + "\n")
    if options.docs:
        report.write(options.docs, data)


if __name__ == "__main__":
    main()
