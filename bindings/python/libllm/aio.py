# SPDX-License-Identifier: MIT
"""The same for asyncio: calls run on threads, streams are async iterators, cancelling a task cancels the computation."""
from __future__ import annotations

import asyncio
import functools
from typing import TYPE_CHECKING, Any, AsyncGenerator, Callable, Iterator, List, Sequence, TypeVar

from ._options import Cancellation
from .model import Messages, Model, Prompt, Texts
from .results import ChatChunk, ChatCompletion, Completion
from .schemas import Tool

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._options import Options

T = TypeVar("T")
END: Any = object()


async def threaded(cancel: Cancellation, function: Callable[..., T], *arguments: Any) -> T:
    """Run on a thread. When the task is cancelled the computation is, too, and is waited for."""
    future = asyncio.get_running_loop().run_in_executor(None, functools.partial(function, *arguments))
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        cancel.cancel()
        await asyncio.wait([future])
        if not future.cancelled():
            future.exception()  # it was cancelled: nobody asks for its result
        raise


async def iterate(cancel: Cancellation, iterator: Iterator[T]) -> AsyncGenerator[T, None]:
    """An iterator that blocks, as an async one. Closing it ends the generation."""
    try:
        while True:
            item: Any = await threaded(cancel, next, iterator, END)
            if item is END:
                return
            yield item
    finally:
        close = getattr(iterator, "close")
        await threaded(cancel, close)


class AsyncModel:
    """A Model, or a Client, whose calls are awaited."""

    def __init__(self, model: Model):
        self.model = model

    @classmethod
    async def open(cls, path_or_name: Any, **options: Any) -> AsyncModel:
        """See Model.open()."""
        return cls(await threaded(Cancellation(), functools.partial(Model.open, path_or_name, **options)))

    async def chat(self, messages: Messages, *, tools: Sequence[Tool] = (), run_tools: int = 0,
                   **options: Unpack[Options]) -> ChatCompletion:
        """See Model.chat()."""
        cancel = options.setdefault("cancel", Cancellation())
        return await threaded(cancel, functools.partial(self.model.chat, messages, tools=tools, run_tools=run_tools,
                                                        **options))

    def chat_stream(self, messages: Messages, *, tools: Sequence[Tool] = (),
                    **options: Unpack[Options]) -> AsyncGenerator[ChatChunk, None]:
        """See Model.chat_stream(). Leaving the loop early: `async with contextlib.aclosing(...)`, or aclose()."""
        cancel = options.setdefault("cancel", Cancellation())
        return iterate(cancel, self.model.chat_stream(messages, tools=tools, **options))

    async def generate(self, prompt: Prompt, **options: Unpack[Options]) -> Completion:
        """See Model.generate()."""
        cancel = options.setdefault("cancel", Cancellation())
        return await threaded(cancel, functools.partial(self.model.generate, prompt, **options))

    def generate_stream(self, prompt: Prompt, **options: Unpack[Options]) -> AsyncGenerator[str, None]:
        """See Model.generate_stream()."""
        cancel = options.setdefault("cancel", Cancellation())
        return iterate(cancel, self.model.generate_stream(prompt, **options))

    async def embed(self, text: Texts) -> List[memoryview]:
        """The embeddings of several texts. See Model.embed()."""
        return await threaded(Cancellation(), lambda: self.model.embed(text))

    def tokenize(self, text: str, *, special: bool = False, bos: bool = False) -> List[int]:
        """See Model.tokenize(); it is over at once, for a model on this machine."""
        from .client import Client

        if isinstance(self.model, Client):
            raise TypeError(f"{self.model}: tokens would take a request; Client.tokenize() makes it")
        return self.model.tokenize(text, special=special, bos=bos)

    async def close(self) -> None:
        """Give the model up."""
        await threaded(Cancellation(), self.model.close)

    async def __aenter__(self) -> AsyncModel:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
