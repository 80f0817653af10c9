#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts the test images that ONNX Runtime recognizes with a model that wrn-train or `wrn convert` wrote, to compare with
`wrn eval`: the model's own record tells how pixels are normalized.

    eval_onnx.py MODEL.onnx FOLDER [GOLDEN]     FOLDER has CIFAR-10's test_batch.bin or CIFAR-100's test.bin

GOLDEN.input.npy and GOLDEN.logits.npy are written where GOLDEN is given: the first 16 images, normalized, and their logits.
"""
import os
import struct
import sys

try:
    import numpy as np
    import onnxruntime
except ImportError as error:
    print(f"{error.name} is not installed")
    sys.exit(77)

PIXELS = 3 * 32 * 32


def read_test(folder):
    """Labels, and images as planes of red, green, blue."""
    for name, label_bytes in ("test_batch.bin", 1), ("test.bin", 2):
        path = os.path.join(folder, name)
        if os.path.exists(path):
            records = np.fromfile(path, np.uint8).reshape(-1, label_bytes + PIXELS)
            return records[:, label_bytes - 1], records[:, label_bytes:].reshape(-1, 3, 32, 32)
    sys.exit(f"{folder}: neither test_batch.bin nor test.bin")


def normalizer(session):
    """The function from bytes to the model's input, of its property wrn.preprocess: numbers as the bits of a float32."""
    metadata = session.get_modelmeta().custom_metadata_map
    if "wrn.preprocess" not in metadata:
        sys.exit("the model does not say how its input is normalized")
    record = dict(item.split("=") for item in metadata["wrn.preprocess"].split())
    scale, mean, std = ([struct.unpack(">f", int(bits, 16).to_bytes(4, "big"))[0] for bits in record[key].split(",")][:3]
                        for key in ("scale_to", "mean", "std"))
    mean, std = (np.array(v, np.float32).reshape(1, 3, 1, 1) for v in (mean, std))
    return lambda pixels: (pixels.astype(np.float32) * np.float32(scale[0] / 255) - mean) / std


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__.strip())
    session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
    normalize, name = normalizer(session), session.get_inputs()[0].name
    labels, images = read_test(sys.argv[2])
    correct = 0
    for first in range(0, len(labels), 100):
        logits = session.run(None, {name: normalize(images[first:first + 100])})[0]
        if first == 0 and len(sys.argv) == 4:
            np.save(sys.argv[3] + ".input.npy", normalize(images[:16]))
            np.save(sys.argv[3] + ".logits.npy", logits[:16])
        correct += int((logits.argmax(1) == labels[first:first + 100]).sum())
    print(f"top-1 {100 * correct / len(labels):.2f} % ({correct}/{len(labels)}), ONNX Runtime {onnxruntime.__version__}")


if __name__ == "__main__":
    main()
