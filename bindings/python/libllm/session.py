# SPDX-License-Identifier: MIT
"""One timeline of tokens: the low level under Model, for those who evaluate and choose tokens themselves."""
from __future__ import annotations

import _thread
import os
import threading
from typing import Any, Callable, Iterable, List, TypeVar, Union

from . import api
from ._options import Adapters, Plan

T = TypeVar("T")
PathLike = Union[str, "os.PathLike[str]"]


def interruptible(session: api.Session, work: Callable[[], T]) -> T:
    """Do long work so that Ctrl-C ends it: the main thread waits while another one works."""
    if threading.current_thread() is not threading.main_thread():
        return work()
    done = threading.Event()
    results: List[T] = []
    errors: List[BaseException] = []
    begun: List[bool] = []

    def run() -> None:
        begun.append(True)
        try:
            results.append(work())
        except BaseException as error:  # pylint: disable=broad-except
            errors.append(error)
        finally:
            done.set()

    # Thread.start() waits, and may be interrupted as well.
    tries = 0
    try:
        _thread.start_new_thread(run, ())
        done.wait()
    except BaseException:
        while not done.wait(0.01) and (begun or tries < 100):
            session.cancel()
            tries += 1
        raise
    if errors:
        raise errors[0]
    return results[0]


class Session:
    """A timeline of tokens, used by one thread at a time; a second one gets BusyError."""

    def __init__(self, handle: api.Session):
        self.handle = handle
        self.holder = 0  # the thread that last used it, where a model lends it
        self._adapters: Adapters = []

    def decode(self, tokens: Iterable[int]) -> memoryview:
        """Append tokens and return the logits behind the last one: a view of floats, valid until the session is next
        changed. numpy.asarray() takes it without a copy."""
        found = list(tokens)
        if len(found) == 1:
            self.handle.eval(found)
        else:
            interruptible(self.handle, lambda: self.handle.eval(found))
        return self.handle.logits()

    @property
    def logits(self) -> memoryview:
        """The logits behind the last token."""
        return self.handle.logits()

    @property
    def tokens(self) -> List[int]:
        """The tokens of the timeline."""
        return self.handle.tokens()

    @property
    def position(self) -> int:
        """How many tokens there are."""
        return self.handle.position()

    @property
    def capacity(self) -> int:
        """How many there can be."""
        return self.handle.capacity()

    @property
    def cached_tokens(self) -> int:
        """How many tokens of the last call were not computed, as the engine had done so before."""
        return self.handle.reused()

    def rewind(self, position: int = 0) -> None:
        """Forget the tokens from a position on."""
        self.handle.rewind(position)

    def sample(self, **options: Any) -> int:
        """Choose a token by the logits; the options are those of Model.generate()."""
        return self.handle.sample(Plan(options).sampling())

    def set_adapters(self, adapters: Adapters) -> None:
        """Use LoRA adapters, each with its scale; an empty list takes them off."""
        wanted = list(adapters)
        if wanted != self._adapters:
            self.handle.set_adapters([api.ScaledAdapter(adapter, scale) for adapter, scale in wanted])
            self._adapters = wanted

    def save(self, path: PathLike) -> None:
        """Write tokens, keys, values and logits to a file."""
        self.handle.save(path)

    def load(self, path: PathLike) -> None:
        """Make the timeline that of a file."""
        self.handle.load(path)

    def save_state(self) -> bytes:
        """What save() writes, as bytes."""
        import tempfile

        with tempfile.TemporaryDirectory(prefix="libllm-") as folder:
            path = os.path.join(folder, "state")
            self.handle.save(path)
            with open(path, "rb") as file:
                return file.read()

    def load_state(self, state: bytes) -> None:
        """Make the timeline that of the bytes of save_state()."""
        import tempfile

        with tempfile.TemporaryDirectory(prefix="libllm-") as folder:
            path = os.path.join(folder, "state")
            with open(path, "wb") as file:
                file.write(state)
            self.handle.load(path)

    def cancel(self) -> None:
        """Make the call that is running on this session raise CancelledError. From any thread."""
        self.handle.cancel()

    def close(self) -> None:
        self.handle.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
