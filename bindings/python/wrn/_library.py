# SPDX-License-Identifier: Apache-2.0
"""Finds libwrn: the file that WRN_LIBRARY names, else the one inside the package, else the system's."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
from typing import Any

from . import _abi
from .errors import raise_for

_SYSTEM = "libwrn.so.0"


def _find() -> str:
    named = os.environ.get("WRN_LIBRARY")
    if named:
        return named
    bundled = Path(__file__).with_name("libwrn.so")
    return str(bundled) if bundled.exists() else _SYSTEM


def _open() -> ctypes.CDLL:
    path = _find()
    try:
        library = ctypes.CDLL(path)  # a CDLL's calls release the GIL
    except OSError as error:
        raise ImportError(f"libwrn is not to be had ({error}); WRN_LIBRARY may name its file") from error
    for name, (result, parameters) in _abi.FUNCTIONS.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = parameters
    return library


lib: Any = _open()


def check(status: int, error: _abi.Error) -> None:
    if status != _abi.OK:
        raise_for(status, error.message.decode(errors="replace"))


def file_name(path: str | os.PathLike[str]) -> bytes:
    name = os.fsencode(path)
    if b"\0" in name:
        raise ValueError("a file name with a NUL in it")
    return name


class Handle:
    """Owns a wrn_model or a wrn_session. Every call holds a reference while it runs, so that close() in one thread
    does not take away what another one uses."""

    __slots__ = ("pointer", "_free", "_keep")

    def __init__(self, pointer: int, free: Any, keep: object = None) -> None:
        self.pointer = pointer
        self._free = free
        self._keep = keep  # what the library calls or reads as long as it lives

    def __del__(self) -> None:
        self._free(self.pointer)


def version() -> tuple[int, int, int]:
    """The version of the library that is running: (major, minor, patch)."""
    number = int(lib.wrn_version())
    return number // 10000, number // 100 % 100, number % 100
