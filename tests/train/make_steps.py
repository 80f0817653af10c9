#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ten steps of WRN-16-1 in PyTorch, for test_train_steps.c: prints the loss before each.

    make_steps.py >steps_wrn-16-1.txt

Weights and batches are the functions of trainer/train_random.h that the test uses, computed here again; arithmetic is in
double precision. Needs python3-torch, python3-numpy.
"""
import numpy as np
import torch
import torch.nn.functional as F

WEIGHTS, ORDER = 1, 2  # enum wrnt_random_use
BATCH, STEPS, RATE, WEIGHT_SEED, DATA_SEED = 16, 10, 0.01, 7, 11


def mix(x):
    with np.errstate(over="ignore"):
        x = np.asarray(x, np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


def random(seed, use, a, b):
    with np.errstate(over="ignore"):
        return mix(mix(mix(np.uint64(seed ^ use << 56)) + np.uint64(a)) + np.asarray(b, np.uint64))


def unit(bits):
    return ((bits >> np.uint64(11)).astype(np.float64) + 1) * 2.0**-53


class Parameters:
    """Parameters in the order of trainer/train_build.c."""

    def __init__(self):
        self.list = []

    def add(self, kind, *dims):
        bits = random(WEIGHT_SEED, WEIGHTS, len(self.list), np.arange(np.prod(dims)))
        u, v = unit(bits), unit(mix(bits))
        if kind == "conv":
            x = np.sqrt(2.0 / (dims[0] * dims[2] * dims[3])) * np.sqrt(-2 * np.log(u)) * np.cos(2 * np.pi * v)
        elif kind == "linear":
            x = (2 * u - 1) / np.sqrt(dims[1])
        else:
            x = np.full(len(u), float(kind == "scale"))
        self.list.append(torch.tensor(x.astype(np.float32).reshape(dims).astype(np.float64), requires_grad=True))
        return self.list[-1]

    def bn(self, c):
        return self.add("scale", c), self.add("shift", c)


def activate(x, bn):
    return F.relu(F.batch_norm(x, None, None, bn[0], bn[1], training=True, eps=1e-5))


def build(p):
    stem, blocks, c = p.add("conv", 16, 3, 3, 3), [], 16
    for stage, width in enumerate((16, 32, 64)):
        for block in range(2):
            stride = 2 if stage and not block else 1
            bn1, project = p.bn(c), None
            if c != width or stride != 1:
                project = p.add("conv", width, c, 1, 1)
            blocks.append((stride, bn1, project, p.add("conv", width, c, 3, 3), p.bn(width), p.add("conv", width, width, 3, 3)))
            c = width
    last, fc, bias = p.bn(c), p.add("linear", 10, c), p.add("bias", 10)

    def forward(x):
        x = F.conv2d(x, stem, padding=1)
        for stride, bn1, project, conv1, bn2, conv2 in blocks:
            a = activate(x, bn1)
            y = F.conv2d(activate(F.conv2d(a, conv1, stride=stride, padding=1), bn2), conv2, padding=1)
            x = y + (x if project is None else F.conv2d(a, project, stride=stride))
        return F.linear(activate(x, last).mean((2, 3)), fc, bias)

    return forward


def main():
    parameters = Parameters()
    forward = build(parameters)
    optimizer = torch.optim.SGD(parameters.list, lr=RATE, momentum=0.9, nesterov=True, weight_decay=5e-4)
    for step in range(STEPS):
        elements = np.arange(BATCH * 3072, dtype=np.uint64)
        images = (random(DATA_SEED, ORDER, step, elements) % np.uint64(4096)).astype(np.float64) / 1024 - 2
        labels = random(DATA_SEED, ORDER, step, np.arange(BATCH, dtype=np.uint64) * np.uint64(3072) + np.uint64(1 << 40)) % np.uint64(10)
        optimizer.zero_grad()
        loss = F.cross_entropy(forward(torch.from_numpy(images.reshape(BATCH, 3, 32, 32))), torch.from_numpy(labels.astype(np.int64)))
        loss.backward()
        optimizer.step()
        print(f"{loss.item():.9f}")


if __name__ == "__main__":
    main()
