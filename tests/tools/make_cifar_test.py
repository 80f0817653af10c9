#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_cifar_test.py TAR OUTDIR: the test images of CIFAR-10 for test_cifar.sh.

OUTDIR/cifar-10-batches-bin/test_batch.bin holds all 10,000; OUTDIR/some/<class>/*.jpg and OUTDIR/some.bin hold the first
20 of each class. TAR holds test/<class>/NNNN.jpg. Ends with status 77 where TAR, Pillow or NumPy is missing."""
import io
import os
import sys
import tarfile

try:
    import numpy as np
    from PIL import Image
except ImportError:
    print("python3-pil or python3-numpy is missing")
    sys.exit(77)

tar, out = sys.argv[1:]
batch = f"{out}/cifar-10-batches-bin/test_batch.bin"
if not os.path.exists(tar):
    print(f"{tar} is missing")
    sys.exit(77)
if os.path.exists(batch):
    sys.exit(0)

names = "airplane automobile bird cat deer dog frog horse ship truck".split()
records, some = [], []
with tarfile.open(tar) as files:
    for member in files:
        parts = os.path.normpath(member.name).split("/")
        if len(parts) != 3 or parts[0] != "test" or not member.isfile():
            continue
        data = files.extractfile(member).read()
        pixels = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
        record = bytes([names.index(parts[1])]) + pixels.transpose(2, 0, 1).tobytes()
        records.append((member.name, record))
        if int(parts[2].split(".")[0]) < 20:
            os.makedirs(f"{out}/some/{parts[1]}", exist_ok=True)
            with open(f"{out}/some/{parts[1]}/{parts[2]}", "wb") as f:
                f.write(data)
            some.append(record)

os.makedirs(os.path.dirname(batch), exist_ok=True)
with open(f"{out}/some.bin", "wb") as f:
    f.write(b"".join(some))
with open(batch + ".tmp", "wb") as f:
    f.write(b"".join(record for _, record in sorted(records)))
os.rename(batch + ".tmp", batch)
print(len(records), "images,", len(some), "of them also as files")
