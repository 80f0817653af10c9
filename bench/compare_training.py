#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A training step of libwrn and of PyTorch, measured alternately in one run.

    compare_training.py BENCH_TRAIN [DEPTH-K ...] [--batch N] [--threads N] [--rounds N]

BENCH_TRAIN is build/release/bench/bench_train. PyTorch runs with its memory in the order that is faster of the two
(channels_last or not), found first. Both compute what a step of the paper's protocol does: forward, backward and update,
float32, on random images. Medians over all rounds, of wall time and of CPU time. Needs python3-torch.
"""
import argparse
import os
import statistics
import subprocess
import time

STEPS = 3  # of each library in a round


def build(torch, depth, k):
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

    layers, c = [nn.Conv2d(3, 16, 3, 1, 1, bias=False)], 16
    for stage, width in enumerate(round(w * k) for w in (16, 32, 64)):
        for block in range((depth - 4) // 6):
            layers.append(Block(c, width, 2 if stage and not block else 1))
            c = width
    return nn.Sequential(*layers, nn.BatchNorm2d(c), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(c, 10))


class PyTorch:
    def __init__(self, torch, depth, k, batch, channels_last):
        self.torch, order = torch, torch.channels_last if channels_last else torch.contiguous_format
        self.model = build(torch, depth, k).to(memory_format=order)
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


def libwrn(program, depth, k, batch, threads):
    out = subprocess.run([program, str(depth), str(k), str(batch), str(threads), str(STEPS)], check=True, capture_output=True, text=True).stdout
    return [tuple(map(float, line.split())) for line in out.splitlines()]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("networks", nargs="*")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=5)
    a = parser.parse_args()
    import torch

    torch.set_num_threads(a.threads)
    print(f"PyTorch {torch.__version__}, {a.threads} threads, batch {a.batch}; seconds a step, medians of {a.rounds * STEPS}")
    print("network    libwrn wall  cpu     PyTorch wall  cpu     ratio of wall  of cpu")
    for network in a.networks or ["16-2"]:
        depth, k = int(network.split("-")[0]), float(network.split("-")[1])
        runs = [PyTorch(torch, depth, k, a.batch, channels_last) for channels_last in (False, True)]
        torch_run = min(runs, key=lambda run: min(run.step()[1] for _ in range(2)))
        ours, theirs = [], []
        for _ in range(a.rounds):
            ours += libwrn(a.program, depth, k, a.batch, a.threads)
            theirs += [torch_run.step() for _ in range(STEPS)]
        m = [statistics.median(t[i] for t in times) for times in (ours, theirs) for i in (0, 1)]
        print(f"{network:9}  {m[0]:.4f}       {m[1]:.4f}  {m[2]:.4f}        {m[3]:.4f}  {m[2] / m[0]:.2f}           {m[3] / m[1]:.2f}", flush=True)


if __name__ == "__main__":
    main()
