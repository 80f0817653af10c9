#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Small data sets for test_train_tool.sh: FOLDER/cifar, CIFAR-10's binary files; FOLDER/images, the same images as PNG;
FOLDER/mixed, pictures of many sizes.

    make_train_data.py FOLDER
"""
import os
import sys

try:
    import numpy as np
    from PIL import Image
except ImportError as error:
    print(f"{error.name} is not installed")
    sys.exit(77)

CLASSES = "airplane automobile bird cat deer dog frog horse ship truck".split()


def main():
    folder = sys.argv[1]
    os.makedirs(f"{folder}/cifar", exist_ok=True)
    random = np.random.default_rng(1)
    colours = random.integers(0, 192, (10, 3, 1, 1))
    for split, name, count in [("train", f"data_batch_{i}.bin", 48) for i in range(1, 6)] + [("test", "test_batch.bin", 60)]:
        records = []
        for i in range(count):
            label = int(random.integers(0, 10))
            pixels = (colours[label] + random.integers(0, 64, (3, 32, 32))).astype(np.uint8)
            records.append(bytes([label]) + pixels.tobytes())
            place = f"{folder}/images/{split}/{CLASSES[label]}"
            os.makedirs(place, exist_ok=True)
            Image.fromarray(pixels.transpose(1, 2, 0)).save(f"{place}/{name}-{i:03}.png")
        with open(f"{folder}/cifar/{name}", "wb") as f:
            f.write(b"".join(records))
    with open(f"{folder}/cifar/batches.meta.txt", "w") as f:
        f.write("\n".join(CLASSES) + "\n")
    for i in range(42):  # pictures of many sizes and kinds
        label, split = i % 3, "train" if i < 30 else "test"
        width, height = (int(n) for n in random.integers(24, 90, 2))
        pixels = (colours[label] + random.integers(0, 64, (3, height, width))).astype(np.uint8)
        picture = Image.fromarray(pixels.transpose(1, 2, 0))
        place = f"{folder}/mixed/{split}/{CLASSES[label]}"
        os.makedirs(place, exist_ok=True)
        if i % 5 == 0:
            picture = picture.convert("L")
        picture.save(f"{place}/{i:03}.{'png' if i % 3 == i // 3 % 2 else 'jpg'}")


if __name__ == "__main__":
    main()
