# SPDX-License-Identifier: Apache-2.0
"""Files, Pillow images and arrays that classify takes."""

from __future__ import annotations

from pathlib import Path

import numpy
import pytest
from conftest import ROOT

import wrn

PIL = pytest.importorskip("PIL.Image", reason="Pillow is missing")
CAT = ROOT / "examples" / "images" / "cat.jpg"


@pytest.fixture
def cat() -> numpy.ndarray:
    return numpy.asarray(PIL.open(CAT).convert("RGB"))


def test_a_path_a_picture_and_its_pixels_are_the_same(model: wrn.Model, cat: numpy.ndarray) -> None:
    top = model.classify(CAT)
    assert [p.label for p in top][:1] == ["cat"] and top[0].index == 3 and len(top) == 5
    assert top[0].probability > 0.9 and [p.probability for p in top] == sorted((p.probability for p in top), reverse=True)
    assert model.classify(str(CAT)) == model.classify(PIL.open(CAT)) == model.classify(cat) == top
    assert len(model.classify(cat, k=100)) == 10  # no more than there are


def test_layouts_of_arrays(model: wrn.Model, cat: numpy.ndarray) -> None:
    top = model.classify(cat)
    bgr, rgba = cat[:, :, ::-1], numpy.dstack([cat, numpy.full(cat.shape[:2], 9, numpy.uint8)])
    assert model.classify(bgr, pixel_format="bgr") == top
    assert model.classify(numpy.ascontiguousarray(bgr), pixel_format="bgr") == top
    assert model.classify(rgba) == top
    assert model.classify(numpy.ascontiguousarray(cat[::-1])[::-1]) == top  # bottom-up rows
    framed = numpy.zeros((cat.shape[0] + 4, cat.shape[1] + 6, 3), numpy.uint8)
    framed[2:-2, 3:-3] = cat
    assert model.classify(framed[2:-2, 3:-3]) == top
    grey = cat[:, :, 0]
    assert model.classify(grey) == model.classify(numpy.dstack([grey] * 3)) == model.classify(grey[:, :, None])


def test_pictures_of_other_modes(model: wrn.Model, tmp_path: Path, cat: numpy.ndarray) -> None:
    picture = PIL.fromarray(cat)
    grey = picture.convert("L")
    assert model.classify(grey.convert("LA")) == model.classify(grey) == model.classify(grey.convert("RGB"))
    assert model.classify(picture.convert("RGBA")) == model.classify(picture)
    palette = picture.convert("P")
    assert model.classify(palette) == model.classify(palette.convert("RGB"))
    PIL.fromarray(numpy.asarray(grey).astype(numpy.uint16) * 257).save(tmp_path / "grey16.png")
    assert model.classify(tmp_path / "grey16.png") == model.classify(grey)


def test_pictures_are_turned_upright(model: wrn.Model, tmp_path: Path, cat: numpy.ndarray) -> None:
    exif = PIL.Exif()
    exif[0x0112] = 6  # a quarter turn clockwise brings it upright
    lying = PIL.fromarray(numpy.rot90(cat))
    lying.save(tmp_path / "lying.png", exif=exif)
    assert model.classify(tmp_path / "lying.png") == model.classify(cat) != model.classify(lying)


def test_a_batch_of_pictures(model: wrn.Model, cat: numpy.ndarray) -> None:
    dog = PIL.open(ROOT / "examples" / "images" / "dog.jpg")
    batch = numpy.empty((2, *model.info.input_shape), numpy.float32)
    for row, image in zip(batch, (cat, dog)):
        model.preprocess(image, out=row)
    assert (batch[1] == model.preprocess(dog)).all()
    assert [model.labels[i] for i in model.infer(batch).argmax(1)] == ["cat", "dog"]


def test_what_is_no_image_is_refused(model: wrn.Model, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="uint8"):
        model.classify(numpy.zeros((4, 4, 3), numpy.float32))
    with pytest.raises(ValueError, match=r"\(4, 4, 2\)"):
        model.classify(numpy.zeros((4, 4, 2), numpy.uint8))
    with pytest.raises(ValueError, match="'rgba' is not for 3"):
        model.classify(numpy.zeros((4, 4, 3), numpy.uint8), pixel_format="rgba")
    with pytest.raises(wrn.ArgumentError, match="width"):
        model.classify(numpy.zeros((4, 0, 3), numpy.uint8))
    with pytest.raises(TypeError, match="NoneType"):
        model.classify(None)  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        model.classify(tmp_path / "nothing.png")
    (tmp_path / "text.png").write_text("no image")
    with pytest.raises(OSError, match="cannot identify"):
        model.classify(tmp_path / "text.png")
