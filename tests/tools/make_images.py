#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_images.py OUTDIR: images for test_images.c, good and hostile, and OUTDIR/manifest.txt that says what is to come out.

A line of the manifest is "NAME ok WIDTH HEIGHT TOLERANCE" (NAME.rgb then holds the pixels as Pillow reads them) or
"NAME bad PART OF THE MESSAGE". Ends with status 77 where Pillow or NumPy is missing."""
import io
import os
import struct
import sys
import zlib

try:
    import numpy as np
    from PIL import Image, ImageOps
except ImportError:
    print("python3-pil or python3-numpy is missing")
    sys.exit(77)

out = sys.argv[1]
os.makedirs(out, exist_ok=True)
manifest = []


def picture(width, height):
    """Smooth colours with an edge, so that every turn and mirroring shows."""
    y, x = np.mgrid[0:height, 0:width]
    red, green, blue = 255 * x / max(width - 1, 1), 255 * y / max(height - 1, 1), np.where(x > y, 200, 30)
    return Image.fromarray(np.stack([red, green, blue], axis=2).astype(np.uint8), "RGB")


def encoded(image, format, **options):
    data = io.BytesIO()
    image.save(data, format, **options)
    return data.getvalue()


def write(name, data):
    with open(f"{out}/{name}", "wb") as f:
        f.write(data)


def good(name, data, tolerance=0, expected=None):
    write(name, data)
    if expected is None:
        expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))
    write(name + ".rgb", expected.astype(np.uint8).tobytes())
    manifest.append(f"{name} ok {expected.shape[1]} {expected.shape[0]} {tolerance}")


def bad(name, data, message):
    write(name, data)
    manifest.append(f"{name} bad {message}")


def chunk(kind, body=b"", crc=None):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body) if crc is None else crc)


def png(width, height, depth, color, raw, before=b"", end=None, interlace=0):
    """A PNG of given parts; `raw` is what IDAT unpacks to."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlace))
    return b"\x89PNG\r\n\x1a\n" + head + before + chunk(b"IDAT", zlib.compress(raw, 9)) + (chunk(b"IEND") if end is None else end)


def sections(jpeg):
    """The marker segments of a JPEG, the entropy-coded data with its SOS."""
    parts, at = [], 2
    while at < len(jpeg):
        marker, next = jpeg[at + 1], at + 2
        if marker != 0xD9:
            next += struct.unpack(">H", jpeg[at + 2:at + 4])[0]
        if marker == 0xDA:
            while jpeg[next] != 0xFF or jpeg[next + 1] == 0 or 0xD0 <= jpeg[next + 1] <= 0xD7:
                next += 1
        parts.append((marker, jpeg[at:next]))
        at = next
    return parts


def frame_patched(jpeg, patch):
    """The JPEG with its SOF segment run through `patch`."""
    return b"\xFF\xD8" + b"".join(patch(bytearray(p)) if 0xC0 <= m <= 0xC2 else p for m, p in sections(jpeg))


def with_size(width, height):
    def patch(frame):
        frame[5:9] = struct.pack(">HH", height, width)
        return bytes(frame)
    return patch


def jpegs():
    rgb = picture(37, 23)
    plain = encoded(rgb, "JPEG", quality=90)
    good("plain.jpg", plain)
    good("progressive.jpg", encoded(rgb, "JPEG", quality=90, progressive=True))
    good("subsampled.jpg", encoded(rgb, "JPEG", quality=75, subsampling=2))
    good("restarts.jpg", encoded(picture(64, 64), "JPEG", quality=90, optimize=True))
    good("grey.jpg", encoded(rgb.convert("L"), "JPEG", quality=90))
    good("cmyk.jpg", encoded(rgb.convert("CMYK"), "JPEG", quality=95), tolerance=2)
    good("one_pixel.jpg", encoded(picture(1, 1), "JPEG"))
    good("wrong_name.png", plain)
    good("trailing_garbage.jpg", plain + bytes(1000))
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        good(f"exif_{orientation}.jpg", encoded(rgb, "JPEG", quality=90, exif=exif))
    little = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0"
    good("exif_little_endian.jpg", plain[:2] + b"\xFF\xE1" + struct.pack(">H", len(little) + 2) + little + plain[2:],
         expected=np.asarray(Image.open(io.BytesIO(plain)).transpose(Image.Transpose.ROTATE_270)))
    wild = b"Exif\0\0MM\0*\xFF\xFF\xFF\xF0"
    good("exif_past_end.jpg", plain[:2] + b"\xFF\xE1" + struct.pack(">H", len(wild) + 2) + wild + plain[2:],
         expected=np.asarray(Image.open(io.BytesIO(plain))))

    bad("cut_header.jpg", plain[:100], "")
    bad("cut_half.jpg", plain[:len(plain) // 2 + 200], "ends early")
    bad("cut_end.jpg", plain[:-40], "ends early")
    progressive = encoded(rgb, "JPEG", progressive=True)
    bad("cut_progressive.jpg", progressive[:-60], "ends early")
    bad("only_start.jpg", b"\xFF\xD8\xFF", "")
    bad("huge_header.jpg", frame_patched(plain, with_size(65500, 65500))[:700], "limit of 2^28")
    bad("large_header_no_data.jpg", frame_patched(plain, with_size(16000, 16000))[:700], "ends early")
    bad("zero_width.jpg", frame_patched(plain, with_size(0, 10)), "")

    def bits12(frame):
        frame[4] = 12
        return bytes(frame)

    def arithmetic(frame):
        frame[1] = 0xC9
        return bytes(frame)
    bad("bits12.jpg", frame_patched(plain, bits12), "")
    bad("arithmetic.jpg", frame_patched(plain, arithmetic), "arithmetic")

    parts = sections(encoded(picture(64, 64), "JPEG", progressive=True))
    scans = [p for m, p in parts if m == 0xDA]
    head = b"\xFF\xD8" + b"".join(p for m, p in parts if m not in (0xDA, 0xD9))
    bad("scans_1000.jpg", head + scans[0] * 1000 + b"\xFF\xD9", "scans")


def pngs():
    rgb = picture(37, 23)
    grey = rgb.convert("L")
    plain = encoded(rgb, "PNG")
    good("plain.png", plain)
    good("wrong_name.jpg", plain)
    good("grey.png", encoded(grey, "PNG"))
    good("bit.png", encoded(grey.convert("1"), "PNG"))
    good("palette.png", encoded(rgb.quantize(16), "PNG"))
    good("palette_bits1.png", encoded(rgb.quantize(2), "PNG", bits=1))
    rgba = rgb.copy()
    rgba.putalpha(grey)
    good("rgba.png", encoded(rgba, "PNG"), expected=np.asarray(rgb))
    good("grey_alpha.png", encoded(rgba.convert("LA"), "PNG"))
    good("transparent_palette.png", encoded(rgb.quantize(16), "PNG", transparency=3),
         expected=np.asarray(rgb.quantize(16).convert("RGB")))
    good("one_pixel.png", encoded(picture(1, 1), "PNG"))
    samples = np.arange(5 * 4 * 3, dtype=np.uint16).reshape(4, 5, 3) * 1000
    raw = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    good("rgb16.png", png(5, 4, 16, 2, raw), expected=samples >> 8)
    samples = np.arange(5 * 4, dtype=np.uint16).reshape(4, 5) * 3000
    raw = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    good("grey16.png", png(5, 4, 16, 0, raw), expected=np.repeat((samples >> 8)[:, :, None], 3, axis=2))
    # The seven passes of an 8 x 8 grey image.
    full, raw = np.arange(64, dtype=np.uint8).reshape(8, 8) * 4, b""
    for y, x, dy, dx in ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)):
        raw += b"".join(b"\0" + row.tobytes() for row in full[y::dy, x::dx])
    good("interlaced.png", png(8, 8, 8, 0, raw, interlace=1), expected=np.repeat(full[:, :, None], 3, axis=2))
    small = b"".join(b"\0" + bytes([i, 2, 3] * 4) for i in range(3))
    good("many_chunks.png", png(4, 3, 8, 2, small, before=chunk(b"tEXt", b"k\0v") * 900))
    good("unknown_chunk.png", png(4, 3, 8, 2, small, before=chunk(b"abCd", b"x" * 100)))
    orientation = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x03\0\0\0\0\0\0"
    good("exif.png", png(4, 3, 8, 2, small, before=chunk(b"eXIf", orientation)))

    bad("cut_header.png", plain[:20], "ends early")
    bad("cut_data.png", plain[:len(plain) - 40], "")
    bad("no_end.png", png(4, 3, 8, 2, small, end=b""), "ends early")
    bad("short_data.png", png(4, 3, 8, 2, small[:20]), "")
    bad("bad_crc.png", plain.replace(b"IHDR", b"IHDR", 1)[:29] + b"\0\0\0\0" + plain[33:], "")
    at = plain.index(b"IDAT") - 4
    length = struct.unpack(">I", plain[at:at + 4])[0]
    bad("bad_crc_data.png", plain[:at + 8 + length] + b"\1\2\3\4" + plain[at + 12 + length:], "")
    bad("bad_filter.png", png(4, 3, 8, 2, b"\x09" + small[1:]), "")
    bad("bad_zlib.png", plain[:at + 8] + b"\xFF" * length + struct.pack(">I", zlib.crc32(b"IDAT" + b"\xFF" * length)) + chunk(b"IEND"), "")
    bad("no_palette.png", png(4, 1, 8, 3, b"\0\0\1\2\3"), "")
    bad("zero_width.png", png(0, 4, 8, 2, b""), "")
    bad("wide.png", png(2**31 - 1, 1, 8, 2, bytes(100)), "limit of 2^28")
    bad("too_wide.png", png(2**31, 1, 8, 2, bytes(100)), "")
    bad("zeros.png", png(65535, 65535, 1, 0, bytes(1 << 20)), "limit of 2^28")
    bad("large_no_data.png", png(16000, 16000, 8, 2, bytes(100)), "")
    bomb = zlib.compress(bytes(1 << 28), 9)
    write("palette_index.png", png(4, 1, 8, 3, b"\0\0\1\2\x07", before=chunk(b"PLTE", bytes(9))))
    write("ztxt_bomb.png", png(4, 3, 8, 2, small, before=chunk(b"zTXt", b"k\0\0" + bomb)))
    write("iccp_bomb.png", png(4, 3, 8, 2, small, before=chunk(b"iCCP", b"k\0\0" + bomb)))
    write("chunks_1000000.png", png(4, 3, 8, 2, small, before=chunk(b"tEXt", b"k\0v") * 1000000))
    manifest.extend(f"{name} any" for name in ("palette_index.png", "ztxt_bomb.png", "iccp_bomb.png", "chunks_1000000.png"))


jpegs()
pngs()
bad("empty.jpg", b"", "is empty")
bad("one_byte.jpg", b"\xFF", "neither")
bad("text.jpg", b"This is no image.\n", "neither")
bad("gif.jpg", b"GIF89a" + bytes(100), "neither")
with open(f"{out}/manifest.txt", "w") as f:
    f.write("\n".join(manifest) + "\n")
print(len(manifest), "images")
