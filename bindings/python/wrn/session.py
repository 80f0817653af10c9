# SPDX-License-Identifier: Apache-2.0
"""Scratch memory of one's own: what a thread that infers all the time wants, and the way to feature maps and profiles."""

from __future__ import annotations

import ctypes
from types import TracebackType
from typing import TYPE_CHECKING, Mapping, Sequence, Type

from . import _abi, _arrays
from ._arrays import FloatArray, Shape
from ._library import Handle, lib

if TYPE_CHECKING:
    from .model import Model


class Session:
    """Made by Model.session(). Serves one call at a time; a second one at the same time raises BusyError."""

    def __init__(self, model: Model) -> None:
        pointer, error = ctypes.c_void_p(), _abi.Error()
        handle = model._open()
        model._hooks.check(lib.wrn_session_create(handle.pointer, pointer, error), error)
        assert pointer.value is not None
        self._handle: Handle | None = Handle(pointer.value, lib.wrn_session_free, handle)
        self._hooks = model._hooks
        self._info = model.info
        self._shapes: dict[str, Shape] = {f.name: (f.channels, f.height, f.width) for f in model.features}
        self._shapes["output"] = self._info.output_shape

    def infer(self, input: FloatArray, out: FloatArray | None = None) -> FloatArray:
        """As Model.infer, in the session's memory."""
        handle, info = self._open(), self._info
        batch = _arrays.batch_of(_arrays.checked(input, "input"), info.input_shape, "input")
        out = _arrays.output(out, batch + info.output_shape)
        error = _abi.Error()
        status = lib.wrn_session_infer(
            handle.pointer, _arrays.count(batch), input.ctypes.data, input.size, out.ctypes.data, out.size, error
        )
        if status:
            self._hooks.check(status, error)
        return out

    def infer_named(
        self, input: FloatArray, names: Sequence[str], out: Mapping[str, FloatArray] | None = None
    ) -> dict[str, FloatArray]:
        """Several outputs of one run: features that Model.load's `features` named, and "output". `out` may hold
        arrays for some of them."""
        handle, n = self._open(), len(names)
        batch = _arrays.batch_of(_arrays.checked(input, "input"), self._info.input_shape, "input")
        outputs = {}
        for name in names:
            # A name that the model does not have is left to the library to refuse.
            shape = batch + self._shapes.get(name, ())
            outputs[name] = _arrays.output(out.get(name) if out else None, shape, f"out[{name!r}]")
        arrays = [outputs[name] for name in names]
        error = _abi.Error()
        status = lib.wrn_session_infer_named(
            handle.pointer,
            _arrays.count(batch),
            input.ctypes.data,
            input.size,
            n,
            (ctypes.c_char_p * n)(*(name.encode() for name in names)),
            (ctypes.c_void_p * n)(*(array.ctypes.data for array in arrays)),
            (ctypes.c_size_t * n)(*(array.size for array in arrays)),
            error,
        )
        self._hooks.check(status, error)
        return outputs

    def profile(self, enable: bool = True) -> None:
        """Later calls measure each step of the plan."""
        error = _abi.Error()
        self._hooks.check(lib.wrn_session_profile(self._open().pointer, int(enable), error), error)

    @property
    def step_seconds(self) -> tuple[float, ...]:
        """Wall time of each of Model.steps, summed over the calls since profile()."""
        handle = self._open()
        return tuple(lib.wrn_session_step_seconds(handle.pointer, i) for i in range(self._info.step_count))

    def close(self) -> None:
        """Frees the memory as soon as no call uses it. May be repeated."""
        self._handle = None

    def _open(self) -> Handle:
        handle = self._handle
        if handle is None:
            raise ValueError("the session is closed")
        return handle

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: Type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
