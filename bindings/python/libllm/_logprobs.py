# SPDX-License-Identifier: MIT
"""How probable tokens were, in the shapes of OpenAI's API."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List

from . import api
from .results import TextLogprobs, TokenLogprob, TopLogprob

if TYPE_CHECKING:
    from .model import Model

#: OpenAI's word for what is next to impossible; JSON has no infinity.
IMPOSSIBLE = -9999.0


class Tokens:
    """The tokens of a stream."""

    def __init__(self, model: Model):
        self.model = model
        self.n_tokens = 0
        self.held: List[TokenLogprob] = []  # those whose text is still to come
        self.rest = b""  # of the one before them, what is still to come

    def of(self, event: Any) -> List[TokenLogprob]:
        """The token that the event comes from, if it does."""
        if event.token < 0 or event.n_tokens == self.n_tokens:
            return []
        self.n_tokens = event.n_tokens
        return [TokenLogprob(self._entry(event.token, event.logprob),
                             top_logprobs=[self._entry(top.token, top.logprob) for top in event.top_logprobs])]

    def _entry(self, token: int, logprob: float) -> TopLogprob:
        text = self.model.detokenize_bytes([token], special=True)
        return TopLogprob(token=text.decode("utf-8", "replace"), logprob=max(logprob, IMPOSSIBLE), bytes=list(text))

    def of_text(self, event: Any) -> List[TokenLogprob]:
        """Those that the event's text of a chat comes from. Markers, and what a stop text cuts off, are part of none."""
        found = self.of(event)
        if found and self.model.detokenize_bytes([event.token]):
            self.held += found
        if event.kind == api.StreamKind.TEXT:
            return self._take(event.text.encode()) if event.text else []
        if event.text or event.call_name:
            self.held, self.rest = [], b""
        return []

    def _take(self, text: bytes) -> List[TokenLogprob]:
        held = self.rest + b"".join(bytes(entry.bytes) for entry in self.held)
        # Blanks and markers in front are no part of the text, and what is behind it is still to come.
        begin = max(held.find(text), 0)
        end, at = begin + len(text) if text in held else len(held), len(self.rest)
        taken: List[TokenLogprob] = []
        while self.held and at < end:
            entry = self.held.pop(0)
            at += len(entry.bytes)
            if at > begin:
                taken.append(entry)
        self.rest = held[end:at]
        return taken


def lists(tokens: List[TokenLogprob]) -> TextLogprobs:
    """As completions have them."""
    found = TextLogprobs(tokens=[], token_logprobs=[], top_logprobs=[], text_offset=[])
    offset = 0
    for entry in tokens:
        likeliest: Dict[str, float] = {}
        for one in (*entry.top_logprobs, entry):  # halves of characters may look the same
            likeliest.setdefault(one.token, one.logprob)
        found.tokens.append(entry.token)
        found.token_logprobs.append(entry.logprob)
        found.top_logprobs.append(likeliest)
        found.text_offset.append(offset)
        offset += len(entry.token)
    return found
