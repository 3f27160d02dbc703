# SPDX-License-Identifier: MIT
"""Finds by meaning what is written in a folder of text: search.py FOLDER QUERY... [--model MODEL] [--top N]

Each paragraph of its *.txt and *.md files becomes a vector, which is kept in FOLDER/.search.json for the next time. Models
that are made for embeddings find best, a BERT, say.
"""
from __future__ import annotations

import argparse
import hashlib
import json
import pathlib
import re
from typing import Dict, Iterator, List, Tuple

import libllm

Vectors = Dict[str, List[float]]


def paragraphs(folder: pathlib.Path) -> Iterator[Tuple[pathlib.Path, int, str]]:
    """File, line and text of each."""
    for path in sorted(path for path in folder.rglob("*") if path.suffix in (".txt", ".md")):
        text = path.read_text(encoding="utf-8", errors="replace")
        for match in re.finditer(r"\S.*?(?=\n\s*\n|\Z)", text, re.DOTALL):
            yield path, text.count("\n", 0, match.start()) + 1, " ".join(match.group().split())


def embed(model: libllm.Model, text: str, known: Vectors) -> List[float]:
    key = hashlib.sha256(text.encode()).hexdigest()
    if key not in known:
        tokens = model.tokenize(text)
        room = model.context_length - 8  # special tokens; what is longer is cut
        vector = model.embed(text if len(tokens) <= room else model.detokenize(tokens[:room]))
        known[key] = [round(value, 6) for value in vector]
    return known[key]


def search(model: libllm.Model, folder: pathlib.Path, query: str) -> List[Tuple[float, pathlib.Path, int, str]]:
    """All paragraphs, what is nearest in meaning first."""
    cache = folder / ".search.json"
    stored = json.loads(cache.read_text(encoding="utf-8")) if cache.exists() else {}
    known: Vectors = stored.get(model.name, {})
    wanted = embed(model, query, {})
    found = [(sum(a * b for a, b in zip(wanted, embed(model, text, known))), path, line, text)
             for path, line, text in paragraphs(folder)]
    cache.write_text(json.dumps({**stored, model.name: known}), encoding="utf-8")
    return sorted(found, key=lambda item: -item[0])


def main() -> None:
    options = argparse.ArgumentParser(description="Find by meaning what is written in a folder.")
    options.add_argument("folder", type=pathlib.Path)
    options.add_argument("query", nargs="+")
    options.add_argument("--model", default="default")
    options.add_argument("--top", type=int, default=5)
    chosen = options.parse_args()
    with libllm.Model.open(chosen.model) as model:
        for nearness, path, line, text in search(model, chosen.folder, " ".join(chosen.query))[:chosen.top]:
            print(f"{nearness:.3f} {path}:{line}: {text[:100]}")


if __name__ == "__main__":
    main()
