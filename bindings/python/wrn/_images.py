# SPDX-License-Identifier: Apache-2.0
"""From files, Pillow images and uint8 arrays to the pixels that the library reads."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Tuple, Union

import numpy
import numpy.typing

from . import _abi

if TYPE_CHECKING:
    import PIL.Image

    Image = Union[str, "os.PathLike[str]", numpy.typing.NDArray[numpy.uint8], PIL.Image.Image]

_BY_CHANNELS = {1: "grey", 3: "rgb", 4: "rgba"}


class Pixels:
    """An image in memory; `arguments` are those of the C functions, valid as long as this object."""

    __slots__ = ("arguments", "_array")

    def __init__(self, array: numpy.typing.NDArray[numpy.uint8], pixel_format: str | None) -> None:
        if array.dtype != numpy.uint8:
            raise TypeError(f"image: uint8 is needed, not {array.dtype}; arrays of floats go to infer")
        channels = 1 if array.ndim == 2 else array.shape[2] if array.ndim == 3 else 0
        if channels not in _BY_CHANNELS:
            raise ValueError(f"image: shape {array.shape} is neither (h, w) nor (h, w, 1), (h, w, 3) or (h, w, 4)")
        name = pixel_format or _BY_CHANNELS[channels]
        if name not in _abi.PIXEL_FORMATS[1:] or channels != _channels_of(name):
            raise ValueError(f"pixel_format: {name!r} is not for {channels} channels")
        height, width = array.shape[:2]
        # Rows may lie apart, or upside down, as slices have them; the pixels of a row are next to each other.
        inner = array.strides[1:] if array.ndim == 3 else (*array.strides[1:], 1)
        if inner != (channels, 1):
            array = numpy.ascontiguousarray(array)
        self._array = array
        address = array.__array_interface__["data"][0]
        self.arguments: Tuple[int, int, int, int, int] = (
            address,
            width,
            height,
            array.strides[0],
            _abi.PIXEL_FORMATS.index(name),
        )


def _channels_of(name: str) -> int:
    return 1 if name == "grey" else len(name)


def pixels_of(image: Image, pixel_format: str | None) -> Pixels:
    if isinstance(image, numpy.ndarray):
        return Pixels(image, pixel_format)
    if pixel_format is not None:
        raise ValueError("pixel_format: for NumPy arrays alone, a picture knows its own")
    try:
        import PIL.Image
    except ImportError as error:
        raise ImportError("pictures need Pillow; NumPy arrays of uint8 do not") from error
    if isinstance(image, PIL.Image.Image):
        return Pixels(_decoded(image), None)
    if isinstance(image, (str, os.PathLike)):
        with PIL.Image.open(image) as picture:
            return Pixels(_decoded(picture), None)
    raise TypeError(f"image: a path, a Pillow image or a NumPy array is needed, not {type(image).__name__}")


def _decoded(picture: PIL.Image.Image) -> Any:
    """Upright, in one of the modes that the library knows."""
    import PIL.ImageOps

    upright = PIL.ImageOps.exif_transpose(picture) or picture
    if upright.mode.startswith("I"):  # 16 bits; Pillow's own conversion clips them to 255
        return numpy.clip(numpy.asarray(upright) // 257, 0, 255).astype(numpy.uint8)
    if upright.mode not in ("L", "RGB", "RGBA"):
        upright = upright.convert("L" if upright.mode in ("1", "LA", "La") else "RGB")
    return numpy.asarray(upright)
