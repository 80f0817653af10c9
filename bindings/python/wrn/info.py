# SPDX-License-Identifier: Apache-2.0
"""What a model says about itself, as immutable records. wrn.h explains the members that need it."""

from __future__ import annotations

import ctypes
import dataclasses
from dataclasses import dataclass
from typing import Any, Sequence, Tuple, Type, TypeVar

from . import _abi
from ._library import check, lib

T = TypeVar("T")
Native = TypeVar("Native", bound=ctypes.Structure)


@dataclass(frozen=True)
class Prediction:
    """One class of an image; `score` is the model's own output for it."""

    label: str
    index: int
    probability: float
    score: float


@dataclass(frozen=True)
class ModelInfo:
    input_shape: Tuple[int, int, int]  # of one image, in the order of input_layout
    input_layout: str  # "NCHW", "NHWC"
    output_shape: Tuple[int, ...]  # of one image
    output_kind: str  # "logits", "probabilities", "log_probabilities"
    isa: str  # "c", "avx2", "avx512", "neon"
    threads: int
    pass_batch: int
    has_preprocess: bool
    has_golden: bool
    step_count: int
    feature_count: int
    input_size: int  # floats per image
    output_size: int
    parameters: int
    macs: int  # multiply-accumulates per image
    model_bytes: int
    session_bytes: int  # memory that each session adds


@dataclass(frozen=True)
class StepInfo:
    """One step of the plan; per image unless wrn.h says otherwise."""

    op: str
    name: str
    algorithm: str
    kernel: str
    refused: str
    loss: str
    channels_in: int
    channels_out: int
    height_out: int
    width_out: int
    in_file: int
    macs: int
    weight_bytes: int
    activation_bytes: int
    scratch_bytes: int
    predicted_seconds: float
    predicted_error: float
    arithmetic: float
    arithmetic_seconds: float
    activation_seconds: float
    weight_seconds: float


@dataclass(frozen=True)
class FeatureInfo:
    """An intermediate tensor, C*H*W per image; `available` where Model.load's `features` named it."""

    name: str
    node: str
    channels: int
    height: int
    width: int
    size: int
    available: int


@dataclass(frozen=True)
class Preprocess:
    """How pixels become the network's input."""

    resize: str = "none"  # "none", "stretch", "shorter"
    filter: str = "bilinear"  # "nearest", "bilinear", "bicubic", "lanczos", "box"
    resize_height: int = 0
    resize_width: int = 0
    crop_height: int = 0  # 0: the network's input size
    crop_width: int = 0
    channel_order: str = "rgb"  # "rgb", "bgr", "grey"
    scale_to: float = 1.0  # the value of a pixel of 255
    mean: Sequence[float] = (0.0, 0.0, 0.0)
    std: Sequence[float] = (1.0, 1.0, 1.0)

    @classmethod
    def preset(cls, name: str, height: int, width: int) -> Preprocess:
        """A common one for inputs of this size: "cifar", "svhn", "imagenet", "imagenet-v2"."""
        native, error = sized(_abi.Preprocess), _abi.Error()
        check(lib.wrn_preprocess_preset(name.encode(), height, width, native, error), error)
        return cls.from_native(native)

    @classmethod
    def from_native(cls, native: _abi.Preprocess) -> Preprocess:
        channels = 1 if _abi.PIXEL_FORMATS[native.channel_order] == "grey" else 3
        return record(
            cls,
            native,
            resize=_abi.RESIZES[native.resize],
            filter=_abi.FILTERS[native.filter],
            channel_order=_abi.PIXEL_FORMATS[native.channel_order],
            mean=tuple(native.mean[:channels]),
            std=tuple(native.std[:channels]),
        )

    def to_native(self) -> _abi.Preprocess:
        native = sized(_abi.Preprocess)
        native.resize = number(self.resize, _abi.RESIZES, "resize")
        native.filter = number(self.filter, _abi.FILTERS, "filter")
        native.channel_order = number(self.channel_order, _abi.PIXEL_FORMATS, "channel_order")
        for name in ("resize_height", "resize_width", "crop_height", "crop_width", "scale_to"):
            setattr(native, name, getattr(self, name))
        for name in ("mean", "std"):
            values = list(getattr(self, name))
            if len(values) > 4:
                raise ValueError(f"{name}: {len(values)} values, at most 4 channels")
            getattr(native, name)[: len(values)] = values
        return native


def sized(native: Type[Native]) -> Native:
    """A zeroed structure that knows its size."""
    return native(struct_size=ctypes.sizeof(native))


def number(word: str, words: Tuple[str, ...], what: str) -> int:
    if not word or word not in words:
        raise ValueError(f"{what}: {word!r} is none of {', '.join(w for w in words if w)}")
    return words.index(word)


def record(cls: Type[T], native: Any, **given: Any) -> T:
    """A dataclass from the structure's members of the same names, and from what is given in their place."""
    fields: Any = cls
    for field in dataclasses.fields(fields):
        if field.name not in given:
            value = getattr(native, field.name)
            given[field.name] = value.decode(errors="replace") if isinstance(value, bytes) else value
    return cls(**given)


def model_info(pointer: int) -> ModelInfo:
    native, error = sized(_abi.ModelInfo), _abi.Error()
    check(lib.wrn_model_get_info(pointer, native, error), error)
    layout = _abi.LAYOUTS[native.input_layout]
    c, h, w = native.input_channels, native.input_height, native.input_width
    return record(
        ModelInfo,
        native,
        input_shape=(c, h, w) if layout == "NCHW" else (h, w, c),
        input_layout=layout,
        output_shape=tuple(native.output_dims[: native.output_rank]),
        output_kind=_abi.OUTPUT_KINDS[native.output_kind],
        isa=_abi.ISAS[native.isa],
        has_preprocess=bool(native.has_preprocess),
        has_golden=bool(native.has_golden),
    )
