#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes resize_reference.bin: what Pillow makes of small images, for test_image.c.

    python3 make_resize_reference.py resize_reference.bin        (needs Pillow 13 or later, and numpy)

The images come from a formula that the test has too, so only results are stored. Per case: ten little-endian int32
(channels, image width and height, resize, filter, resize height and width, output height and width, channel order),
then height * width * channels bytes. Sizes and crops follow torchvision's Resize and CenterCrop, in its own terms.
"""
import struct
import sys

import numpy
from PIL import Image

RGB, BGR, GREY = 1, 2, 5
NONE, STRETCH, SHORTER = 0, 1, 2
FILTERS = [Image.Resampling.NEAREST, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS,
           Image.Resampling.BOX]


def source(width, height):
    """Ramps that wrap around, so with hard edges, and noise."""
    y, x, c = numpy.mgrid[0:height, 0:width, 0:3].astype(numpy.uint32)
    noise = (x * numpy.uint32(2654435761)) ^ (y * numpy.uint32(2246822519)) ^ (c * numpy.uint32(3266489917))
    noise = (noise ^ (noise >> numpy.uint32(15))) * numpy.uint32(668265263)
    return ((x * 7 + y * 13 + c * 50 + (noise >> numpy.uint32(27))) & 255).astype(numpy.uint8)


def shorter_size(width, height, size):
    short, long = (width, height) if width <= height else (height, width)
    new_long = int(size * long / short)
    return (size, new_long) if width <= height else (new_long, size)


def centre_crop(pixels, height, width):
    image_height, image_width = pixels.shape[:2]
    left = (width - image_width) // 2 if width > image_width else 0
    top = (height - image_height) // 2 if height > image_height else 0
    right = (width - image_width + 1) // 2 if width > image_width else 0
    bottom = (height - image_height + 1) // 2 if height > image_height else 0
    pixels = numpy.pad(pixels, ((top, bottom), (left, right), (0, 0)))
    top = int(round((pixels.shape[0] - height) / 2.0))
    left = int(round((pixels.shape[1] - width) / 2.0))
    return pixels[top:top + height, left:left + width]


def case(out, size, resize, filter_, to, crop, order=RGB):
    """size: (width, height) of the image; to: (height, width); crop: (height, width)."""
    image = Image.fromarray(source(*size))
    if order == GREY:
        image = image.convert("L")
    new = {NONE: size, STRETCH: (to[1], to[0]), SHORTER: shorter_size(*size, to[0])}[resize]
    if new != size or resize == STRETCH:
        image = image.resize(new, FILTERS[filter_])
    pixels = numpy.asarray(image).reshape(new[1], new[0], -1)
    pixels = centre_crop(pixels, *crop)
    if order == BGR:
        pixels = pixels[:, :, ::-1]
    channels = pixels.shape[2]
    out.write(struct.pack("<10i", channels, *size, resize, filter_, *to, *crop, order) + pixels.tobytes())


def main():
    with open(sys.argv[1], "wb") as out:
        stretches = [((1, 1), (3, 5)), ((7, 5), (2, 3)), ((13, 9), (32, 32)), ((32, 32), (32, 32)), ((64, 48), (23, 17)),
                     ((101, 67), (32, 32)), ((50, 40), (1, 1)), ((3, 300), (8, 8)), ((256, 192), (24, 32)),
                     ((31, 17), (34, 62)), ((2, 2), (9, 9)), ((33, 32), (32, 32)), ((1000, 3), (4, 32)), ((500, 400), (31, 29))]
        for filter_ in range(5):
            for size, to in stretches:
                case(out, size, STRETCH, filter_, to, to)
            case(out, (61, 43), STRETCH, filter_, (28, 28), (28, 28), GREY)
            case(out, (61, 43), STRETCH, filter_, (20, 40), (17, 31), BGR)
            for size in [(80, 45), (45, 81), (37, 37), (5, 90), (60, 77)]:
                case(out, size, SHORTER, filter_, (16, 0), (14, 13))
            case(out, (30, 20), SHORTER, filter_, (9, 0), (16, 11))
        for size in [(10, 11), (28, 28)]:
            case(out, size, NONE, 1, (0, 0), (size[1], size[0]))
        case(out, (12, 10), NONE, 2, (0, 0), (10, 12), GREY)
        for crop in [(13, 13), (14, 14), (15, 15), (29, 29), (40, 18), (17, 45)]:  # every rounding of halves, and padding
            case(out, (28, 28), STRETCH, 1, (28, 28), crop)


if __name__ == "__main__":
    main()
