#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Wide Residual Networks (arXiv 1605.07146) in PyTorch with random weights, for benchmarks and tests.

    networks.py FOLDER NAME...      NAME: wrn-28-10, wrn-16-2-B131, ... (32x32); wrn-50-2, wrn-18-1.5, ... (ImageNet, 224x224)

Writes for each NAME that FOLDER lacks: NAME.onnx; NAME.pt, the same as TorchScript; NAME.input.npy, 4 normalized images;
NAME.logits.npy, their logits in float64 arithmetic. The weights depend on the name alone. Needs torch, onnx and numpy.
"""
import os
import re
import sys
import warnings
import zlib

try:
    import numpy as np
    import torch
    from torch import nn
    from torch.nn import functional as F
except ImportError as error:
    sys.exit(f"the networks are made with PyTorch and NumPy: {error}")

IMAGENET_STAGES = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3)}


def conv(channels, filters, kernel, stride=1):
    return nn.Conv2d(channels, filters, kernel, stride, kernel // 2, bias=False)


class PreActivation(nn.Module):
    """A block B(kernels): BN, ReLU and convolution for each; the projection shares the first activation."""

    def __init__(self, channels, filters, stride, kernels):
        super().__init__()
        strided = next((i for i, k in enumerate(kernels) if k == 3), 0)
        inputs = [channels] + [filters] * (len(kernels) - 1)
        self.norms = nn.ModuleList(nn.BatchNorm2d(c) for c in inputs)
        self.convs = nn.ModuleList(conv(c, filters, k, stride if i == strided else 1)
                                   for i, (c, k) in enumerate(zip(inputs, kernels)))
        self.project = conv(channels, filters, 1, stride) if channels != filters or stride != 1 else None

    def forward(self, x):
        active = y = F.relu(self.norms[0](x))
        for i, layer in enumerate(self.convs):
            y = layer(F.relu(self.norms[i](y)) if i else y)
        return y + (self.project(active) if self.project else x)


class PostActivation(nn.Module):
    """The blocks of the ImageNet networks: widths and kernels of the convolutions, each with BN; ReLU after the sum."""

    def __init__(self, channels, filters, kernels, stride):
        super().__init__()
        strided = kernels.index(3)
        inputs = [channels] + filters[:-1]
        self.convs = nn.ModuleList(
            nn.Sequential(conv(c, f, k, stride if i == strided else 1), nn.BatchNorm2d(f))
            for i, (c, f, k) in enumerate(zip(inputs, filters, kernels)))
        same = channels == filters[-1] and stride == 1
        self.project = None if same else nn.Sequential(conv(channels, filters[-1], 1, stride), nn.BatchNorm2d(filters[-1]))

    def forward(self, x):
        y = x
        for i, layer in enumerate(self.convs):
            y = layer(F.relu(y) if i else y)
        return F.relu(y + (self.project(x) if self.project else x))


def cifar_network(depth, width, kernels):
    count, rest = divmod(depth - 4, 3 * len(kernels))
    if count < 1 or rest:
        sys.exit(f"a depth of {depth} is not 4 plus a multiple of {3 * len(kernels)}")
    layers, channels = [conv(3, 16, 3)], 16
    for stage in range(3):
        filters = int(16 * width) << stage
        for block in range(count):
            layers.append(PreActivation(channels, filters, 2 if stage and not block else 1, kernels))
            channels = filters
    return nn.Sequential(*layers, nn.BatchNorm2d(channels), nn.ReLU(), nn.AvgPool2d(8), nn.Flatten(), nn.Linear(channels, 10))


def imagenet_network(depth, width):
    bottleneck = depth >= 50
    channels = 64 if bottleneck else int(64 * width)
    layers = [conv(3, channels, 7, 2), nn.BatchNorm2d(channels), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    for stage, count in enumerate(IMAGENET_STAGES[depth]):
        inner = int(64 * width) << stage
        filters, kernels = ([inner, inner, 256 << stage], (1, 3, 1)) if bottleneck else ([inner, inner], (3, 3))
        for block in range(count):
            layers.append(PostActivation(channels, filters, kernels, 2 if stage and not block else 1))
            channels = filters[-1]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 1000))


def build(name):
    """The network of that name and the side of its images."""
    match = re.fullmatch(r"wrn-(\d+)-([\d.]+)(?:-B([13]+))?", name)
    if not match:
        sys.exit(f"{name}: a name is wrn-DEPTH-WIDTH or wrn-DEPTH-WIDTH-B131")
    depth, width = int(match[1]), float(match[2])
    if depth in IMAGENET_STAGES and not match[3]:
        return imagenet_network(depth, width), 224
    return cifar_network(depth, width, [int(k) for k in match[3] or "33"]), 32


def randomize(network):
    """Weights and statistics that keep activations of order 1 and leave nothing at its neutral value."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
            module.weight.data.uniform_(0.5, 1.2)
            module.bias.data.normal_(0, 0.1)
        elif isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
            module.weight.data *= 0.7
    return network.eval()


def export(folder, name):
    path = os.path.join(folder, name)
    if os.path.exists(path + ".logits.npy"):
        return
    seed = zlib.crc32(name.encode())
    torch.manual_seed(seed)
    network, side = build(name)
    randomize(network)
    images = torch.from_numpy(np.random.default_rng(seed).standard_normal((4, 3, side, side)).astype(np.float32))
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(network, images[:1], path + ".onnx", opset_version=13, dynamo=False, input_names=["input"],
                          output_names=["logits"], dynamic_axes={"input": {0: "n"}, "logits": {0: "n"}})
        torch.jit.trace(network, images).save(path + ".pt")
        np.save(path + ".input.npy", images.numpy())
        np.save(path + ".logits.npy", network.double()(images.double()).numpy())


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__.strip())
    os.makedirs(sys.argv[1], exist_ok=True)
    for name in sys.argv[2:]:
        export(sys.argv[1], name)


if __name__ == "__main__":
    main()
