# SPDX-License-Identifier: Apache-2.0
"""What is refused, and how it is said."""

from __future__ import annotations

from pathlib import Path

import numpy
import pytest
from conftest import EXTERNAL, MODEL

import wrn


def test_the_library_s_errors_are_exceptions(tmp_path: Path) -> None:
    with pytest.raises(wrn.FileError, match="cannot open '.*nothing.wrn'") as caught:
        wrn.Model.load(tmp_path / "nothing.wrn")
    assert isinstance(caught.value, OSError) and isinstance(caught.value, wrn.WrnError)
    assert (caught.value.status, caught.value.status_name) == (3, "WRN_E_IO")
    with pytest.raises(wrn.FormatError) as damaged:
        wrn.Model.load(b"no model at all")
    assert isinstance(damaged.value, ValueError)
    with pytest.raises(wrn.ArgumentError, match="threads"):
        wrn.Model.load(MODEL, threads=-1)
    with pytest.raises(wrn.LimitError):
        wrn.Model.load(MODEL, memory_limit=1000)
    with pytest.raises(wrn.NotFoundError, match="stage7") as missing:
        wrn.Model.load(MODEL, features=["stage7"])
    assert isinstance(missing.value, LookupError)
    with pytest.raises(ValueError, match="isa: 'mmx' is none of auto, c, avx2"):
        wrn.Model.load(MODEL, isa="mmx")
    with pytest.raises(wrn.NotFoundError, match="nonsense"):
        wrn.Preprocess.preset("nonsense", 32, 32)
    with pytest.raises(ValueError, match="NUL"):
        wrn.Model.load(f"{MODEL}\0.txt")
    data = bytearray(MODEL.read_bytes())
    data[len(data) // 2] ^= 1
    with pytest.raises(wrn.ChecksumError):
        wrn.Model.load(data)


def test_a_status_of_the_future_is_still_an_error() -> None:
    from wrn.errors import raise_for

    with pytest.raises(wrn.WrnError, match="from the future") as caught:
        raise_for(99, "from the future")
    assert (caught.value.status, caught.value.status_name) == (99, "WRN_E_UNKNOWN")


def test_arrays_that_do_not_fit(model: wrn.Model, images: numpy.ndarray) -> None:
    def refused(kind: type, text: str, input: object, out: object = None) -> None:
        with pytest.raises(kind, match=text):
            model.infer(input, out=out)  # type: ignore[arg-type]
        with pytest.raises(kind, match=text), model.session() as session:
            session.infer(input, out=out)  # type: ignore[arg-type]

    refused(TypeError, "list", [1.0])
    refused(TypeError, "float64", images.astype(float))
    refused(TypeError, ">f4", images.astype(">f4"))
    refused(ValueError, "contiguous", images[:, :, ::2])
    refused(ValueError, "shape", images[:, :2].copy())
    refused(ValueError, "shape", images.ravel())
    refused(wrn.ArgumentError, "batch", images[:0])
    unaligned = numpy.frombuffer(bytearray(images[0].nbytes + 1), numpy.uint8)[1:].view(numpy.float32)
    refused(ValueError, "aligned", unaligned.reshape(3, 32, 32))
    refused(ValueError, "shape", images, numpy.empty((4, 10), numpy.float32))
    refused(TypeError, "out: float32", images, numpy.empty((5, 10)))
    constant = numpy.empty((5, 10), numpy.float32)
    constant.flags.writeable = False
    refused(ValueError, "read-only", images, constant)
    refused(wrn.ArgumentError, "overlap", images, images.reshape(-1)[:50].reshape(5, 10))
    with pytest.raises(ValueError, match="output"):
        model.probabilities(images)


def test_what_is_closed_says_so(images: numpy.ndarray) -> None:
    model = wrn.Model.load(MODEL, threads=1)
    session = model.session()
    expected = model.infer(images)
    model.close()
    model.close()
    assert repr(model) == "<wrn.Model, closed>"
    for use in (lambda: model.infer(images), lambda: model.session(), lambda: model.labels, lambda: model.steps):
        with pytest.raises(ValueError, match="the model is closed"):
            use()
    assert (session.infer(images) == expected).all()  # a session keeps its model
    session.close()
    with pytest.raises(ValueError, match="the session is closed"):
        session.infer(images)


def test_log() -> None:
    lines: list[tuple[int, str]] = []
    wrn.Model.load(MODEL, measure=True, log=lambda level, text: lines.append((level, text)), log_level=2).close()
    assert any(level == 2 and text.startswith("measured: ") for level, text in lines)

    def stop(level: int, text: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        wrn.Model.load(MODEL, measure=True, log=stop, log_level=2)


def test_cancel(images: numpy.ndarray) -> None:
    with pytest.raises(wrn.CancelledError):
        wrn.Model.load(MODEL, cancel=lambda: True)
    answers: list[object] = []

    def cancel() -> object:
        answer = answers.pop() if answers else False
        if isinstance(answer, BaseException):
            raise answer
        return answer

    with wrn.Model.load(MODEL, threads=1, cancel=cancel) as model, model.session() as session:
        expected = model.infer(images)
        for infer in (model.infer, session.infer):
            answers[:] = [True]
            with pytest.raises(wrn.CancelledError):
                infer(images)
            answers[:] = [ZeroDivisionError("mine")]
            with pytest.raises(ZeroDivisionError, match="mine"):
                infer(images)
            assert (infer(images) == expected).all()


def test_external_data(onnx: Path) -> None:
    data, weights = EXTERNAL.read_bytes(), EXTERNAL.with_name("model.onnx.data").read_bytes()
    inputs = numpy.load(EXTERNAL.with_name("input.npy"))
    with wrn.Model.load(EXTERNAL, threads=1) as model:
        expected = model.infer(inputs)
    asked = []

    def find(name: str) -> bytes:
        asked.append(name)
        return weights

    for external in (find, {"model.onnx.data": weights}):
        with wrn.Model.load(data, threads=1, external_data=external) as model:
            assert (model.infer(inputs) == expected).all()
    assert set(asked) == {"model.onnx.data"}
    with pytest.raises(wrn.FileError, match="external_data hook"):
        wrn.Model.load(data, external_data={})
