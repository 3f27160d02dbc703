#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Questions from a file, answers into another. Killed anywhere, the same command goes on. On a Ray cluster, where there is one.

usage: batch.py QUESTIONS.jsonl ANSWERS.jsonl [MODEL]
"""
import sys

import libllm.ray


def main(questions: str, answers: str, model: str = "default") -> None:
    report = libllm.ray.generate(questions, answers, model=model, column="question", system="Answer in one sentence.",
                                 max_tokens=60, temperature=0)
    print(report.table())


if __name__ == "__main__":
    main(*sys.argv[1:])
