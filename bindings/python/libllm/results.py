# SPDX-License-Identifier: MIT
"""What calls give back. Chats and completions have the fields of OpenAI's API, as attributes and as items of a dict."""
from __future__ import annotations

import os
import time
from typing import Any, Dict, List, Optional

from .schemas import parser_of


class Record(dict):  # type: ignore[type-arg]
    """A dict whose items are attributes, too."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"{type(self).__name__} has no {name}; it has {', '.join(self)}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dict.__repr__(self)})"


class TokensDetails(Record):
    #: Tokens of the prompt that were not computed again.
    cached_tokens: int


class Usage(Record):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: TokensDetails


class Timings(Record):
    """Where the time went; cache_n counts the tokens of the prompt that were not computed again."""
    prompt_n: int
    prompt_ms: float
    prompt_per_second: float
    predicted_n: int
    predicted_ms: float
    predicted_per_second: float
    cache_n: int


class FunctionCall(Record):
    name: str
    #: JSON text.
    arguments: str


class ToolCall(Record):
    id: str
    type: str
    function: FunctionCall


class Message(Record):
    role: str
    content: Optional[str]

    @property
    def tool_calls(self) -> List[ToolCall]:
        """Calls that the model asks for; none when it answered."""
        found: List[ToolCall] = self.get("tool_calls", [])
        return found

    @property
    def reasoning_content(self) -> Optional[str]:
        """What the model thought aloud."""
        found: Optional[str] = self.get("reasoning_content")
        return found


class TopLogprob(Record):
    """A token, and the logarithm of its probability before anything that sampling does."""
    token: str
    logprob: float
    #: Of the token's text, which may be part of a character.
    bytes: List[int]


class TokenLogprob(TopLogprob):
    #: The likeliest at its place, as many as were asked for.
    top_logprobs: List[TopLogprob]


class TokenLogprobs(Record):
    content: List[TokenLogprob]
    refusal: None


class TextLogprobs(Record):
    """The same as lists, an item for each token."""
    tokens: List[str]
    token_logprobs: List[float]
    top_logprobs: List[Dict[str, float]]
    #: Characters of the text in front of the token.
    text_offset: List[int]


class Choice(Record):
    index: int
    message: Message
    logprobs: Optional[TokenLogprobs]
    finish_reason: str


class ChatCompletion(Record):
    id: str
    object: str
    created: int
    model: str
    choices: List[Choice]
    usage: Usage
    timings: Timings

    @property
    def text(self) -> str:
        """What the model answered."""
        return self.choices[0].message.content or ""

    @property
    def parsed(self) -> Any:
        """The answer as the type that json_schema= named, or as what JSON has."""
        return parser_of(self.__dict__.get("json_schema"))(self.text)

    def _repr_markdown_(self) -> str:
        return self.text


class FunctionPiece(Record):
    #: In the first piece of a call.
    name: Optional[str]
    #: More of the JSON text.
    arguments: str


class ToolCallPiece(Record):
    #: Which call of the answer.
    index: int
    type: str
    function: FunctionPiece

    @property
    def id(self) -> Optional[str]:
        """In the first piece of a call."""
        found: Optional[str] = self.get("id")
        return found


class Delta(Record):
    @property
    def content(self) -> Optional[str]:
        found: Optional[str] = self.get("content")
        return found

    @property
    def reasoning_content(self) -> Optional[str]:
        found: Optional[str] = self.get("reasoning_content")
        return found

    @property
    def tool_calls(self) -> List[ToolCallPiece]:
        found: List[ToolCallPiece] = self.get("tool_calls", [])
        return found


class ChunkChoice(Record):
    index: int
    delta: Delta
    logprobs: Optional[TokenLogprobs]
    finish_reason: Optional[str]


class ChatChunk(Record):
    id: str
    object: str
    created: int
    model: str
    choices: List[ChunkChoice]

    @property
    def text(self) -> str:
        """New text of the answer; empty for a chunk of something else."""
        return self.choices[0].delta.content or ""

    @property
    def usage(self) -> Optional[Usage]:
        """Counts, in the last chunk."""
        found: Optional[Usage] = self.get("usage")
        return found


class TextChoice(Record):
    text: str
    index: int
    logprobs: Optional[TextLogprobs]
    finish_reason: Optional[str]


class Completion(Record):
    id: str
    object: str
    created: int
    model: str
    choices: List[TextChoice]
    usage: Usage
    timings: Timings

    @property
    def text(self) -> str:
        return self.choices[0].text

    @property
    def parsed(self) -> Any:
        """The text as the type that json_schema= named, or as what JSON has."""
        return parser_of(self.__dict__.get("json_schema"))(self.text)

    def _repr_markdown_(self) -> str:
        return self.text


class Device(Record):
    """Something that computes. One that is not available says why."""
    id: str
    kind: str
    available: bool
    threads: int
    memory_bytes: int

    @property
    def reason(self) -> Optional[str]:
        found: Optional[str] = self.get("reason")
        return found


def head(kind: str, prefix: str, model: str) -> Dict[str, Any]:
    return {"id": f"{prefix}-{os.urandom(12).hex()}", "object": kind, "created": int(time.time()), "model": model}


def call_piece(index: int, arguments: str, name: Optional[str], call_id: Optional[str]) -> ToolCallPiece:
    """A piece of a call; the first one has a name and an id."""
    first = {} if call_id is None else {"id": call_id}
    return ToolCallPiece(first, index=index, type="function", function=FunctionPiece(name=name, arguments=arguments))


def usage(event: Any) -> Usage:
    prompt, answer = event.n_prompt_tokens, event.n_tokens
    return Usage(prompt_tokens=prompt, completion_tokens=answer, total_tokens=prompt + answer,
                 prompt_tokens_details=TokensDetails(cached_tokens=event.n_cached_tokens))


def timings(event: Any) -> Timings:
    def rate(count: int, seconds: float) -> float:
        return count / seconds if seconds > 0 else 0.0

    computed = event.n_prompt_tokens - event.n_cached_tokens
    # The first token comes with the prompt; decode_seconds are those of the tokens after it.
    return Timings(prompt_n=computed, prompt_ms=event.prompt_seconds * 1e3,
                   prompt_per_second=rate(computed, event.prompt_seconds), predicted_n=event.n_tokens,
                   predicted_ms=event.decode_seconds * 1e3,
                   predicted_per_second=rate(max(event.n_tokens - 1, 0), event.decode_seconds),
                   cache_n=event.n_cached_tokens)
