# SPDX-License-Identifier: Apache-2.0
"""Python functions that the library calls. What they raise is carried over the library's call and raised again after it."""

from __future__ import annotations

import ctypes
import threading
from typing import Any, Callable, Mapping, Optional, Union

import numpy

from . import _abi
from ._library import check

Log = Callable[[int, str], object]
Cancel = Callable[[], object]
ExternalData = Union[Mapping[str, Any], Callable[[str], Optional[Any]]]


class Hooks:
    """Puts hooks into load options, and must live as long as the model."""

    def __init__(
        self, options: _abi.LoadOptions, log: Log | None, cancel: Cancel | None, external: ExternalData | None
    ) -> None:
        self._raised = threading.local()  # every hook runs on the thread of the call
        self._external: list[Any] = []
        self._functions: list[Any] = []
        if log is not None:
            options.log = self._kept(_abi.LogHook(_log_hook(log, self._raised)))
        if cancel is not None:
            options.cancel = self._kept(_abi.CancelHook(_cancel_hook(cancel, self._raised)))
        if external is not None:
            hook = _external_hook(external, self._external, self._raised)
            options.external_data = self._kept(_abi.ExternalHook(hook))

    def _kept(self, function: Any) -> Any:
        self._functions.append(function)
        return function

    def loaded(self) -> None:
        """External data is read during the load alone."""
        self._external.clear()

    def check(self, status: int, error: _abi.Error) -> None:
        raised = self._raised.__dict__.pop("exception", None)
        if raised is not None:
            raise raised
        check(status, error)


def _log_hook(log: Log, raised: threading.local) -> Any:
    def hook(_user: Any, level: int, message: bytes) -> None:
        try:
            log(level, message.decode(errors="replace"))
        except BaseException as exception:
            raised.exception = exception

    return hook


def _cancel_hook(cancel: Cancel, raised: threading.local) -> Any:
    def hook(_user: Any) -> int:
        try:
            return 1 if cancel() else 0
        except BaseException as exception:
            raised.exception = exception
            return 1

    return hook


def _external_hook(external: ExternalData, kept: list[Any], raised: threading.local) -> Any:
    find = external if callable(external) else external.get

    def hook(_user: Any, name: bytes, data: Any, size: Any) -> int:
        try:
            found = find(name.decode(errors="surrogateescape"))
            if found is None:
                return 1
            view = numpy.frombuffer(found, numpy.uint8)
            kept.append(view)
            data[0] = view.ctypes.data
            size[0] = view.size
            return 0
        except BaseException as exception:
            raised.exception = exception
            return 1

    return hook
