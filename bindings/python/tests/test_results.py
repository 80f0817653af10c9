# SPDX-License-Identifier: Apache-2.0
"""Outputs against PyTorch's, and the ways to the same outputs."""

from __future__ import annotations

from pathlib import Path

import numpy
import pytest
from conftest import MODEL, ROOT, relative_error

import wrn

FIXTURES = sorted((ROOT / "tests" / "fixtures").glob("torch_*/model.onnx"))
SHARED = ROOT.parent / "shared" / "models" / "wrn-16-2-cifar10"


@pytest.mark.parametrize("file", FIXTURES, ids=lambda file: file.parent.name)
def test_networks_that_pytorch_exported(file: Path, with_onnx: bool) -> None:
    if not with_onnx:
        pytest.skip("this libwrn reads no ONNX")
    images, expected = numpy.load(file.with_name("input.npy")), numpy.load(file.with_name("output.npy"))
    with wrn.Model.load(file, size=images.shape[2:], threads=1) as model:
        assert relative_error(model.infer(images), expected) < 2e-5


@pytest.mark.parametrize("suffix, tolerance", [(".onnx", 2e-5), (".wrn", 2e-3)])
def test_trained_network_has_pytorchs_logits(suffix: str, tolerance: float, with_onnx: bool) -> None:
    images, logits = SHARED.with_suffix(".input.npy"), SHARED.with_suffix(".logits.npy")
    if not logits.exists():
        pytest.skip(f"{logits} is not there")
    if suffix == ".onnx" and not with_onnx:
        pytest.skip("this libwrn reads no ONNX")
    expected = numpy.load(logits)
    with wrn.Model.load(SHARED.with_suffix(suffix) if suffix == ".onnx" else MODEL) as model:
        found = model.infer(numpy.load(images))
    assert relative_error(found, expected) < tolerance
    assert (found.argmax(1) == expected.argmax(1)).all()


def test_golden_output_of_the_model_that_ships() -> None:
    with wrn.Model.load(MODEL, verify=True, mmap=True) as model:
        assert model.info.has_golden


def test_single_images_batches_and_sessions_agree(model: wrn.Model, images: numpy.ndarray) -> None:
    whole = model.infer(images)
    assert whole.shape == (5, 10) and whole.dtype == numpy.float32
    alone = model.infer(images[3])
    assert alone.shape == (10,) and (alone == whole[3]).all()
    with model.session() as session:
        assert (session.infer(images) == whole).all()


def test_outputs_go_where_they_are_wanted(model: wrn.Model, images: numpy.ndarray) -> None:
    out = numpy.full((8, 10), 7, numpy.float32)
    assert model.infer(images, out=out[1:6]) is not None
    assert (out[1:6] == model.infer(images)).all()
    assert (out[0] == 7).all() and (out[6:] == 7).all()
    returned = model.infer(images, out=out[:5])
    assert numpy.shares_memory(returned, out)


def test_bytes_are_as_good_as_files(images: numpy.ndarray, model: wrn.Model) -> None:
    data = MODEL.read_bytes()
    for source in (data, bytearray(data), memoryview(data)):
        with wrn.Model.load(source, threads=1) as loaded:
            assert (loaded.infer(images) == model.infer(images)).all()
    with wrn.Model.load(data, threads=1, in_place=True) as loaded:
        del data, source  # the model keeps what it reads
        assert (loaded.infer(images) == model.infer(images)).all()


def test_probabilities(model: wrn.Model, images: numpy.ndarray) -> None:
    logits = model.infer(images)
    exact = numpy.exp(logits.astype(float))
    exact /= exact.sum(1, keepdims=True)
    found = model.probabilities(logits)
    assert numpy.allclose(found, exact, rtol=1e-5, atol=1e-7)
    assert (model.probabilities(logits[2]) == found[2]).all()
    assert model.probabilities(logits, out=logits) is logits and (logits == found).all()


def test_features(images: numpy.ndarray) -> None:
    with wrn.Model.load(MODEL, threads=1, features=["stage2", "pool"]) as model, model.session() as session:
        pool = numpy.empty((5, 128, 1, 1), numpy.float32)
        found = session.infer_named(images, ["pool", "output", "stage2"], out={"pool": pool})
        assert found["pool"] is pool
        assert found["stage2"].shape == (5, 64, 16, 16) and numpy.isfinite(found["stage2"]).all()
        assert (found["output"] == model.infer(images)).all()
        assert [f.name for f in model.features if f.available] == ["stage2", "pool"]
        with pytest.raises(wrn.NotFoundError, match="stage9"):
            session.infer_named(images, ["stage9"])


def test_convert(tmp_path: Path, onnx: Path, images: numpy.ndarray) -> None:
    target = tmp_path / "a model.wrn"
    inputs = numpy.load(onnx.with_name("input.npy"))
    outputs = numpy.load(onnx.with_name("output.npy")).astype(numpy.float32)
    labels = [f"class {i}" for i in range(outputs.shape[1])]
    preset = wrn.Preprocess.preset("cifar", *inputs.shape[2:])
    wrn.convert(
        onnx, target, labels=labels, preprocess=preset, properties={"name": "näme"}, golden=(inputs, outputs), pack="auto"
    )
    with wrn.Model.load(target, mmap=True, verify=True) as model:
        assert model.labels == tuple(labels)
        assert model.properties["name"] == "näme"
        assert model.preprocessing == preset
        assert relative_error(model.infer(inputs), outputs) < 2e-5
    with pytest.raises(ValueError, match=r"golden\[1\]"):
        wrn.convert(onnx, target, golden=(inputs, outputs[:, :-1].copy()))
    with pytest.raises(wrn.FileError, match="no such folder"):
        wrn.convert(onnx, tmp_path / "no such folder" / "x.wrn")
