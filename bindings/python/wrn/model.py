# SPDX-License-Identifier: Apache-2.0
"""A network that was loaded."""

from __future__ import annotations

import ctypes
import os
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Sequence, Tuple, Type, Union

import numpy

from . import _abi, _arrays
from ._arrays import FloatArray
from ._hooks import Cancel, ExternalData, Hooks, Log
from ._images import pixels_of
from ._library import Handle, file_name, lib
from .info import FeatureInfo, ModelInfo, Prediction, Preprocess, StepInfo, model_info, number, record, sized
from .session import Session

if TYPE_CHECKING:
    from ._images import Image

Source = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview]


class Model:
    """Immutable: any number of threads may use one at the same time, and the GIL is free while they infer.

    A context manager; without `with`, the memory is freed when the last reference goes or at close()."""

    def __init__(self, handle: Handle, hooks: Hooks) -> None:
        self._handle: Handle | None = handle
        self._hooks = hooks
        self.info: ModelInfo = model_info(handle.pointer)

    @classmethod
    def load(
        cls,
        source: Source,
        *,
        threads: int = 0,
        pass_batch: int = 0,
        size: Tuple[int, int] | None = None,
        isa: str = "auto",
        algorithm: str | None = None,
        features: Sequence[str] = (),
        preprocess: Preprocess | None = None,
        memory_limit: int = 0,
        accuracy: float = 0.0,
        mmap: bool = False,
        in_place: bool = False,
        verify: bool = False,
        measure: bool = False,
        bounds: bool = False,
        exact: bool = False,
        log: Log | None = None,
        log_level: int = 1,
        cancel: Cancel | None = None,
        external_data: ExternalData | None = None,
    ) -> Model:
        """From a .wrn or .onnx file, or from the bytes of one.

        The options are those of wrn_load_options: `size` is the input's (height, width) where the file leaves it open,
        the words from `mmap` to `exact` are its flags, `in_place` is for bytes that nobody changes. `log(level, message)`
        tells what the load does; `cancel()` is asked between the steps of this load and of every inference, which costs
        the GIL each time, and stops them by a true result or an exception. `external_data` maps or finds the bytes of
        ONNX external data by name where `source` is bytes."""
        options = sized(_abi.LoadOptions)
        options.threads = threads
        options.pass_batch = pass_batch
        options.height, options.width = size or (0, 0)
        options.isa = number(isa, _abi.ISAS, "isa")
        options.algorithm = algorithm.encode() if algorithm is not None else None
        options.features = ",".join(features).encode() if features else None
        options.preprocess = ctypes.pointer(preprocess.to_native()) if preprocess else None
        options.memory_limit = memory_limit
        options.accuracy = accuracy
        options.log_level = log_level
        options.flags = (
            _abi.LOAD_MMAP * mmap
            | _abi.LOAD_IN_PLACE * in_place
            | _abi.LOAD_VERIFY * verify
            | _abi.LOAD_MEASURE * measure
            | _abi.LOAD_BOUNDS * bounds
            | _abi.LOAD_EXACT * exact
        )
        hooks = Hooks(options, log, cancel, external_data)
        pointer, error = ctypes.c_void_p(), _abi.Error()
        data: Any = None
        if isinstance(source, (str, os.PathLike)):
            status = lib.wrn_load(file_name(source), options, pointer, error)
        else:
            data = numpy.frombuffer(source, numpy.uint8)
            status = lib.wrn_load_memory(data.ctypes.data, data.size, options, pointer, error)
        handle = None
        if pointer.value is not None:
            handle = Handle(pointer.value, lib.wrn_free, (hooks, data if in_place else None))
        hooks.loaded()
        hooks.check(status, error)
        assert handle is not None
        return cls(handle, hooks)

    def infer(self, input: FloatArray, out: FloatArray | None = None) -> FloatArray:
        """Runs the network on normalized float32 images: one of info.input_shape, or n of them in one array. The result
        has info.output_shape, or n of them; it is written to `out` where that is given. No array is copied."""
        handle, info = self._open(), self.info
        batch = _arrays.batch_of(_arrays.checked(input, "input"), info.input_shape, "input")
        out = _arrays.output(out, batch + info.output_shape)
        error = _abi.Error()
        status = lib.wrn_infer(
            handle.pointer, _arrays.count(batch), input.ctypes.data, input.size, out.ctypes.data, out.size, error
        )
        if status:
            self._hooks.check(status, error)
        return out

    def classify(self, image: Image, k: int = 5, *, pixel_format: str | None = None) -> list[Prediction]:
        """The k most probable classes (all, where there are fewer), best first.

        `image` is a path, a Pillow image, or a uint8 array of (h, w), (h, w, 3) or (h, w, 4): RGB or RGBA unless
        `pixel_format` says "bgr" or "bgra". The model's own preprocessing is applied."""
        handle, pixels = self._open(), pixels_of(image, pixel_format)
        k = min(k, self.info.output_size)
        top, error = (_abi.Prediction * max(k, 1))(), _abi.Error()
        self._hooks.check(lib.wrn_classify(handle.pointer, *pixels.arguments, k, top, error), error)
        return [Prediction(p.label.decode(errors="replace"), p.index, p.probability, p.score) for p in top]

    def preprocess(self, image: Image, out: FloatArray | None = None, *, pixel_format: str | None = None) -> FloatArray:
        """The preprocessing of classify alone: an array for infer, or `out`, such as one row of a batch."""
        handle, pixels = self._open(), pixels_of(image, pixel_format)
        out = _arrays.output(out, self.info.input_shape)
        error = _abi.Error()
        status = lib.wrn_preprocess_image(handle.pointer, *pixels.arguments, out.ctypes.data, out.size, error)
        self._hooks.check(status, error)
        return out

    def probabilities(self, output: FloatArray, out: FloatArray | None = None) -> FloatArray:
        """From infer's outputs to probabilities; `out` may be `output`."""
        handle, size = self._open(), self.info.output_size
        batch = _arrays.batch_of(_arrays.checked(output, "output"), self.info.output_shape, "output")
        out = _arrays.output(out, output.shape)
        error = _abi.Error()
        for i in range(_arrays.count(batch)):
            offset = 4 * size * i
            status = lib.wrn_probabilities(
                handle.pointer, output.ctypes.data + offset, size, out.ctypes.data + offset, error
            )
            self._hooks.check(status, error)
        return out

    def session(self) -> Session:
        """Memory for one thread; it keeps the model alive."""
        return Session(self)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """One for each class, or none."""
        handle = self._open()
        labels: list[str] = []
        while (label := lib.wrn_model_label(handle.pointer, len(labels))) is not None:
            labels.append(label.decode(errors="replace"))
        return tuple(labels)

    @cached_property
    def properties(self) -> dict[str, str]:
        """What the file and the library say in words: "architecture", "name", "license", …"""
        handle, found, index = self._open(), {}, 0
        while (key := lib.wrn_model_property_key(handle.pointer, index)) is not None:
            found[key.decode(errors="replace")] = lib.wrn_model_property(handle.pointer, key).decode(errors="replace")
            index += 1
        return found

    @cached_property
    def preprocessing(self) -> Preprocess | None:
        """What the file carries, or None."""
        if not self.info.has_preprocess:
            return None
        handle, native, error = self._open(), sized(_abi.Preprocess), _abi.Error()
        self._hooks.check(lib.wrn_model_get_preprocess(handle.pointer, native, error), error)
        return Preprocess.from_native(native)

    @cached_property
    def features(self) -> tuple[FeatureInfo, ...]:
        """The intermediate tensors that Model.load's `features` may name."""
        return self._records(FeatureInfo, _abi.FeatureInfo, lib.wrn_model_feature, self.info.feature_count)

    @cached_property
    def steps(self) -> tuple[StepInfo, ...]:
        """The plan: what runs for one image, with which algorithm, and why not with another one."""
        return self._records(StepInfo, _abi.StepInfo, lib.wrn_model_step, self.info.step_count)

    def _records(self, cls: Any, native_class: Any, function: Any, n: int) -> tuple[Any, ...]:
        handle, error = self._open(), _abi.Error()
        records = []
        for i in range(n):
            native = sized(native_class)
            self._hooks.check(function(handle.pointer, i, native, error), error)
            records.append(record(cls, native))
        return tuple(records)

    def close(self) -> None:
        """Frees the memory as soon as no call and no session uses it. May be repeated."""
        self._handle = None

    def _open(self) -> Handle:
        handle = self._handle
        if handle is None:
            raise ValueError("the model is closed")
        return handle

    def __enter__(self) -> Model:
        return self

    def __exit__(
        self, kind: Type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        if self._handle is None:
            return "<wrn.Model, closed>"
        return f"<wrn.Model {self.properties['architecture']}, {self.info.input_shape} to {self.info.output_shape}>"
