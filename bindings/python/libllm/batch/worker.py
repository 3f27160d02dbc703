# SPDX-License-Identifier: MIT
"""Computes rows with one model: what runs in every worker, whoever started it. What is wrong with a row is its result."""
from __future__ import annotations

import array
import hashlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Tuple

from .. import _errors, api
from .._runtime import locate, make_runtime
from ..model import Model
from .rows import BatchError, Item, Json
from .sizing import files_of

SAMPLED, PIECES = 1 << 16, 64
INSTRUCTION = "Classify the text. Answer with one of: {choices}."
#: These say that the machine or the model is not fit for the run, and not that a row is wrong.
OURS = (_errors.OutOfMemoryError,)


@dataclass
class Spec:
    """What is computed: all that results depend on, and how it is spread over the machine."""
    task: str
    model: str
    column: str
    answer: str
    options: Dict[str, Any] = field(default_factory=dict)
    #: Messages in front of every prompt, which then is a turn of a chat.
    system: Optional[str] = None
    chat: Optional[bool] = None
    choices: Dict[str, str] = field(default_factory=dict)
    by: str = "auto"
    context: int = 0
    device: Optional[str] = None
    deterministic: bool = True
    pooling: int = 0
    seed: int = 0
    threads: int = 0
    parallel: int = 1
    #: A file that gets the number of every row that is computed, for tests.
    trace: Optional[str] = None
    #: What model_hash() gave where the run was begun: the model is the same on all machines.
    model_hash: Optional[str] = None

    def key(self) -> Json:
        """What results depend on."""
        names = ("task", "column", "answer", "options", "system", "chat", "choices", "by", "context", "device",
                 "deterministic", "pooling", "seed")
        return {name: getattr(self, name) for name in names}


def model_hash(path: str) -> Json:
    """Tells model files apart without reading all of them: the size, and 64 pieces of each file."""
    found, size = hashlib.sha256(), 0
    for name in files_of(path):
        length = os.path.getsize(name)
        size += length
        with open(name, "rb") as file:
            for piece in range(PIECES):
                file.seek(piece * max(0, length - SAMPLED) // (PIECES - 1))
                found.update(file.read(SAMPLED))
                if length <= SAMPLED:
                    break
    return {"bytes": size, "sampled_sha256": found.hexdigest()}


def seed_of(seed: int, row_id: int) -> int:
    """Every row has a seed of its own, wherever and with whatever it is computed."""
    return int.from_bytes(hashlib.blake2b(f"{seed}:{row_id}".encode(), digest_size=4).digest(), "big")


class Worker:
    """A model, and threads that give it rows. compute() may be called by several threads at once."""

    def __init__(self, spec: Spec):
        self.spec = spec
        path = locate(spec.model)
        if spec.model_hash is not None and model_hash(path)["sampled_sha256"] != spec.model_hash:
            raise BatchError(f"{path} is another file here than where the run was begun")
        runtime = make_runtime(threads=spec.threads)
        self.model = Model.open(path, context=spec.context, parallel=spec.parallel, device=spec.device,
                                deterministic=spec.deterministic, runtime=runtime)
        self.pool = ThreadPoolExecutor(spec.parallel, thread_name_prefix="libllm-batch")
        self._vectors: Dict[str, "array.array[float]"] = {}
        self._lock = threading.Lock()

    def compute(self, items: List[Item]) -> List[Json]:
        """A result for each row: its answer, or why there is none."""
        return list(self.pool.map(self._one, items))

    def _one(self, item: Item) -> Json:
        if self.spec.trace:
            with open(self.spec.trace, "ab", buffering=0) as file:
                file.write(b"%d\n" % item.row_id)
        result: Json = {"row_id": item.row_id, "error": item.bad}
        if item.bad is None:
            try:
                result.update(getattr(self, "_" + self.spec.task)(item))
            except OURS:
                raise
            except Exception as error:  # pylint: disable=broad-except
                result["error"] = f"{type(error).__name__}: {error}"
        return result

    def _value(self, item: Item) -> Any:
        if item.row.get(self.spec.column) is None:
            raise BatchError(f"the row has no {self.spec.column}; it has {', '.join(item.row) or 'nothing'}")
        return item.row[self.spec.column]

    def _text(self, item: Item) -> str:
        value = self._value(item)
        if not isinstance(value, str):
            raise BatchError(f"{self.spec.column}: expected a text, this is a {type(value).__name__}")
        return value

    # --- Generation -----------------------------------------------------------------------------------------------------

    def _generate(self, item: Item) -> Json:
        options = {"seed": seed_of(self.spec.seed, item.row_id), **self.spec.options}
        return self._say(self._value(item), self.spec.system, options)

    def _say(self, prompt: Any, system: Optional[str], options: Dict[str, Any]) -> Json:
        found: Any
        if isinstance(prompt, str) and not (self.spec.chat or system):
            found = self.model.generate(prompt, **options)
        else:
            messages = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else list(prompt)
            if system:
                messages.insert(0, {"role": "system", "content": system})
            found = self.model.chat(messages, **options)
        return {self.spec.answer: found.text, "finish_reason": found.choices[0].finish_reason,
                "prompt_tokens": found.usage.prompt_tokens, "completion_tokens": found.usage.completion_tokens,
                "cached_tokens": found.usage.prompt_tokens_details.cached_tokens}

    # --- Vectors --------------------------------------------------------------------------------------------------------

    def _embed(self, item: Item) -> Json:
        text = self._text(item)
        return {self.spec.answer: self._vector(text), "prompt_tokens": len(self.model.tokenize(text, bos=True))}

    def _vector(self, text: str) -> "array.array[float]":
        return array.array("f", self.model.embed(text, pooling=api.Pooling(self.spec.pooling)))

    # --- Classes --------------------------------------------------------------------------------------------------------

    def _classify(self, item: Item) -> Json:
        by = self.spec.by
        if by == "auto":
            by = "rank" if self.model.info.n_labels else "embedding" if self.model.info.is_encoder else "choice"
        return {"choice": self._choose, "embedding": self._nearest, "rank": self._rank}[by](item)

    def _choose(self, item: Item) -> Json:
        """A language model says one of the labels, and can say nothing else."""
        text, labels = self._text(item), list(self.spec.choices)
        system = self.spec.system or INSTRUCTION.format(choices=", ".join(
            label if label == about else f"{label} ({about})" for label, about in self.spec.choices.items()))
        options = {"temperature": 0, **self.spec.options, "choices": labels}
        if self.model.info.has_chat_template:
            found = self._say(text, system, options)
        else:
            found = self._say(f"{system}\n\n{text}\n\nAnswer: ", None, options)
        return {"label": found[self.spec.answer] if self.spec.answer != "label" else found["label"], "score": None,
                "prompt_tokens": found["prompt_tokens"], "cached_tokens": found["cached_tokens"]}

    def _nearest(self, item: Item) -> Json:
        """The label whose description is nearest to the text in meaning."""
        vector = self._vector(self._text(item))
        scores = []
        for label, about in self.spec.choices.items():
            with self._lock:
                known = self._vectors.get(label)
            if known is None:
                known = self._vector(about)
                with self._lock:
                    self._vectors[label] = known
            scores.append((sum(a * b for a, b in zip(vector, known)), label))
        return best(scores)

    def _rank(self, item: Item) -> Json:
        """The labels of the model's own classifier, or with a reranker, the label whose description it ranks first."""
        text, labels, count = self._text(item), list(self.spec.choices), self.model.info.n_labels
        if count == 1:
            return best([(self._scores(*self.model.handle.tokenize_pair(about, text))[0], label)
                         for label, about in self.spec.choices.items()])
        if count != len(labels):
            raise BatchError(f"choices: the model has {count} labels, expected as many; these are {len(labels)}")
        return best(list(zip(self._scores(self.model.tokenize(text, bos=True), 0), labels)))

    def _scores(self, tokens: List[int], n_second: int) -> List[float]:
        model = self.model
        sessions = model._sessions if model.info.is_encoder else model._embedders  # pylint: disable=protected-access
        with sessions.lend() as session:
            return list(session.handle.rank(tokens, n_second, model.info.n_labels))

    def close(self) -> None:
        self.pool.shutdown(wait=True)
        self.model.close()


def best(scores: List[Tuple[float, str]]) -> Json:
    score, label = max(scores, key=lambda pair: pair[0])
    return {"label": label, "score": float(score)}
