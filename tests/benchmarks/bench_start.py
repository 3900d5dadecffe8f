"""From the start of the process of `mlxchat --demo` to the first screenful, in a real terminal.

The screen counts as painted when the title, the editor's prompt sign and the sampler's panel are
there. Beside it: how long the model's load takes until it can be asked, which packages are imported
before the first paint, and what Python and Textual take by themselves.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from statistics import median

from tests.benchmarks import report, setting
from tests.benchmarks.terminal import Terminal

AT_MOST = 0.7
PAINTED = ("mlxchat", "›", "top_p")
QUIT = "\x11"
HELLO_TEXTUAL = (
    "from textual.app import App\n"
    "from textual.widgets import Static\n"
    "class Hello(App):\n"
    "    def compose(self):\n"
    "        yield Static('painted')\n"
    "Hello().run()\n"
)


def first_paint(argv: list[str], *painted: str) -> float:
    """Seconds from the start of the process until this is on the screen."""
    with Terminal(argv) as terminal:
        return terminal.wait_for(*painted) - terminal.started


def heavy_before_paint(folder: Path) -> tuple[list[str], dict[str, float]]:
    """Heavy packages whose import began before the first paint; the others, how long after it."""
    told = folder / "imports"
    program = [sys.executable, "-m", "tests.benchmarks.start_probe", str(told), "--demo"]
    with Terminal(program) as terminal:
        painted = terminal.wait_for(*PAINTED) - time.perf_counter() + time.monotonic()
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and "mlx_lm" not in _read(told):
            terminal.read(0.1)
        terminal.send(QUIT)
        terminal.wait()
    after = {name: float(moment) - painted for name, moment in _lines(told)}
    before = [name for name, seconds in after.items() if seconds <= 0]
    return before, {name: round(seconds, 3) for name, seconds in after.items()}


def _read(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""


def _lines(path: Path) -> list[list[str]]:
    return [line.split() for line in _read(path).splitlines()]


def run(small: bool) -> report.Report:
    """First paint from the start of the process."""
    found = report.Report("First paint of `mlxchat --demo` from the start of the process")
    times = 1 if small else 11
    command = [sys.executable, "-m", "mlxchat", "--demo"]
    with setting.workplace() as folder:
        setting.demo_model()
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        first_paint(command, *PAINTED)  # writes what Python compiles
        took, python, textual = [], [], []
        for _ in range(times):
            took.append(first_paint(command, *PAINTED))
            python.append(first_paint([sys.executable, "-c", "print('painted')"], "painted"))
            textual.append(first_paint([sys.executable, "-c", HELLO_TEXTUAL], "painted"))
        found.add(
            "first paint, median",
            median(took),
            "s",
            at_most=AT_MOST,
            runs=times,
            least=min(took),
            most=max(took),
            python_alone=median(python),
            smallest_textual_app=median(textual),
        )
        before, after = heavy_before_paint(folder)
        what = "heavy packages imported before the first paint"
        found.add(what, len(before), "", at_most=0, seconds_after_paint=after)
    return found


if __name__ == "__main__":
    sys.exit(report.main(run))
