# SPDX-License-Identifier: MIT
"""What does it take to serve a model? estimate.py [MODEL [DEVICE]]"""
from __future__ import annotations

import sys

import libllm


def main(model: str = "Llama-3.1-8B", device: str = "RTX 4090") -> None:
    report = libllm.estimate(model, "serve", hardware={"device": device}, concurrency=8)
    print(f"{model} on {device}: " + ("it fits" if report.feasible else "it does not fit"))
    for path, figure in report.figures.items():
        value = f"{figure.value:,}" if isinstance(figure.value, int) else f"{figure.value:,.4g}"
        print(f"{path:40} {value:>24} {figure.unit}")
    for remark in report.remarks:
        print("-", remark)


if __name__ == "__main__":
    main(*sys.argv[1:])
