# SPDX-License-Identifier: MIT
"""Generation with logits processors: token by token in Python, with the library's sampler."""
from __future__ import annotations

import array
import codecs
import threading
import time
from types import SimpleNamespace
from typing import Any, Dict, Generator, List

from . import api
from ._options import Plan
from .session import interruptible


def changed(before: memoryview, after: memoryview) -> Dict[int, float]:
    """What a processor changed, as a bias; a logit of -inf forbids the token."""
    if before == after:
        return {}
    return {token: new - old for token, (old, new) in enumerate(zip(before, after)) if old != new}


def processed_events(model: Any, sessions: Any, tokens: List[int], plan: Plan) -> Generator[Any, None, None]:
    """The items of a stream, as Model has them. Text that could be the beginning of a stop text is held back."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    event = SimpleNamespace(text="", kind=api.StreamKind.TEXT, n_tokens=0, n_prompt_tokens=len(tokens),
                            n_cached_tokens=0, prompt_seconds=0.0, decode_seconds=0.0,
                            finish_reason=api.FinishReason.NONE)
    with sessions.lend(plan.cancel) as session:
        handle = session.handle
        session.set_adapters(plan.adapters)
        if model.info.has_encoder:
            tokens = model.encoded(handle, tokens, plan.cancel)
        kept = shared_prefix(handle.tokens(), tokens)
        handle.rewind(kept)
        started = time.perf_counter()
        plan.cancel.during(handle, lambda: interruptible(handle, lambda: handle.eval(tokens[kept:])))
        event.prompt_seconds = time.perf_counter() - started
        event.n_cached_tokens = kept + handle.reused()
        said, held = list(tokens), ""
        started = time.perf_counter()
        while True:
            before = array.array("f", handle.logits())
            after = array.array("f", before)
            for processor in plan.processors:
                processor(said, memoryview(after))
            bias = changed(memoryview(before), memoryview(after))
            for token, value in plan.logit_bias.items():
                bias[token] = bias.get(token, 0.0) + value
            token = handle.sample(plan.sampling(bias))
            event.n_tokens += 1
            event.decode_seconds = time.perf_counter() - started
            ended = not plan.ignore_end and bool(model.handle.token_ends(token))
            if not ended:
                said.append(token)
                held += decoder.decode(model.detokenize_bytes([token]))
            cut = min((held.find(stop) for stop in plan.stops if stop in held), default=-1)
            if ended or cut >= 0:
                event.finish_reason = api.FinishReason.STOP
            elif event.n_tokens == plan.max_tokens:
                event.finish_reason = api.FinishReason.LENGTH
            elif handle.position() == handle.capacity():
                event.finish_reason = api.FinishReason.CONTEXT
            over = event.finish_reason != api.FinishReason.NONE
            if over and cut < 0:
                held += decoder.decode(b"", True)
            ready = cut if cut >= 0 else len(held) - (0 if over else begun(held, plan.stops))
            event.text, held = held[:ready], held[ready:]
            yield event
            if over:
                return
            session.holder = threading.get_ident()
            plan.cancel.during(handle, lambda: handle.eval(said[-1:]))


def shared_prefix(old: List[int], new: List[int]) -> int:
    """How many tokens both begin with, the last new one left out: its logits are wanted."""
    count = 0
    for a, b in zip(old, new[:-1]):
        if a != b:
            break
        count += 1
    return count


def begun(text: str, stops: List[str]) -> int:
    """Characters at the end that may be the beginning of a stop text."""
    return max((size for stop in stops for size in range(1, len(stop)) if text.endswith(stop[:size])), default=0)
