# SPDX-License-Identifier: Apache-2.0
"""Wide Residual Networks on CPUs, by libwrn.

    with wrn.Model.load("cifar10.wrn") as model:
        for p in model.classify("cat.jpg"):
            print(f"{p.probability:6.1%}  {p.label}")
"""

from ._library import version
from .convert import convert
from .errors import (
    ArgumentError,
    BusyError,
    CancelledError,
    ChecksumError,
    FileError,
    FormatError,
    GoldenError,
    LimitError,
    NotFoundError,
    NumericError,
    OutOfMemoryError,
    PreprocessError,
    ShapeError,
    UnsupportedError,
    WrnError,
)
from .info import FeatureInfo, ModelInfo, Prediction, Preprocess, StepInfo
from .model import Model
from .session import Session

__all__ = [
    "ArgumentError",
    "BusyError",
    "CancelledError",
    "ChecksumError",
    "FeatureInfo",
    "FileError",
    "FormatError",
    "GoldenError",
    "LimitError",
    "Model",
    "ModelInfo",
    "NotFoundError",
    "NumericError",
    "OutOfMemoryError",
    "Prediction",
    "Preprocess",
    "PreprocessError",
    "Session",
    "ShapeError",
    "StepInfo",
    "UnsupportedError",
    "WrnError",
    "convert",
    "version",
]
