# SPDX-License-Identifier: MIT
"""The same for asyncio: calls run on threads, streams are async iterators, cancelling a task cancels the computation."""
from __future__ import annotations

import asyncio
import contextlib
import functools
import threading
import weakref
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import (TYPE_CHECKING, Any, AsyncGenerator, AsyncIterator, Callable, Dict, Iterator, List, Optional, Sequence,
                    TypeVar)

from ._errors import BusyError
from ._options import Cancellation
from .model import Messages, Model, Prompt, Texts
from .results import ChatChunk, ChatCompletion, Completion
from .schemas import Tool, tool_answer, tool_result

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._options import Options

T = TypeVar("T")
END: Any = object()
PATIENCE, PAUSE = 1.0, 0.01  # seconds in which a stream that nobody refers to any more is closed by its loop


async def threaded(executor: Optional[Executor], cancel: Cancellation, function: Callable[..., T], *arguments: Any) -> T:
    """Run on a thread. When the task is cancelled the computation is, too, and is waited for."""
    future = asyncio.get_running_loop().run_in_executor(executor, functools.partial(function, *arguments))
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        cancel.cancel()
        while not future.done():
            with contextlib.suppress(asyncio.CancelledError):  # a second time, which changes nothing
                await asyncio.wait([future])
        if not future.cancelled():
            future.exception()  # it was cancelled: nobody asks for its result
        raise


class Places:
    """Where the calls of one loop are at work: as many as there are sessions, each with a thread. The others wait here in
    turn, and without a thread: a stream that has a session needs one for its next step."""

    def __init__(self, count: int):
        self._free = asyncio.Semaphore(count)
        self._threads = ThreadPoolExecutor(count, "libllm")
        self._holders: Dict[object, Any] = {}  # the task that last used a place

    @contextlib.asynccontextmanager
    async def take(self) -> AsyncIterator[object]:
        place, waited = object(), 0.0
        while self._free.locked() and self._is_mine():
            if waited > PATIENCE:
                raise BusyError("every session of the Model is held by a stream of this task, which is not at its end: close "
                                f"the stream (aclose()), or open the Model with parallel={len(self._holders) + 1}")
            await asyncio.sleep(PAUSE)
            waited += PAUSE
        async with self._free:
            try:
                yield place
            finally:
                self._holders.pop(place, None)

    def _is_mine(self) -> bool:
        task = asyncio.current_task()
        return bool(self._holders) and all(holder is task for holder in self._holders.values())

    async def run(self, place: object, cancel: Cancellation, function: Callable[..., T], *arguments: Any) -> T:
        self._holders[place] = asyncio.current_task()
        return await threaded(self._threads, cancel, function, *arguments)

    async def call(self, cancel: Cancellation, function: Callable[..., T], *arguments: Any) -> T:
        async with self.take() as place:
            return await self.run(place, cancel, function, *arguments)


class AsyncModel:
    """A Model, or a Client, whose calls are awaited."""

    def __init__(self, model: Model):
        self.model = model
        self._lock = threading.Lock()
        self._places: Dict[str, Any] = {use: weakref.WeakKeyDictionary() for use in ("answer", "embed")}  # of each loop

    @classmethod
    async def open(cls, path_or_name: Any, **options: Any) -> AsyncModel:
        """See Model.open()."""
        return cls(await threaded(None, Cancellation(), functools.partial(Model.open, path_or_name, **options)))

    def _of_loop(self, use: str = "answer") -> Places:
        loop = asyncio.get_running_loop()
        with self._lock:
            found: Dict[Any, Places] = self._places[use]
            if loop not in found:
                found[loop] = Places(self.model.parallel)
            return found[loop]

    async def _iterate(self, cancel: Cancellation, iterator: Iterator[T]) -> AsyncGenerator[T, None]:
        """An iterator that blocks, as an async one. Closing it ends the generation."""
        places = self._of_loop()
        async with places.take() as place:
            try:
                while True:
                    item: Any = await places.run(place, cancel, next, iterator, END)
                    if item is END:
                        return
                    yield item
            finally:
                await places.run(place, cancel, getattr(iterator, "close"))

    async def chat(self, messages: Messages, *, tools: Sequence[Tool] = (), run_tools: int = 0,
                   **options: Unpack[Options]) -> ChatCompletion:
        """See Model.chat(). A tool may be `async def`, which runs on this loop; other ones run on a thread."""
        cancel = options.setdefault("cancel", Cancellation())
        conversation: List[Any] = [messages] if isinstance(messages, str) else list(messages)
        while True:
            answer = functools.partial(self.model.chat, conversation, tools=tools, **options)
            found = await self._of_loop().call(cancel, answer)
            message = found.choices[0].message
            if not message.tool_calls or not run_tools:
                return found
            conversation += [message, *[await self._run_tool(tools, call, cancel) for call in message.tool_calls]]
            run_tools -= 1

    @staticmethod
    async def _run_tool(tools: Sequence[Tool], call: Any, cancel: Cancellation) -> Any:
        try:
            result = await threaded(None, cancel, tool_result, tools, call)
            return tool_answer(call, await result if hasattr(result, "__await__") else result)
        except Exception as error:  # pylint: disable=broad-except
            return tool_answer(call, error)

    def chat_stream(self, messages: Messages, *, tools: Sequence[Tool] = (),
                    **options: Unpack[Options]) -> AsyncGenerator[ChatChunk, None]:
        """See Model.chat_stream(). Leaving the loop early: `async with contextlib.aclosing(...)`, or aclose()."""
        cancel = options.setdefault("cancel", Cancellation())
        return self._iterate(cancel, self.model.chat_stream(messages, tools=tools, **options))

    async def generate(self, prompt: Prompt, *, special: bool = False, **options: Unpack[Options]) -> Completion:
        """See Model.generate()."""
        cancel = options.setdefault("cancel", Cancellation())
        answer = functools.partial(self.model.generate, prompt, special=special, **options)
        return await self._of_loop().call(cancel, answer)

    def generate_stream(self, prompt: Prompt, *, special: bool = False,
                        **options: Unpack[Options]) -> AsyncGenerator[str, None]:
        """See Model.generate_stream()."""
        cancel = options.setdefault("cancel", Cancellation())
        return self._iterate(cancel, self.model.generate_stream(prompt, special=special, **options))

    async def embed(self, text: Texts) -> List[memoryview]:
        """The embeddings of several texts. See Model.embed()."""
        cancel = Cancellation()
        return await self._of_loop("embed").call(cancel, lambda: self.model.embed(text, cancel=cancel))

    def tokenize(self, text: str, *, special: bool = False, bos: bool = False) -> List[int]:
        """See Model.tokenize(); it is over at once, for a model on this machine."""
        from .client import Client

        if isinstance(self.model, Client):
            raise TypeError(f"{self.model}: tokens would take a request; Client.tokenize() makes it")
        return self.model.tokenize(text, special=special, bos=bos)

    async def close(self) -> None:
        """Give the model up."""
        await threaded(None, Cancellation(), self.model.close)

    async def __aenter__(self) -> AsyncModel:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
