# SPDX-License-Identifier: Apache-2.0
"""From one file format to the other."""

from __future__ import annotations

import ctypes
import os
from typing import Mapping, Sequence, Tuple, Union

from . import _abi, _arrays
from ._arrays import FloatArray
from ._library import check, file_name, lib
from .info import Preprocess, number, sized
from .model import Model

Path = Union[str, "os.PathLike[str]"]


def convert(
    source: Path,
    target: Path,
    *,
    format: str = "auto",
    weights: str = "keep",
    size: Tuple[int, int] | None = None,
    labels: Sequence[str] | None = None,
    preprocess: Preprocess | None = None,
    properties: Mapping[str, str | None] | None = None,
    golden: Tuple[FloatArray, FloatArray] | None = None,
    golden_tolerance: float = 0.0,
    pack: str | None = None,
) -> None:
    """Reads `source` (.onnx or .wrn) and writes `target`, whole or not at all.

    The options are those of wrn_convert_options: `format` is "auto" (by the name), "wrn" or "onnx"; `weights` "keep",
    "f32" or "f16"; `labels`, `preprocess` and `golden` (inputs, outputs) replace what the source has; a property of None
    removes; `pack`, such as "auto", packs weights ahead of time."""
    options = sized(_abi.ConvertOptions)
    options.format = number(format, _abi.FORMATS, "format")
    options.weights = number(weights, _abi.DTYPES, "weights")
    options.height, options.width = size or (0, 0)
    if labels is not None:
        options.label_count = len(labels)
        options.labels = _strings(labels)
    if preprocess is not None:
        options.preprocess = ctypes.pointer(preprocess.to_native())
    if properties:
        options.property_count = len(properties)
        options.property_keys = _strings(list(properties))
        options.property_values = _strings(list(properties.values()))
    if golden is not None:
        inputs, outputs = (_arrays.checked(array, f"golden[{i}]") for i, array in enumerate(golden))
        # The library is told the number of images alone, so the sizes must be right.
        with Model.load(source, size=size, threads=1) as model:
            options.golden_batch = _images(inputs, model.info.input_shape, "golden[0]")
            if _images(outputs, model.info.output_shape, "golden[1]") != options.golden_batch:
                raise ValueError("golden: not as many outputs as inputs")
        options.golden_input = inputs.ctypes.data
        options.golden_output = outputs.ctypes.data
    options.golden_tolerance = golden_tolerance
    options.pack = pack.encode() if pack is not None else None
    error = _abi.Error()
    check(lib.wrn_convert(file_name(source), file_name(target), options, error), error)


def _images(array: FloatArray, shape: Tuple[int, ...], what: str) -> int:
    return _arrays.count(_arrays.batch_of(array, shape, what))


def _strings(values: Sequence[str | None]) -> ctypes.Array[ctypes.c_char_p]:
    return (ctypes.c_char_p * len(values))(*(None if value is None else value.encode() for value in values))
