"""How a benchmark says what it measured: a table to read, and JSON with --json.

Every figure is a ratio, a count or a time that an issue bounds, beside the raw numbers it came
from.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("mlx", "mlx-lm", "textual")
COLUMNS = (54, 12, 12, 8)
RAW_WIDTH = 118


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with its unit, what it must be, and what it was reckoned from."""

    what: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)

    @property
    def bound(self) -> str:
        """What the number must be, or nothing where it is only told."""
        if self.at_least is not None:
            return f">= {self.at_least:g}"
        return f"<= {self.at_most:g}" if self.at_most is not None else ""

    @property
    def passed(self) -> bool | None:
        """Whether the bound holds; None where there is none."""
        if self.at_least is not None:
            return self.value >= self.at_least
        return self.value <= self.at_most if self.at_most is not None else None


@dataclass(slots=True)
class Report:
    """The figures of one benchmark. `judged` is off for tiny sizes: do they run at all."""

    title: str
    judged: bool = True
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(
        self,
        what: str,
        value: float,
        unit: str = "x",
        *,
        at_least: float | None = None,
        at_most: float | None = None,
        **raw: Any,
    ) -> None:
        """Add a figure; `raw` are the numbers it came from."""
        self.figures.append(Figure(what, value, unit, at_least, at_most, raw))

    @property
    def missed(self) -> list[Figure]:
        """The figures whose bound does not hold."""
        return [f for f in self.figures if self.judged and f.passed is False]

    def as_json(self) -> dict[str, Any]:
        """Everything, for a file."""
        return {
            "title": self.title,
            "judged": self.judged,
            "machine": machine(),
            "figures": [
                {
                    "what": f.what,
                    "value": f.value,
                    "unit": f.unit,
                    "bound": f.bound,
                    "passed": f.passed if self.judged else None,
                    "raw": dict(f.raw),
                }
                for f in self.figures
            ],
            "notes": self.notes,
        }

    def table(self) -> str:
        """Everything, for a person."""
        lines = ["", self.title, "-" * len(self.title), _row("figure", "value", "bound", "")]
        for figure in self.figures:
            lines.append(self._line(figure))
            lines += _raw_lines(figure.raw)
        for note in self.notes:
            lines += textwrap.wrap(note, RAW_WIDTH, initial_indent="* ", subsequent_indent="  ")
        facts = ", ".join(f"{name} {value}" for name, value in machine().items())
        return "\n".join([*lines, f"({facts})"])

    def _line(self, figure: Figure) -> str:
        verdict = {None: "", True: "pass", False: "MISSED"}[figure.passed]
        if not self.judged and figure.bound:
            verdict = "-"
        value = f"{shown(figure.value)} {figure.unit}".strip()
        return _row(figure.what, value, figure.bound, verdict)


def machine() -> dict[str, Any]:
    """What a figure depends on besides the program."""
    facts: dict[str, Any] = {"cores": os.cpu_count(), "python": platform.python_version()}
    for package in PACKAGES:
        try:
            facts[package] = version(package)
        except PackageNotFoundError:
            facts[package] = "none"
    if hasattr(os, "getloadavg"):
        facts["load"] = round(os.getloadavg()[0], 1)
    return facts


def shown(value: Any) -> str:
    """A number as it is read: three digits that count."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def _row(*cells: str) -> str:
    return "".join(cell.ljust(width) for cell, width in zip(cells, COLUMNS, strict=True)).rstrip()


def _raw_lines(raw: Mapping[str, Any]) -> list[str]:
    text = ", ".join(f"{name.replace('_', ' ')} {_raw_text(value)}" for name, value in raw.items())
    return textwrap.wrap(text, RAW_WIDTH, initial_indent="    ", subsequent_indent="    ")


def _raw_text(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(f"{key}={_raw_text(one)}" for key, one in value.items())
    if isinstance(value, list | tuple):
        return "[" + " ".join(shown(one) for one in value) + "]"
    return shown(value)


def main(run: Callable[[bool], Report], argv: Sequence[str] | None = None) -> int:
    """Run one benchmark from the command line; 1 where a bound is missed."""
    parser = argparse.ArgumentParser(description=(run.__doc__ or "").strip())
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as JSON")
    parser.add_argument("--small", action="store_true", help="tiny sizes: does it run at all")
    options = parser.parse_args(argv)
    report = run(options.small)
    report.judged = not options.small
    print(report.table(), flush=True)
    if options.json:
        options.json.write_text(json.dumps(report.as_json(), indent=2) + "\n", "utf-8")
    return 1 if report.missed else 0
