# SPDX-License-Identifier: MIT
"""What a model takes, before it is downloaded: scenarios in, figures out. docs/estimate.md describes both."""
from __future__ import annotations

import json
from typing import Any, Dict, Iterator, List, Optional, Tuple, Union

from . import api
from ._runtime import shared_runtime
from .results import Record


class Figure(Record):
    """A number with a unit; with output={"explain": True} with its formula and source as well."""
    value: Union[int, float]
    unit: str

    @property
    def low(self) -> Optional[float]:
        """Eight of ten cases lie between low and high, where the figure is uncertain."""
        found: Optional[float] = self.get("low")
        return found

    @property
    def high(self) -> Optional[float]:
        found: Optional[float] = self.get("high")
        return found

    @property
    def formula(self) -> Optional[str]:
        found: Optional[str] = self.get("formula")
        return found


class Estimate(Record):
    """A report. estimate["parameters"]["total"] and estimate.figures["parameters.total"] are the same figure."""
    task: str

    @property
    def feasible(self) -> bool:
        return bool(self.get("feasible", True))

    @property
    def remarks(self) -> List[str]:
        return [remark["text"] for remark in self.get("remarks", [])]

    @property
    def figures(self) -> Dict[str, Figure]:
        """All figures by their paths."""
        return dict(_figures("", self))

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><td>{path}</td><td style='text-align:right'>{_number(figure)}</td><td>{figure.unit}</td></tr>"
                       for path, figure in self.figures.items())
        remarks = "".join(f"<li>{_escape(remark)}</li>" for remark in self.remarks)
        return (f"<table><thead><tr><th>figure</th><th>value</th><th>unit</th></tr></thead><tbody>{rows}</tbody></table>"
                + (f"<ul>{remarks}</ul>" if remarks else ""))

    def plot(self, unit: str = "B") -> Any:
        """Bars of all figures of a unit. Needs matplotlib."""
        from matplotlib import pyplot  # type: ignore[import-not-found,unused-ignore]

        chosen = {path: figure.value for path, figure in self.figures.items() if figure.unit == unit}
        figure, axes = pyplot.subplots(figsize=(8, 0.4 * len(chosen) + 1))
        axes.barh(list(chosen), list(chosen.values()))
        axes.set_xlabel(unit)
        axes.invert_yaxis()
        figure.tight_layout()
        return figure


def _figures(prefix: str, found: Any) -> Iterator[Tuple[str, Figure]]:
    for name, value in found.items():
        path = f"{prefix}.{name}" if prefix else name
        if isinstance(value, dict) and "value" in value and isinstance(value["value"], (int, float)):
            yield path, Figure(value)
        elif isinstance(value, dict):
            yield from _figures(path, value)


def _number(figure: Figure) -> str:
    text = f"{figure.value:,}" if isinstance(figure.value, int) else f"{figure.value:,.4g}"
    return f"{text} ({figure.low:,.4g} to {figure.high:,.4g})" if figure.low is not None and figure.high is not None else text


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def estimate(model: Any = None, task: Optional[str] = None, *, runtime: Optional[api.Runtime] = None,
             **scenario: Any) -> Estimate:
    """What a model takes.

    Args:
        model: a preset ("Llama-3.1-8B"), {"file": path}, {"parameters": 7e9}, or another description of a model
        task: "model" (the default), "fit", "train", "tune", "scale", "serve" or "report"
        runtime: lends memory and limits
        scenario: further members of the scenario: hardware={"device": "H100"}, load=..., output={"explain": True}
    """
    members = {"model": model, "task": task, **scenario}
    text = json.dumps({name: value for name, value in members.items() if value is not None})
    return Estimate(json.loads(api.estimate_run(runtime or shared_runtime(), text)))
