# SPDX-License-Identifier: Apache-2.0
"""Checks NumPy arrays, so that the library can work in their memory. Nothing is copied or converted behind one's back."""

from __future__ import annotations

from typing import Any, Tuple

import numpy
import numpy.typing

FloatArray = numpy.typing.NDArray[numpy.float32]
Shape = Tuple[int, ...]

_FLOAT32 = numpy.dtype(numpy.float32)


def checked(array: Any, what: str, write: bool = False) -> FloatArray:
    """`array` itself, if it holds contiguous float32."""
    if not isinstance(array, numpy.ndarray):
        raise TypeError(f"{what}: a NumPy array is needed, not {type(array).__name__}")
    if array.dtype != _FLOAT32:
        raise TypeError(f"{what}: float32 is needed, not {array.dtype}; {what}.astype(numpy.float32) converts")
    flags = array.flags
    if not (flags.c_contiguous and flags.aligned):
        raise ValueError(f"{what}: not contiguous and aligned; numpy.ascontiguousarray({what}) copies")
    if write and not flags.writeable:
        raise ValueError(f"{what}: read-only")
    return array


def batch_of(array: FloatArray, image: Shape, what: str) -> Shape:
    """The leading dimensions: () for one image alone, (n,) for n of them."""
    shape = array.shape
    if shape == image:
        return ()
    if shape[1:] == image:
        return shape[:1]
    raise ValueError(f"{what}: shape {shape} is neither {image} nor n of these")


def output(out: FloatArray | None, shape: Shape, what: str = "out") -> FloatArray:
    """`out`, checked, or a new array."""
    if out is None:
        return numpy.empty(shape, _FLOAT32)
    if checked(out, what, write=True).shape != shape:
        raise ValueError(f"{what}: shape {out.shape}, {shape} is needed")
    return out


def count(batch: Shape) -> int:
    return batch[0] if batch else 1
