# SPDX-License-Identifier: MIT
"""One exception class for each error status. Generated from libllm.h by ./dev gen; do not edit."""


class Error(Exception):
    """What the library says is wrong."""

    status = 0
    name = "ERROR"


class InvalidArgumentError(Error, ValueError):
    """An argument is NULL, out of its range, or contradicts another."""

    status = -1
    name = "INVALID_ARGUMENT"


class OutOfMemoryError(Error, MemoryError):
    """Memory could not be had from the allocator or the system."""

    status = -2
    name = "OUT_OF_MEMORY"


class NotFoundError(Error, FileNotFoundError):
    """The file, model or device does not exist."""

    status = -3
    name = "NOT_FOUND"


class FileError(Error, OSError):
    """The system could not read, map or write a file."""

    status = -4
    name = "IO"


class CorruptFileError(Error):
    """The file is damaged or contradicts itself; the message names the key, tensor or offset."""

    status = -5
    name = "CORRUPT_FILE"


class UnsupportedError(Error, NotImplementedError):
    """The input is well-formed but of a kind that this version does not handle."""

    status = -6
    name = "UNSUPPORTED"


class LimitError(Error):
    """The input exceeds one of libllm_limits; the message names it."""

    status = -7
    name = "LIMIT"


class OutOfRangeError(Error, IndexError):
    """A token id, position or index lies outside of what exists."""

    status = -8
    name = "OUT_OF_RANGE"


class BufferTooSmallError(Error):
    """The caller's buffer is too small; the size that is needed has been stored."""

    status = -9
    name = "BUFFER_TOO_SMALL"


class ContextFullError(Error):
    """The tokens do not fit into the session's context; the message says how many of how many."""

    status = -10
    name = "CONTEXT_FULL"


class CancelledError(Error):
    """The call was cancelled; nothing of it took effect."""

    status = -11
    name = "CANCELLED"


class BusyError(Error):
    """The handle is in use by another thread, or by an open stream."""

    status = -12
    name = "BUSY"


class NumericError(Error):
    """The model produced values that are not numbers."""

    status = -13
    name = "NUMERIC"


class TemplateError(Error, ValueError):
    """The chat template is wrong or uses something unknown; the message has line and column."""

    status = -14
    name = "TEMPLATE"


class NoTemplateError(Error):
    """The model has no chat template."""

    status = -15
    name = "NO_TEMPLATE"


class JsonError(Error, ValueError):
    """The JSON text is malformed or has the wrong shape."""

    status = -16
    name = "JSON"


class DeviceLostError(Error):
    """The device was lost; handles of this device can only be freed."""

    status = -17
    name = "DEVICE_LOST"


class ForkedError(Error):
    """The handle was made before fork() and is used in the child."""

    status = -18
    name = "FORKED"


class InternalError(Error):
    """A defect in the library; please report it."""

    status = -19
    name = "INTERNAL"


class ConstraintError(Error, ValueError):
    """The constraint is wrong, or nothing that the model can say satisfies it; the message says where."""

    status = -20
    name = "CONSTRAINT"


CLASSES = {
    -1: InvalidArgumentError,
    -2: OutOfMemoryError,
    -3: NotFoundError,
    -4: FileError,
    -5: CorruptFileError,
    -6: UnsupportedError,
    -7: LimitError,
    -8: OutOfRangeError,
    -9: BufferTooSmallError,
    -10: ContextFullError,
    -11: CancelledError,
    -12: BusyError,
    -13: NumericError,
    -14: TemplateError,
    -15: NoTemplateError,
    -16: JsonError,
    -17: DeviceLostError,
    -18: ForkedError,
    -19: InternalError,
    -20: ConstraintError,
}


def from_status(status: int, message: str) -> Error:
    """The exception of a status; one that a later library has is an Error."""
    return CLASSES.get(status, Error)(message or CLASSES.get(status, Error).__doc__)


__all__ = ["Error", "InvalidArgumentError", "OutOfMemoryError", "NotFoundError", "FileError", "CorruptFileError",
           "UnsupportedError", "LimitError", "OutOfRangeError", "BufferTooSmallError", "ContextFullError",
           "CancelledError", "BusyError", "NumericError", "TemplateError", "NoTemplateError", "JsonError",
           "DeviceLostError", "ForkedError", "InternalError", "ConstraintError"]
