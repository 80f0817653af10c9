#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ten steps of small networks in PyTorch, for test_train_pytorch.c.

    make_steps.py FOLDER      writes a file steps_NAME.txt for each of NETWORKS: the losses before each step, and of the first
                              step's gradients each array's norm and some elements

Weights and batches are the functions of trainer/train_random.h that the test uses, computed here again; arithmetic is in
double precision. Needs python3-torch, python3-numpy.
"""
import sys

import numpy as np
import torch
import torch.nn.functional as F

WEIGHTS, ORDER = 1, 2  # enum wrnt_random_use
STEPS, WEIGHT_SEED, DATA_SEED = 10, 7, 11


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
    """Parameters in the order of trainer/train_build_*.c."""

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


def normalize(x, bn):
    return F.batch_norm(x, None, None, bn[0], bn[1], training=True, eps=1e-5)


def activate(x, bn):
    return F.relu(normalize(x, bn))


def conv(x, weight, stride=1):
    return F.conv2d(x, weight, stride=stride, padding=weight.shape[2] // 2)


def cifar(p, blocks, kernels, bottleneck=1):
    """Pre-activation blocks of `kernels`; the last convolution is `bottleneck` times wider than the others."""
    stem, layers, c = p.add("conv", 16, 3, 3, 3), [], 16
    for stage, inner in enumerate((16, 32, 64)):
        for block in range(blocks):
            stride, project, convs = 2 if stage and not block else 1, None, []
            widths, into = [inner] * (len(kernels) - 1) + [inner * bottleneck], c
            for i, (kernel, width) in enumerate(zip(kernels, widths)):
                bn = p.bn(into)
                if i == 0 and (c != widths[-1] or stride != 1):
                    project = p.add("conv", widths[-1], c, 1, 1)
                convs.append((bn, p.add("conv", width, into, kernel, kernel), stride if i == kernels.index(3) else 1))
                into = width
            layers.append((stride, project, convs))
            c = widths[-1]
    last, fc, bias = p.bn(c), p.add("linear", 10, c), p.add("bias", 10)

    def forward(x):
        x = conv(x, stem)
        for stride, project, convs in layers:
            first = y = activate(x, convs[0][0])
            for i, (bn, weight, step) in enumerate(convs):
                y = conv(activate(y, bn) if i else y, weight, step)
            x = y + (x if project is None else conv(first, project, stride))
        return F.linear(activate(x, last).mean((2, 3)), fc, bias)

    return forward


def imagenet(p, blocks, kernels, k, expansion=0):
    """Post-activation blocks; with an expansion the last convolutions have 64 times that channels, whatever k is."""
    stem = 64 if expansion else int(64 * k)
    first, first_bn, layers, c = p.add("conv", stem, 3, 7, 7), p.bn(stem), [], stem
    for stage, count in enumerate(blocks):
        inner = int(64 * k) << stage
        widths = [inner] * (len(kernels) - 1) + [64 * expansion << stage if expansion else inner]
        for block in range(count):
            stride, project, convs, into = 2 if stage and not block else 1, None, [], c
            if c != widths[-1] or stride != 1:
                project = p.add("conv", widths[-1], c, 1, 1), p.bn(widths[-1])
            for i, (kernel, width) in enumerate(zip(kernels, widths)):
                convs.append((p.add("conv", width, into, kernel, kernel), p.bn(width), stride if i == kernels.index(3) else 1))
                into = width
            layers.append((stride, project, convs))
            c = widths[-1]
    fc, bias = p.add("linear", 10, c), p.add("bias", 10)

    def forward(x):
        x = F.max_pool2d(activate(conv(x, first, 2), first_bn), 3, 2, 1)
        for stride, project, convs in layers:
            y = x
            for i, (weight, bn, step) in enumerate(convs):
                y = normalize(conv(F.relu(y) if i else y, weight, step), bn)
            x = F.relu(y + (x if project is None else normalize(conv(x, project[0], stride), project[1])))
        return F.linear(x.mean((2, 3)), fc, bias)

    return forward


NETWORKS = {  # side, batch, learning rate, network
    "wrn-16-1": (32, 16, 0.01, lambda p: cifar(p, 2, [3, 3])),
    "resnet-20": (32, 8, 0.001, lambda p: cifar(p, 2, [1, 3, 1], 4)),
    "imagenet-18-0.25": (64, 4, 0.0002, lambda p: imagenet(p, [2, 2, 2, 2], [3, 3], 0.25)),
    "imagenet-50-0.25": (64, 4, 0.0002, lambda p: imagenet(p, [2, 1], [1, 3, 1], 0.25, 4)),  # the first blocks of two stages
}


def write(name, out):
    side, batch, rate, build = NETWORKS[name]
    parameters = Parameters()
    forward = build(parameters)
    optimizer = torch.optim.SGD(parameters.list, lr=rate, momentum=0.9, nesterov=True, weight_decay=5e-4)
    size, gradients = 3 * side * side, []
    for step in range(STEPS):
        elements = np.arange(batch * size, dtype=np.uint64)
        images = (random(DATA_SEED, ORDER, step, elements) % np.uint64(4096)).astype(np.float64) / 1024 - 2
        labels = random(DATA_SEED, ORDER, step, np.arange(batch, dtype=np.uint64) * np.uint64(size) + np.uint64(1 << 40)) % np.uint64(10)
        optimizer.zero_grad()
        loss = F.cross_entropy(forward(torch.from_numpy(images.reshape(batch, 3, side, side))), torch.from_numpy(labels.astype(np.int64)))
        loss.backward()
        if step == 0:
            gradients = [p.grad.flatten().clone() for p in parameters.list]
        optimizer.step()
        print(f"loss {loss.item():.9f}", file=out)
    for number, gradient in enumerate(gradients):
        print(f"norm {number} {gradient.norm().item():.9g}", file=out)
        for element in {7919 * (number + 1) % len(gradient), 104729 * (number + 1) % len(gradient)}:
            print(f"element {number} {element} {gradient[element].item():.9g}", file=out)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for name in NETWORKS:
        with open(f"{sys.argv[1]}/steps_{name}.txt", "w", encoding="ascii") as out:
            write(name, out)


if __name__ == "__main__":
    main()
