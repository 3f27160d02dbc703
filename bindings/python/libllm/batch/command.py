# SPDX-License-Identifier: MIT
"""The command: `libllm-batch generate IN OUT --model FILE`, on a Ray cluster `python -m libllm.ray ...`."""
from __future__ import annotations

import argparse
import json
import sys
from typing import Any, Dict, List, Optional

from .. import ray as on_ray
from .._errors import Error
from .rows import BatchError
from .run import Settings


def parser_of(program: str, executor: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=program, description="Many rows through one model. A run that was killed goes on when "
                                     "the same command is given again; every row is in the output exactly once.")
    parser.add_argument("task", choices=("generate", "embed", "classify"))
    parser.add_argument("input", help="a file, folder or pattern of .jsonl, .jsonl.gz or .parquet")
    parser.add_argument("output", help="a file that ends in .jsonl, .jsonl.gz or .parquet, or a folder of Parquet files")
    parser.add_argument("-m", "--model", default="default", help="file, folder or name, as every node finds it (default: default)")
    parser.add_argument("--column", help="of the input (default: prompt for generate, text for the others)")
    parser.add_argument("--answer", help="column for the answers")
    parser.add_argument("--rename", action="append", default=[], metavar="OLD=NEW",
                        help="another name for a column of the input, OLD= to leave it out (repeatable)")
    parser.add_argument("--system", help="what the model is told first; prompts are turns of a chat then")
    parser.add_argument("--chat", action="store_true", default=None, help="prompts are turns of a chat")
    parser.add_argument("--choices", help="classify: labels, apart by commas, or a JSON object of labels and what they mean")
    parser.add_argument("--by", choices=("auto", "choice", "embedding", "rank"), default="auto", help="classify: how")
    parser.add_argument("-n", "--max-tokens", type=int, default=256, help="generate: of an answer (default: 256)")
    parser.add_argument("--seed", type=int, default=0, help="generate: the same one, the same answers (default: 0)")
    parser.add_argument("--option", action="append", default=[], metavar="NAME=VALUE",
                        help="generate, classify: another option of a generation, as JSON: temperature=0 (repeatable)")
    parser.add_argument("--executor", choices=("auto", "ray", "processes"), default=executor,
                        help=f"where workers run (default: {executor})")
    parser.add_argument("--restart", action="store_true", help="throw away what the output has, do not go on with it")
    parser.add_argument("--workers", type=int, default=0, help="of a node (default: by the estimator)")
    parser.add_argument("-t", "--threads", type=int, default=0, help="of a node (default: its physical cores)")
    parser.add_argument("--parallel", type=int, default=0, help="rows at a time of a worker (default: by the estimator)")
    parser.add_argument("-c", "--context", type=int, default=0, help="tokens of a prompt with its answer")
    parser.add_argument("--device", help="what computes (default: cpu)")
    parser.add_argument("--unit-rows", type=int, default=0, help="rows that are kept at once (default: by their number)")
    parser.add_argument("--expected-tokens", type=float, help="of an answer on average, for the prediction")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.add_argument("--trace", help=argparse.SUPPRESS)
    return parser


def options_of(pairs: List[str]) -> Dict[str, Any]:
    found = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign:
            raise BatchError(f"--option {pair}: expected NAME=VALUE")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found


def names_of(pairs: List[str]) -> Dict[str, Optional[str]]:
    wrong = [pair for pair in pairs if pair.find("=") < 1]
    if wrong:
        raise BatchError(f"--rename {wrong[0]}: expected OLD=NEW, or OLD= to leave it out")
    return {old: new or None for old, _, new in (pair.partition("=") for pair in pairs)}


def choices_of(text: Optional[str]) -> Any:
    if text is None:
        raise BatchError("classify needs --choices")
    if not text.lstrip().startswith("{"):
        return [label.strip() for label in text.split(",") if label.strip()]
    try:
        return json.loads(text)
    except ValueError as error:
        raise BatchError(f"--choices: no JSON: {error}") from None


def arguments_of(asked: argparse.Namespace) -> Dict[str, Any]:
    names = {"column": asked.column, "answer": asked.answer}
    found: Dict[str, Any] = {name: value for name, value in names.items() if value is not None}
    found["rename"] = names_of(asked.rename)
    if asked.task == "generate":
        found.update(system=asked.system, chat=asked.chat, seed=asked.seed, max_tokens=asked.max_tokens,
                     **options_of(asked.option))
    if asked.task == "classify":
        found.pop("answer", None)
        found.update(choices=choices_of(asked.choices), by=asked.by, instruction=asked.system, **options_of(asked.option))
    return found


def main(arguments: Optional[List[str]] = None, program: str = "libllm-batch", executor: str = "processes") -> int:
    asked = parser_of(program, executor).parse_args(arguments)
    settings = Settings(restart=asked.restart, workers=asked.workers, threads=asked.threads, parallel=asked.parallel,
                        context=asked.context, device=asked.device, unit_rows=asked.unit_rows, progress=not asked.quiet,
                        expected_tokens=asked.expected_tokens, trace=asked.trace)
    call = {"generate": on_ray.generate, "embed": on_ray.embed, "classify": on_ray.classify}[asked.task]
    try:
        report = call(asked.input, asked.output, model=asked.model, executor=asked.executor, settings=settings,
                      **arguments_of(asked))
    except (BatchError, Error, OSError, TypeError) as error:
        print(f"{program}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(report.table())
    return 0


if __name__ == "__main__":
    sys.exit(main())
