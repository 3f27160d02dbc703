# SPDX-License-Identifier: MIT
"""The options of a generation, as keywords, and what the library wants of them."""
from __future__ import annotations

import json
import os
import threading
import time
from typing import Any, Callable, Dict, List, Mapping, Optional, Protocol, Sequence, Tuple, TypedDict, TypeVar, Union

from . import api
from .schemas import schema_of

#: Gets the tokens so far and a writable view of the logits; numpy.asarray(logits) takes it without a copy.
LogitsProcessor = Callable[[List[int], memoryview], object]
T = TypeVar("T")
PAUSE = 0.001  # seconds between two attempts to cancel


class Cancellable(Protocol):
    """A session, a connection, or what is waited for."""

    def cancel(self) -> object:
        """End what is at work. Whether that is for good: otherwise it is asked again until the work is over."""


class Cancellation:
    """Passed as cancel=, to one call or several, ends them from another thread: they raise CancelledError."""

    def __init__(self) -> None:
        self.requested = False
        self._lock = threading.RLock()  # the handler of a signal may cancel what it interrupts
        self._targets: List[Cancellable] = []

    def cancel(self) -> None:
        """End the calls that this was passed to, also those that have not begun."""
        with self._lock:
            was_requested, self.requested = self.requested, True
        if self._cancel() and not was_requested:
            threading.Thread(target=self._repeat, name="libllm-cancel", daemon=True).start()

    def _cancel(self) -> bool:
        """With the lock held, so that a target that is detached may be another call's. Whether any is left."""
        with self._lock:
            self._targets = [target for target in self._targets if not target.cancel()]
            return bool(self._targets)

    def _repeat(self) -> None:
        # A session is cancelled while it computes only, and it may be about to.
        while self._cancel():
            time.sleep(PAUSE)

    def check(self) -> None:
        if self.requested:
            raise api.CancelledError("the call was cancelled")

    def attach(self, target: Cancellable) -> None:
        with self._lock:
            self.check()
            self._targets.append(target)

    def detach(self, target: Cancellable) -> None:
        with self._lock:
            if target in self._targets:
                self._targets.remove(target)

    def during(self, target: Cancellable, work: Callable[[], T]) -> T:
        """Do work, which cancelling the target ends. Every token comes by here, so it is attach() and detach() in one."""
        with self._lock:
            if self.requested:
                self.check()
            self._targets.append(target)
        try:
            return work()
        finally:
            with self._lock:
                if target in self._targets:
                    self._targets.remove(target)


Adapters = Sequence[Tuple[api.Adapter, float]]
SAMPLING = ("temperature", "top_k", "top_p", "min_p", "typical_p", "repetition_penalty", "frequency_penalty",
            "presence_penalty", "penalty_window")


class Options(TypedDict, total=False):
    """Keywords of generate(), chat() and their streams. What is not given is the library's default."""
    #: Tokens at most; 0: until the model ends or the context is full.
    max_tokens: int
    #: 0: always the most probable token. Default 0.8.
    temperature: float
    top_k: int
    top_p: float
    min_p: float
    typical_p: float
    repetition_penalty: float
    frequency_penalty: float
    presence_penalty: float
    #: Tokens that the penalties look back at.
    penalty_window: int
    #: The same seed gives the same tokens. Default: another one every time.
    seed: Optional[int]
    #: Texts that end the generation.
    stop: Union[str, Sequence[str]]
    #: Added to the logits of tokens.
    logit_bias: Mapping[int, float]
    #: Go on after the model's end tokens.
    ignore_end: bool
    #: Tokens to guess for a step, up to 7.
    n_guesses: int
    #: Say how probable each token was; a number: and the likeliest ones at its place, so many.
    logprobs: Union[bool, int]
    #: With logprobs=True: that number.
    top_logprobs: int
    #: The answer is JSON of this schema, pydantic model, dataclass or type; `.parsed` has it.
    json_schema: Any
    #: The answer keeps to this grammar (GBNF).
    grammar: str
    #: The answer matches this regular expression.
    regex: str
    #: The answer is one of these.
    choices: Sequence[str]
    #: Called for every token; generate() only.
    logits_processor: Union[LogitsProcessor, Sequence[LogitsProcessor]]
    #: LoRA adapters with their scales.
    adapters: Adapters
    #: Ends the call from another thread.
    cancel: Cancellation


class Endpoint(TypedDict, total=False):
    """Keywords of Client(), and of Model.open() with the address of a server."""
    #: Its name there; otherwise the only one that the server has.
    model: Optional[str]
    #: A file with the key; otherwise LIBLLM_API_KEY, and for OpenAI OPENAI_API_KEY, of the environment.
    api_key_file: Union[None, str, "os.PathLike[str]"]
    #: A function that gets the key from where it is kept, such as a keyring.
    api_key: Optional[Callable[[], Optional[str]]]
    #: Send the key unencrypted to another machine.
    allow_http: bool
    #: Seconds to connect. Default 10.
    connect_timeout: float
    #: Seconds to the first byte of an answer. Default 600.
    first_timeout: float
    #: Seconds between two pieces of it. Default 120.
    idle_timeout: float
    #: Attempts after one that failed before it answered, as the server is busy or cannot be reached. Default 4.
    retries: int
    #: Seconds in all that may be waited between them. Default 60.
    patience: float


KNOWN = tuple(Options.__annotations__)
CONSTRAINTS: Dict[str, Tuple[api.ConstraintKind, Callable[[Any], str]]] = {
    "json_schema": (api.ConstraintKind.JSON_SCHEMA, lambda kind: json.dumps(schema_of(kind))),
    "grammar": (api.ConstraintKind.GBNF, str),
    "regex": (api.ConstraintKind.REGEX, str),
    "choices": (api.ConstraintKind.CHOICE, lambda texts: json.dumps(list(texts))),
}


class Plan:
    """Options, checked and taken apart."""

    def __init__(self, options: Mapping[str, Any]):
        unknown = set(options) - set(KNOWN)
        if unknown:
            raise TypeError(f"unknown option {', '.join(sorted(unknown))}; known are {', '.join(KNOWN)}")
        asked = [name for name in CONSTRAINTS if options.get(name) is not None]
        if len(asked) > 1:
            raise TypeError(f"{' and '.join(asked)} at once; expected one of them")
        self.constraint: Optional[Tuple[api.ConstraintKind, str]] = None
        if asked:
            kind, text_of = CONSTRAINTS[asked[0]]
            self.constraint = (kind, text_of(options[asked[0]]))
        self.json_schema = options.get("json_schema")
        processors: Any = options.get("logits_processor") or []
        self.processors: Sequence[LogitsProcessor] = (processors,) if callable(processors) else tuple(processors)
        if self.processors and asked:
            raise TypeError(f"logits_processor and {asked[0]} at once; expected one of them")
        self.adapters: Adapters = list(options.get("adapters") or [])
        stop = options.get("stop") or []
        self.stops = [stop] if isinstance(stop, str) else list(stop)
        self.cancel: Cancellation = options.get("cancel") or Cancellation()
        self.max_tokens = options.get("max_tokens") or 0
        self.ignore_end = bool(options.get("ignore_end"))
        self.n_guesses = options.get("n_guesses") or 0
        self.logprobs, self.top_logprobs = self._logprobs(options.get("logprobs"), options.get("top_logprobs"))
        if self.processors and self.logprobs:
            raise TypeError("logits_processor and logprobs at once; expected one of them")
        self.logit_bias = {int(token): float(bias) for token, bias in (options.get("logit_bias") or {}).items()}
        seed = options.get("seed")
        self.seed = int.from_bytes(os.urandom(8), "little") if seed is None else int(seed)
        self.chosen = {name: options[name] for name in SAMPLING if options.get(name) is not None}

    @staticmethod
    def _logprobs(asked: Union[None, bool, int], top: Optional[int]) -> Tuple[bool, int]:
        """Whether, and how many others; 0 is a number here."""
        if asked is None or asked is False:
            if top:
                raise TypeError("top_logprobs without logprobs=True")
            return False, 0
        return True, int(top or 0) if asked is True else int(asked)

    def sampling(self, bias: Optional[Mapping[int, float]] = None) -> api.SamplingOptions:
        biases = self.logit_bias if bias is None else bias
        return api.SamplingOptions(logit_bias=[api.LogitBias(token, value) for token, value in biases.items()],
                                   seed=self.seed, **self.chosen)

    def stream(self, constraint: Optional[api.Constraint]) -> api.StreamOptions:
        return api.StreamOptions(max_tokens=self.max_tokens, sampling=self.sampling(), stops=self.stops,
                                 ignore_end=int(self.ignore_end), n_guesses=self.n_guesses, constraint=constraint,
                                 logprobs=int(self.logprobs), n_top_logprobs=self.top_logprobs)
