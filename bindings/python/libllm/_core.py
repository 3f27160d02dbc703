# SPDX-License-Identifier: MIT
"""What the generated class layer stands on: handles that may be misused, and the passing of texts, arrays and errors.

A handle counts the calls that are on their way, so that closing it while another thread uses it frees it afterwards,
and a second thread where only one may be gets BusyError. Both are looked after here, in front of the library.
"""
import ctypes
import os
import sys
import threading
import weakref
from typing import Any, Callable, Iterable, List, Optional, Sequence, Tuple, TypeVar, Union

from . import _errors, _ffi
from ._load import lib

SHARED, EXCLUSIVE, ANY = range(3)
TOO_SMALL = _errors.BufferTooSmallError.status
Text = Union[str, bytes]
Path = Union[str, bytes, "os.PathLike[str]"]
E = TypeVar("E")
_thread = threading.local()


class ClosedError(_errors.Error, ValueError):
    """The object was closed."""


class Handle:
    """An object of the library. close() is idempotent; an object that nobody refers to closes itself."""

    _destroy: Callable[[int], None]

    def __init__(self, pointer: Optional[int], kept: Sequence[Any] = ()):
        self._lock = threading.RLock()
        self._pins = 0  # calls on their way, and views of the object's memory
        self._users = 0
        self._writer = False
        self._closed = False
        self._kept = kept  # what the library still refers to: objects this one was made from, and their callbacks
        self._pointer = pointer

    def _begin(self, mode: int) -> Optional[int]:
        with self._lock:
            if self._closed:
                raise ClosedError(f"the {type(self).__name__} is closed")
            if mode != ANY and self._writer or mode == EXCLUSIVE and self._users:
                raise _errors.BusyError(f"the {type(self).__name__} is in use by another call")
            if mode == EXCLUSIVE:
                self._writer = True
            elif mode == SHARED:
                self._users += 1
            self._pins += 1
            return self._pointer

    def _end(self, mode: int) -> None:
        with self._lock:
            if mode == EXCLUSIVE:
                self._writer = False
            elif mode == SHARED:
                self._users -= 1
            self._pins -= 1
            if self._closed:
                self._release()

    def _release(self) -> None:
        """Free the object once nothing uses it. With the lock held."""
        if not self._pins and self._pointer is not None:
            pointer, self._pointer = self._pointer, None
            type(self)._destroy(pointer)

    @property
    def closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        """Give the object up. A call that is on its way in another thread is not disturbed."""
        with self._lock:
            self._closed = True
            self._release()

    def __enter__(self: E) -> E:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_pointer", None) is not None:
            self.close()


class Call:
    """One call of a C function: the handles in use meanwhile, what must stay alive, its error."""

    __slots__ = ("_uses", "kept", "_thrown", "_over", "_error", "error", "__weakref__")

    def __init__(self) -> None:
        self._uses: List[Tuple[Handle, int]] = []
        self.kept: List[Any] = []
        self._thrown: Optional[BaseException] = None
        self._over = False
        try:
            self._error, self.error = _thread.error
        except AttributeError:
            # One for each thread: it is read right behind the call that filled it.
            error = _ffi.Error()
            self._error, self.error = _thread.error = (error, ctypes.byref(error))

    def __enter__(self) -> "Call":
        return self

    def __exit__(self, kind: object, value: object, trace: object) -> None:
        self._over = True
        for handle, mode in self._uses:
            handle._end(mode)
        if self._thrown is not None:
            raise self._thrown

    def use(self, handle: Optional[Handle], mode: int) -> Optional[int]:
        if handle is None:
            return None
        pointer = handle._begin(mode)
        self._uses.append((handle, mode))
        return pointer

    def handles(self) -> List[Handle]:
        return [handle for handle, _ in self._uses]

    def check(self, status: int) -> bool:
        """Raise what an error status means. Whether there is a further item, for functions that iterate."""
        if status < 0:
            raise _errors.from_status(status, self._error.message.decode("utf-8", "replace"))
        return status == 0

    # --- What goes in -------------------------------------------------------------------------------------------------

    def text(self, text: Optional[Text]) -> Optional[bytes]:
        """UTF-8 that is passed with its length."""
        return text.encode("utf-8") if isinstance(text, str) else text

    def c_text(self, text: Optional[Path]) -> Optional[bytes]:
        """UTF-8 that ends with NUL, which may also be the path of a file."""
        if text is None:
            return None
        found = os.fsencode(text)
        if b"\0" in found:
            raise _errors.InvalidArgumentError("the text has a NUL inside")
        return found

    def address(self, item: Any) -> Optional[int]:
        """Of bytes or of a ctypes object, for the field of a struct; it stays alive with the call."""
        if item is None:
            return None
        self.kept.append(item)
        if isinstance(item, bytes):
            return ctypes.cast(ctypes.c_char_p(item), ctypes.c_void_p).value
        return ctypes.addressof(item)

    def c_texts(self, texts: Optional[Sequence[Path]]) -> Any:
        found = [self.c_text(text) for text in texts or ()]
        self.kept.append(found)
        return (ctypes.c_char_p * len(found))(*found)

    def numbers(self, kind: Any, values: Iterable[Any]) -> Any:
        """A ctypes array of numbers. What has a writable buffer of that type (numpy, array) is not copied."""
        if not isinstance(values, (list, tuple)):
            view = None
            try:
                view = memoryview(values)  # type: ignore[arg-type]
            except TypeError:
                values = list(values)
            if view is not None:
                same = view.format in ("f",) if kind is ctypes.c_float else view.format in ("i", "l")
                if same and view.c_contiguous and view.itemsize == ctypes.sizeof(kind) and view.ndim == 1:
                    array = kind * len(view)
                    return array.from_buffer_copy(view) if view.readonly else array.from_buffer(view)
                values = view.tolist()
        numbers = list(values)
        found = (kind * len(numbers))(*numbers)
        if kind is not ctypes.c_float and found[:] != numbers:
            wrong = next(number for number, kept in zip(numbers, found) if number != kept)
            raise _errors.OutOfRangeError(f"{wrong} is no number that fits")
        return found

    def number(self, kind: Any, value: Any, name: str) -> Any:
        """A whole number as C has it; ctypes would leave out what has no room."""
        found = kind(value)
        if found.value != value:
            raise _errors.InvalidArgumentError(f"{name} is {value}, which does not fit")
        return found

    def put(self, raw: Any, name: str, value: Any) -> None:
        """The same, into the field of a struct."""
        setattr(raw, name, value)
        if getattr(raw, name) != value:
            raise _errors.InvalidArgumentError(f"{name} is {value}, which does not fit")

    def structs(self, kind: Any, items: Optional[Sequence[Any]], mode: int = SHARED) -> Any:
        items = items or ()
        array = (kind * len(items))()
        for item, raw in zip(items, array):
            item._fill(self, raw, mode)
        return array

    def options(self, options: Any) -> Optional[int]:
        """The address of the C struct of an options object, or NULL."""
        return None if options is None else self.address(options._build(self))

    def callback(self, kind: Any, function: Callable[..., Any], fallback: Any) -> Any:
        """A C function that keeps what Python raises to itself until the call is over."""

        def guarded(*arguments: Any) -> Any:
            try:
                return function(*arguments)
            except BaseException as error:  # pylint: disable=broad-except
                if self._over:
                    sys.excepthook(type(error), error, error.__traceback__)
                elif self._thrown is None:
                    self._thrown = error
                return fallback

        found = kind(guarded)
        self.kept.append(found)
        return found

    # --- What comes out -----------------------------------------------------------------------------------------------

    def _sized(self, function: Callable[..., int], kind: Any, capacity: int) -> Tuple[Any, int]:
        needed = ctypes.c_size_t()
        while True:
            buffer = (kind * capacity)()
            status = function(buffer, capacity, ctypes.byref(needed), self.error)
            if status != TOO_SMALL or needed.value <= capacity:
                self.check(status)
                return buffer, needed.value
            capacity = needed.value

    def text_out(self, function: Callable[..., int], capacity: int) -> bytes:
        buffer, length = self._sized(function, ctypes.c_char, capacity)
        return ctypes.string_at(buffer, length)

    def numbers_out(self, function: Callable[..., int], kind: Any, capacity: int) -> List[int]:
        buffer, length = self._sized(function, kind, capacity)
        found: List[int] = buffer[:length]
        return found


def view(array: Any, kind: str) -> memoryview:
    """The numbers of a ctypes array, without a copy; numpy.asarray() takes it as it is."""
    return memoryview(array).cast("B").cast(kind)  # type: ignore[call-overload,no-any-return]


def borrowed(handle: Handle, kind: Any, address: Optional[int], length: int, code: str) -> memoryview:
    """Numbers in the library's memory. The object is not freed while a view of it is around."""
    if address is None:
        return memoryview(b"").cast(code)  # type: ignore[call-overload,no-any-return]
    array = (kind * length).from_address(address)
    handle._begin(ANY)
    weakref.finalize(array, handle._end, ANY).atexit = False
    return view(array, code)


def elements(kind: Any, address: Any, n: int) -> Any:
    """A copy of the structs of an array in the library's memory."""
    return (kind * n).from_buffer_copy(ctypes.string_at(address, n * ctypes.sizeof(kind))) if address else ()


def read_text(address: Optional[int], length: int) -> str:
    return ctypes.string_at(address, length).decode("utf-8", "replace") if address else ""


def read_c_text(address: Optional[int]) -> Optional[str]:
    return ctypes.string_at(address).decode("utf-8", "replace") if address else None


def named(kind: Callable[[int], E], value: int) -> E:
    """The enum's member of a value; a value that a later library has stays a number."""
    try:
        return kind(value)
    except ValueError:
        return value  # type: ignore[return-value]
