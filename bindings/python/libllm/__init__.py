# SPDX-License-Identifier: MIT
"""Run large language models inside your own program, and know beforehand what they take.

    import libllm
    model = libllm.Model.open("default")
    print(model.chat("What is the capital of France?").text)

`libllm.api` has every object and function of the C library.
"""
from typing import TYPE_CHECKING, Any

from . import _errors, _ffi, api
from ._core import ClosedError
from ._errors import *  # noqa: F403
from ._options import Cancellation, Endpoint, LogitsProcessor, Options
from ._runtime import devices, make_runtime
from ._stream import Stream
from .estimates import Estimate, Figure, estimate
from .model import Model
from .results import ChatChunk, ChatCompletion, Completion, Device, Message, ToolCall, Usage
from .schemas import run_tool, schema_of, tool_schema
from .session import Session

if TYPE_CHECKING:
    from .aio import AsyncModel
    from .client import Client

__version__ = _ffi.VERSION
__all__ = ["AsyncModel", "Cancellation", "ChatChunk", "ChatCompletion", "Client", "ClosedError", "Completion", "Device", "Endpoint",
           "Estimate", "Figure", "LogitsProcessor", "Message", "Model", "Options", "Session", "Stream", "ToolCall", "Usage", "api", "devices",
           "estimate", "make_runtime", "run_tool", "schema_of", "tool_schema"]
__all__ += _errors.__all__


def __getattr__(name: str) -> Any:
    # asyncio and http are slow to import, and most programs do without.
    if name == "AsyncModel":
        from .aio import AsyncModel as found

        return found
    if name == "Client":
        from .client import Client as client

        return client
    raise AttributeError(f"module libllm has no {name}")
