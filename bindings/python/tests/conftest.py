# SPDX-License-Identifier: Apache-2.0
"""What the tests share. WRN_LIBRARY and PYTHONPATH say which library and package they are about."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import numpy
import pytest

import wrn

ROOT = Path(__file__).resolve().parents[3]
MODEL = ROOT / "tests" / "models" / "wrn-16-2-cifar10.wrn"
ONNX = ROOT / "tests" / "fixtures" / "torch_dynamo_opset18_inline_mean_negative" / "model.onnx"
EXTERNAL = ROOT / "tests" / "fixtures" / "torch_dynamo_opset18_external" / "model.onnx"


def relative_error(found: numpy.ndarray, expected: numpy.ndarray) -> float:
    return float(numpy.linalg.norm(found - expected) / numpy.linalg.norm(expected))


@pytest.fixture(scope="session", autouse=True)
def with_onnx() -> bool:
    """Whether the library was built with its importer."""
    try:
        wrn.Model.load(ONNX, threads=1).close()
    except wrn.FormatError as error:
        assert "ONNX support was not built in" in str(error)
        return False
    return True


@pytest.fixture
def onnx(with_onnx: bool) -> Path:
    if not with_onnx:
        pytest.skip("this libwrn reads no ONNX")
    return ONNX


@pytest.fixture
def model() -> Iterator[wrn.Model]:
    with wrn.Model.load(MODEL, threads=1) as loaded:
        yield loaded


@pytest.fixture
def images() -> numpy.ndarray:
    """Normalized ones for `model`."""
    return numpy.random.default_rng(1).standard_normal((5, 3, 32, 32), dtype=numpy.float32)
