# SPDX-License-Identifier: Apache-2.0
"""Threads, memory, and what a model says about itself."""

from __future__ import annotations

import gc
import os
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy
import pytest
from conftest import MODEL

import wrn


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_threads_share_a_model(model: wrn.Model, images: numpy.ndarray) -> None:
    expected = model.infer(images)

    def work(index: int) -> bool:
        with model.session() as session:
            out = numpy.empty((5, 10), numpy.float32)
            return all(
                (model.infer(images) == expected).all() and (session.infer(images, out=out) == expected).all()
                for _ in range(5)
            )

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(work, range(8)))


def test_python_runs_while_the_library_infers(model: wrn.Model) -> None:
    batch = numpy.zeros((128, 3, 32, 32), numpy.float32)
    begun, times = threading.Event(), []

    def work() -> None:
        begun.set()
        start = time.monotonic()
        model.infer(batch)
        times.append(time.monotonic() - start)

    thread = threading.Thread(target=work)
    thread.start()
    begun.wait()
    steps = 0
    while thread.is_alive():
        steps += 1
        time.sleep(0)
    # One that held the GIL would let this loop go round once or twice.
    assert steps > 20, f"{steps} steps in {times[0]:.3f} s"


def test_a_session_serves_one_thread(images: numpy.ndarray) -> None:
    inside, leave = threading.Event(), threading.Event()

    def cancel() -> bool:
        if threading.current_thread() is not threading.main_thread():
            inside.set()
            leave.wait(10)
        return False

    with wrn.Model.load(MODEL, threads=1, cancel=cancel) as model, model.session() as session:
        thread = threading.Thread(target=session.infer, args=(images,))
        thread.start()
        assert inside.wait(10)
        with pytest.raises(wrn.BusyError):
            session.infer(images)
        leave.set()
        thread.join()
        session.infer(images)


def test_close_waits_for_calls_of_other_threads(images: numpy.ndarray) -> None:
    inside, leave = threading.Event(), threading.Event()

    def cancel() -> bool:
        if threading.current_thread() is not threading.main_thread():
            inside.set()
            leave.wait(10)
        return False

    model = wrn.Model.load(MODEL, threads=1, cancel=cancel)
    expected = model.infer(images)
    with ThreadPoolExecutor(1) as threads:
        result = threads.submit(model.infer, images)
        assert inside.wait(10)
        model.close()
        leave.set()
        assert (result.result() == expected).all()


def test_nothing_is_left_behind(images: numpy.ndarray) -> None:
    out = numpy.empty((5, 10), numpy.float32)

    def once() -> None:
        with wrn.Model.load(MODEL, threads=2, features=["pool"], log=print, cancel=lambda: False) as model:
            session = model.session()
            for _ in range(2):
                model.infer(images, out=out)
                session.infer_named(images, ["pool"])
                model.classify(numpy.zeros((40, 30, 3), numpy.uint8))
            assert model.labels and model.steps and model.properties
        with pytest.raises(wrn.ArgumentError):
            wrn.Model.load(MODEL, threads=-1, log=print)

    for _ in range(3):
        once()
    before = resident()
    for _ in range(15):
        once()
    assert resident() - before < 4 << 20  # a model alone has 12 MB


def test_memory_goes_without_the_garbage_collector() -> None:
    gc.disable()
    try:
        model = wrn.Model.load(MODEL, threads=1, cancel=lambda: False)
        session = model.session()
        watched = [weakref.ref(model), weakref.ref(session)]
        del model, session
        assert [ref() for ref in watched] == [None, None]
    finally:
        gc.enable()


def test_what_a_model_says(model: wrn.Model, images: numpy.ndarray) -> None:
    info = model.info
    assert (info.input_shape, info.input_layout, info.output_shape) == ((3, 32, 32), "NCHW", (10,))
    assert (info.output_kind, info.threads, info.input_size, info.output_size) == ("logits", 1, 3072, 10)
    assert info.parameters > 690_000 and info.macs > 100e6 and info.model_bytes > 1e6 and info.session_bytes > 1e5
    assert model.properties["architecture"] == "WRN-16-2" and "wrn.Model WRN-16-2" in repr(model)
    assert model.labels[3] == "cat" and len(model.labels) == 10
    assert model.preprocessing is not None and model.preprocessing.resize == "stretch"
    assert [f.name for f in model.features] == ["stage1", "stage2", "stage3", "last", "pool"]
    assert len(model.steps) == info.step_count and sum(step.macs for step in model.steps) <= info.macs
    convolutions = [step for step in model.steps if step.op.startswith("conv")]
    assert convolutions and all(step.algorithm and step.weight_bytes for step in convolutions)
    with model.session() as session:
        session.profile()
        session.infer(images)
        seconds = session.step_seconds
        assert len(seconds) == info.step_count and all(s >= 0 for s in seconds) and sum(seconds) > 0
        session.profile(False)
        session.infer(images)
        assert sum(session.step_seconds) == 0


def test_options_reach_the_library() -> None:
    with wrn.Model.load(MODEL, threads=2, pass_batch=3, isa="c", algorithm="reference") as model:
        assert (model.info.threads, model.info.pass_batch, model.info.isa) == (2, 3, "c")
        assert {step.algorithm for step in model.steps} <= {"reference", ""}
    with wrn.Model.load(MODEL, exact=True) as model:
        assert not any(step.algorithm.startswith("winograd") for step in model.steps)
    preset = wrn.Preprocess.preset("imagenet", 32, 32)
    with wrn.Model.load(MODEL, preprocess=preset, bounds=True) as model:
        assert model.preprocessing == preset
        assert any(step.arithmetic_seconds > 0 for step in model.steps)
