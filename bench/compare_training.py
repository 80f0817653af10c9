#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A training step of libwrn and of PyTorch, measured alternately in one run, and the memory that it takes.

    compare_training.py BENCH_TRAIN [NETWORK ...] [--batch N] [--threads N] [--rounds N]

BENCH_TRAIN is build/release/bench/bench_train. A network is DEPTH-K, as in WRN-16-2, or resnet-DEPTH, the thin pre-activation
network of bottlenecks that the paper compares with; if there is one, the others' steps are set in relation to its step. PyTorch
runs with its memory in the order that is faster of the two (channels_last or not), found first. Both compute what a step of the
paper's protocol does: forward, backward and update, float32, on random images. Medians over all rounds, of wall time and of CPU
time. Memory is the peak of a fresh process that does two steps, PyTorch's in the order that takes less, with what the
interpreter and the library had before the network was made in parentheses. Needs python3-torch.
"""
import argparse
import os
import resource
import statistics
import subprocess
import sys
import time

STEPS = 3  # of each library in a round


def parse(network):
    """Depth, widening factor, and whether it is one of bottlenecks."""
    first, second = network.split("-")
    return (int(second), 1.0, True) if first == "resnet" else (int(first), float(second), False)


def build(torch, depth, k, thin):
    nn, F = torch.nn, torch.nn.functional

    class Block(nn.Module):
        def __init__(self, c, width, stride):
            super().__init__()
            self.bn1, self.conv1 = nn.BatchNorm2d(c), nn.Conv2d(c, width, 3, stride, 1, bias=False)
            self.bn2, self.conv2 = nn.BatchNorm2d(width), nn.Conv2d(width, width, 3, 1, 1, bias=False)
            self.project = None if c == width and stride == 1 else nn.Conv2d(c, width, 1, stride, bias=False)

        def forward(self, x):
            a = F.relu(self.bn1(x))
            y = self.conv2(F.relu(self.bn2(self.conv1(a))))
            return y + (x if self.project is None else self.project(a))

    class Bottleneck(nn.Module):
        def __init__(self, c, width, stride):
            super().__init__()
            self.bn1, self.conv1 = nn.BatchNorm2d(c), nn.Conv2d(c, width // 4, 1, bias=False)
            self.bn2, self.conv2 = nn.BatchNorm2d(width // 4), nn.Conv2d(width // 4, width // 4, 3, stride, 1, bias=False)
            self.bn3, self.conv3 = nn.BatchNorm2d(width // 4), nn.Conv2d(width // 4, width, 1, bias=False)
            self.project = None if c == width and stride == 1 else nn.Conv2d(c, width, 1, stride, bias=False)

        def forward(self, x):
            a = F.relu(self.bn1(x))
            y = self.conv3(F.relu(self.bn3(self.conv2(F.relu(self.bn2(self.conv1(a)))))))
            return y + (x if self.project is None else self.project(a))

    layers, c = [nn.Conv2d(3, 16, 3, 1, 1, bias=False)], 16
    for stage, width in enumerate(round(w * k) * (4 if thin else 1) for w in (16, 32, 64)):
        for block in range((depth - 2) // 9 if thin else (depth - 4) // 6):
            layers.append((Bottleneck if thin else Block)(c, width, 2 if stage and not block else 1))
            c = width
    return nn.Sequential(*layers, nn.BatchNorm2d(c), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(c, 10))


class PyTorch:
    def __init__(self, torch, network, batch, channels_last):
        self.torch, order = torch, torch.channels_last if channels_last else torch.contiguous_format
        self.model = build(torch, *parse(network)).to(memory_format=order)
        self.optimizer = torch.optim.SGD(self.model.parameters(), 0.01, momentum=0.9, nesterov=True, weight_decay=5e-4)
        self.x = torch.randn(batch, 3, 32, 32).contiguous(memory_format=order)
        self.y = torch.randint(0, 10, (batch,))
        self.step()

    def step(self):
        wall, cpu = time.perf_counter(), time.process_time()
        self.optimizer.zero_grad()
        self.torch.nn.functional.cross_entropy(self.model(self.x), self.y).backward()
        self.optimizer.step()
        return time.perf_counter() - wall, time.process_time() - cpu


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def pytorch_memory(network, batch, threads, channels_last):
    """What a process of its own does: prints megabytes before and after."""
    import torch

    torch.set_num_threads(threads)
    before = peak()
    PyTorch(torch, network, batch, channels_last).step()
    print(before, peak())


def libwrn_command(a, network, steps):
    depth, k, thin = parse(network)
    return [a.program, str(depth), str(k), str(a.batch), str(a.threads), str(steps)] + ["--thin"] * thin


def libwrn(a, network):
    out = subprocess.run(libwrn_command(a, network, STEPS), check=True, capture_output=True, text=True).stdout
    return [tuple(map(float, line.split())) for line in out.splitlines()]


def memory(a, network):
    """Peaks of libwrn and of PyTorch, and what PyTorch takes without a network, in megabytes. A process reports the peak of the one
    that started it if that is more, so this one must not have imported PyTorch yet."""
    with subprocess.Popen(libwrn_command(a, network, 1), stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{a.program} failed")
    theirs = []
    for order in ("contiguous", "channels_last"):
        command = [sys.executable, __file__, a.program, network, "--batch", str(a.batch), "--threads", str(a.threads), "--memory-of", order]
        theirs.append(tuple(map(float, subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())))
    before, after = min(theirs, key=lambda m: m[1])
    return usage.ru_maxrss / 1e3, after, before


def compare(torch, a, network, megabytes):
    """Prints a line and returns the medians of both libraries' wall time."""
    runs = [PyTorch(torch, network, a.batch, channels_last) for channels_last in (False, True)]
    torch_run = min(runs, key=lambda run: min(run.step()[1] for _ in range(2)))
    ours, theirs = [], []
    for _ in range(a.rounds):
        ours += libwrn(a, network)
        theirs += [torch_run.step() for _ in range(STEPS)]
    m = [statistics.median(t[i] for t in times) for times in (ours, theirs) for i in (0, 1)]
    print(f"{network:11}  {m[0]:7.3f} {m[1]:7.3f}    {m[2]:7.3f} {m[3]:7.3f}    {m[2] / m[0]:5.2f} {m[3] / m[1]:5.2f}    "
          f"{megabytes[0]:6.0f}  {megabytes[1]:6.0f} ({megabytes[2]:.0f})", flush=True)
    return m[0], m[2]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("networks", nargs="*")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory-of", help=argparse.SUPPRESS)  # the process whose memory is measured
    a = parser.parse_args()
    a.networks = a.networks or ["16-2", "16-4", "28-10"]
    if a.memory_of:
        return pytorch_memory(a.networks[0], a.batch, a.threads, a.memory_of == "channels_last")
    megabytes = {network: memory(a, network) for network in a.networks}
    import torch

    torch.set_num_threads(a.threads)
    print(f"PyTorch {torch.__version__}, {a.threads} threads, batch {a.batch}; seconds a step, medians of {a.rounds * STEPS}; peak memory in MB")
    print("             libwrn             PyTorch            ratio          memory of")
    print("network         wall     cpu       wall     cpu     wall   cpu    libwrn  PyTorch (without network)")
    seconds = {network: compare(torch, a, network, megabytes[network]) for network in a.networks}
    for thin in (n for n in a.networks if parse(n)[2]):
        for wide in (n for n in a.networks if not parse(n)[2]):
            ours, theirs = (seconds[thin][i] / seconds[wide][i] for i in (0, 1))
            print(f"{thin} takes {ours:.2f} times as long as WRN-{wide} with libwrn, {theirs:.2f} times with PyTorch")


if __name__ == "__main__":
    main()
