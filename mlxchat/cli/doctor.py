"""What was found on this machine, and what to install: `mlxchat doctor`."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mlxchat.cli.parser import Parser
from mlxchat.cli.progress import ProgressLine
from mlxchat.engine import backend, hub_cache
from mlxchat.engine.demo import demo_model_path, ensure_demo_model
from mlxchat.errors import MlxchatError
from mlxchat.files import folders

PACKAGES = ("mlxchat", "mlx", "mlx-lm", "textual", "transformers", "huggingface-hub")
EXAMPLES = """\
examples:
  mlxchat doctor                        to read
  mlxchat doctor --json | jq .backend   for a program
"""
LABEL = 15
SMALLEST = (40, 12)
"""Columns and rows below which a chat is hard to read."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """The terminal that the command was given in."""

    term: str
    colorterm: str
    columns: int
    rows: int
    unicode: bool
    """Whether standard output takes more than ASCII."""
    tty: bool
    """Whether standard input and output are a terminal."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that mlxchat uses, and whether it can write there."""

    path: str
    writable: bool


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that the doctor found. `backend` is None where mlx cannot run."""

    python: str
    platform: str
    backend: backend.Backend | None
    versions: dict[str, str | None]
    folders: dict[str, Folder]
    terminal: Terminal
    demo_model: str | None
    advice: list[str]


def run(arguments: Sequence[str]) -> int:
    """Do what stands after `mlxchat doctor`; the exit code."""
    parsed = parser().parse_args(arguments)
    return tell(as_json=parsed.json, with_demo=parsed.demo)


def parser() -> Parser:
    """The parser of `mlxchat doctor [flags]`."""
    made = Parser(
        prog="mlxchat doctor",
        description="Say what was found here, and what to install.",
        epilog=EXAMPLES,
    )
    made.add_argument("--json", action="store_true", help="print one JSON object")
    made.add_argument("--demo", action="store_true", help="get the demo model ready first")
    return made


def tell(as_json: bool = False, with_demo: bool = False) -> int:
    """Print the report; 0 where mlxchat can run here, 1 where something must be installed first.

    With `with_demo`, the demo model is fetched and converted before.
    """
    try:
        complaint = _get_demo() if with_demo else None
    except KeyboardInterrupt:
        return 130
    report = collect()
    if complaint:
        report.advice.insert(0, complaint)
    if as_json:
        print(json.dumps(asdict(report), indent=2))
    else:
        print("\n".join(_lines(report)))
    return 0 if report.backend and not complaint else 1


def collect() -> Report:
    """Look at everything. Takes a moment: mlx is imported."""
    found, complaint = _backend()
    places = _folders()
    terminal = _terminal()
    demo = demo_model_path()
    advice = [complaint] if complaint else []
    return Report(
        python=platform.python_version(),
        platform=_platform(),
        backend=found,
        versions={package: backend.package_version(package) for package in PACKAGES},
        folders=places,
        terminal=terminal,
        demo_model=str(demo) if demo else None,
        advice=[*advice, *_advice(found, places, terminal)],
    )


def _backend() -> tuple[backend.Backend | None, str | None]:
    try:
        return backend.describe(), None
    except MlxchatError as error:
        return None, str(error)


def _platform() -> str:
    if sys.platform == "darwin":
        return f"macOS {platform.mac_ver()[0]} {platform.machine()}"
    return f"{platform.system()} {platform.release()} {platform.machine()}"


def _folders() -> dict[str, Folder]:
    places = {
        "configuration": folders.config_folder(),
        "data": folders.data_folder(),
        "cache": folders.cache_folder(),
        "hub cache": hub_cache.cache_path(),
    }
    return {name: Folder(str(path), _is_writable(path)) for name, path in places.items()}


def _is_writable(path: Path) -> bool:
    """Whether a file can be made there, the folder too where it is not there yet: tried, since
    what a file system says of its permissions is no promise."""
    existing = next(place for place in (path, *path.parents) if os.path.lexists(place))
    try:
        with TemporaryDirectory(dir=existing):
            return True
    except OSError:
        return False


def _terminal() -> Terminal:
    size = shutil.get_terminal_size()
    return Terminal(
        term=os.environ.get("TERM", ""),
        colorterm=os.environ.get("COLORTERM", ""),
        columns=size.columns,
        rows=size.lines,
        unicode="utf" in (sys.stdout.encoding or "").lower(),
        tty=sys.stdin.isatty() and sys.stdout.isatty(),
    )


def _advice(
    found: backend.Backend | None, places: dict[str, Folder], terminal: Terminal
) -> Iterator[str]:
    if found and found.name == "cpu" and sys.platform == "linux":
        if found.blas is None:
            yield (
                "Install OpenBLAS (Debian: apt install libopenblas0): on a CPU it makes models "
                "several times as fast."
            )
        if not found.compiles:
            yield "Install g++: mlx compiles parts of a model with it, which then run faster."
        if shutil.which("nvidia-smi"):
            yield "For this computer's NVIDIA GPU: pip install 'mlxchat[cuda12]' or [cuda13]."
    for name, folder in places.items():
        if not folder.writable:
            yield f"Make the {name} folder writable: {folder.path}."
    yield from _terminal_advice(terminal)


def _terminal_advice(terminal: Terminal) -> Iterator[str]:
    if not terminal.unicode:
        yield "Set a UTF-8 locale (LANG=C.UTF-8): other alphabets cannot be shown without."
    if not terminal.tty:
        return
    if terminal.term in ("", "dumb"):
        yield "Set TERM to what your terminal is, xterm-256color for most."
    if terminal.columns < SMALLEST[0] or terminal.rows < SMALLEST[1]:
        yield f"Make the terminal at least {SMALLEST[0]} columns wide and {SMALLEST[1]} rows high."
    if terminal.colorterm not in ("truecolor", "24bit"):
        yield "Set COLORTERM=truecolor if your terminal shows 16 million colours."


def _get_demo() -> str | None:
    """Get the demo model ready, with progress on standard error; what went wrong, if anything."""
    line = ProgressLine(sys.stderr)
    try:
        ensure_demo_model(line.show_load, lambda: False)
    except MlxchatError as error:
        return str(error)
    finally:
        line.clear()
    return None


def _lines(report: Report) -> Iterator[str]:
    """The report for a person, at most 80 columns wide but for paths."""
    yield _row("python", report.python)
    yield _row("platform", report.platform)
    yield from _backend_lines(report.backend)
    for package, number in report.versions.items():
        yield _row(package, number or "not installed")
    yield ""
    for name, folder in report.folders.items():
        yield _row(name, folder.path + ("" if folder.writable else "  (cannot be written)"))
    yield _row("demo model", report.demo_model or "not here yet (mlxchat --demo gets it)")
    yield ""
    yield from _terminal_lines(report.terminal)
    yield ""
    for sentence in report.advice or ["Nothing is missing."]:
        yield from textwrap.wrap(sentence, 78, initial_indent="- ", subsequent_indent="  ")


def _backend_lines(found: backend.Backend | None) -> Iterator[str]:
    if found is None:
        yield _row("backend", "none")
        return
    yield _row("backend", found.name)
    yield _row("device", found.device)
    yield _row("memory", _gigabytes(found.memory))
    if found.working_set:
        yield _row("for models", f"{_gigabytes(found.working_set)} recommended at most")
    if found.name == "cpu":
        yield _row("BLAS", found.blas or "mlx's own (slow)")
        yield _row("mx.compile", "on" if found.compiles else "off (no g++)")


def _terminal_lines(terminal: Terminal) -> Iterator[str]:
    kind = " ".join(part for part in (terminal.term, terminal.colorterm) if part)
    yield _row("terminal", kind if terminal.tty else f"{kind} (not a terminal)".strip())
    yield _row("size", f"{terminal.columns} columns, {terminal.rows} rows")
    yield _row("unicode", "yes" if terminal.unicode else "no")


def _row(label: str, value: Any) -> str:
    return f"{label:<{LABEL}}  {value}"


def _gigabytes(count: int | None) -> str:
    return f"{count / 2**30:.1f} GiB" if count else "not known"
