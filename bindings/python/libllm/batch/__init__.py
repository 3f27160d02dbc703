# SPDX-License-Identifier: MIT
"""Many rows through one model, on this machine: killed anywhere, a run goes on and ends with every row exactly once.

    from libllm import batch
    print(batch.generate("questions.jsonl.gz", "answers.parquet", model="default", max_tokens=100).table())

libllm.ray has the same calls for a cluster; docs/ray.md says what is guaranteed.
"""
from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Sequence, Union

from .driver import Executor, Report
from .rows import BatchError
from .run import Names, Settings, run

__all__ = ["BatchError", "Report", "Settings", "classify", "embed", "generate"]
Choices = Union[Sequence[str], Mapping[str, str]]


def generate(dataset: Any, output: Any, *, model: str = "default", column: str = "prompt", answer: str = "answer",
             rename: Optional[Names] = None, system: Optional[str] = None, chat: Optional[bool] = None, seed: int = 0,
             max_tokens: int = 256, settings: Optional[Settings] = None, executor: Optional[Executor] = None,
             **options: Any) -> Report:
    """An answer for each row.

    Args:
        dataset: JSON lines (.jsonl, .jsonl.gz) or Parquet: a file, a folder or a pattern; or a list of texts or dicts, a
            table, a Ray Dataset
        output: a file that ends in .jsonl, .jsonl.gz or .parquet, or a folder of Parquet files
        model: a GGUF file, a folder of Hugging Face, or a name; on a cluster, as every node finds it
        column: has the prompts: texts, or lists of messages, which a chat answers
        answer: the column for the answers
        rename: other names for columns of the input, None to leave one out, such as {"row_id": "question", "error": None} for
            what another run wrote; `column` is a new name
        system: what the model is told before each prompt, which makes it a turn of a chat
        chat: prompts that are texts are turns of a chat as well
        seed: each row draws with a seed that is made of this one and its number
        max_tokens: of an answer
        settings: how the run is carried out; results do not depend on it
        executor: where workers run: processes of this machine
        options: further ones of libllm.Options: temperature, stop, json_schema, ...
    """
    chosen = {"max_tokens": max_tokens, **options}
    return run("generate", dataset, output, model, column, answer, rename, settings, executor,
               {"options": chosen, "system": system, "chat": chat, "seed": seed})


def embed(dataset: Any, output: Any, *, model: str = "default", column: str = "text", answer: str = "embedding",
          rename: Optional[Names] = None, pooling: int = 0, settings: Optional[Settings] = None,
          executor: Optional[Executor] = None) -> Report:
    """The embedding of each row's text, of length 1. Arguments as for generate(); pooling is an api.Pooling."""
    return run("embed", dataset, output, model, column, answer, rename, settings, executor, {"pooling": int(pooling)})


def classify(dataset: Any, output: Any, *, choices: Choices, model: str = "default", column: str = "text", by: str = "auto",
             instruction: Optional[str] = None, rename: Optional[Names] = None, settings: Optional[Settings] = None,
             executor: Optional[Executor] = None, **options: Any) -> Report:
    """One of the choices for each row, in the columns `label` and `score`. Further arguments as for generate().

    Args:
        choices: labels, or labels with what they mean
        by: "choice": a language model says one, and can say nothing else; "embedding": the one that is nearest in meaning;
            "rank": by the model's classifier, or what a reranker ranks first; "auto": as the model is made
        instruction: what a language model is told, instead of a list of the choices
    """
    known: Dict[str, str] = dict(choices) if isinstance(choices, Mapping) else {choice: choice for choice in choices}
    if len(known) < 2:
        raise BatchError(f"choices: expected two or more different ones; these are {len(known)}")
    if by not in ("auto", "choice", "embedding", "rank"):
        raise BatchError(f"by: expected auto, choice, embedding or rank; this is {by}")
    return run("classify", dataset, output, model, column, "label", rename, settings, executor,
               {"choices": known, "by": by, "system": instruction, "options": options})
