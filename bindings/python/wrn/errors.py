# SPDX-License-Identifier: Apache-2.0
"""One exception per status code, each also what Python calls such an error."""

from __future__ import annotations

from typing import NoReturn


class WrnError(Exception):
    """What the library refused: its one line of text, and its status as a number and as a name."""

    status = 0
    status_name = "WRN_E_UNKNOWN"

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        if status is not None:
            self.status = status


class ArgumentError(WrnError, ValueError):
    """An argument or option is out of its range."""

    status, status_name = 1, "WRN_E_ARG"


class OutOfMemoryError(WrnError, MemoryError):
    """An allocation failed."""

    status, status_name = 2, "WRN_E_NOMEM"


class FileError(WrnError, OSError):
    """A file cannot be opened, read or written, or is not a regular file."""

    status, status_name = 3, "WRN_E_IO"


class FormatError(WrnError, ValueError):
    """The bytes are no model file, or a damaged one."""

    status, status_name = 4, "WRN_E_FORMAT"


class UnsupportedError(WrnError, NotImplementedError):
    """Well-formed, but something that the library does not run."""

    status, status_name = 5, "WRN_E_UNSUPPORTED"


class LimitError(WrnError):
    """Beyond a documented cap or a limit that the caller gave."""

    status, status_name = 6, "WRN_E_LIMIT"


class ShapeError(WrnError, ValueError):
    """Shapes that do not fit each other."""

    status, status_name = 7, "WRN_E_SHAPE"


class NumericError(WrnError, ArithmeticError):
    """NaN, infinity or negative variance in weights; a fold or an output that overflows."""

    status, status_name = 8, "WRN_E_NUMERIC"


class ChecksumError(WrnError):
    """A checksum in the file does not match its contents."""

    status, status_name = 9, "WRN_E_CHECKSUM"


class GoldenError(WrnError):
    """The golden input gave another output than the one recorded."""

    status, status_name = 10, "WRN_E_GOLDEN"


class CancelledError(WrnError):
    """The cancel hook asked to stop."""

    status, status_name = 11, "WRN_E_CANCELLED"


class BusyError(WrnError):
    """The session is in use by another thread."""

    status, status_name = 12, "WRN_E_BUSY"


class NotFoundError(WrnError, LookupError):
    """No feature, property or label of that name."""

    status, status_name = 13, "WRN_E_NOTFOUND"


class PreprocessError(WrnError):
    """The model carries no preprocessing, so pixels cannot be used."""

    status, status_name = 14, "WRN_E_PREPROCESS"


_CLASSES = {cls.status: cls for cls in WrnError.__subclasses__()}


def raise_for(status: int, message: str) -> NoReturn:
    raise _CLASSES.get(status, WrnError)(message, status)
