"""From a moved slider to the new distribution, without a run of the model.

The engine keeps the logits of a place; new settings run the sampler's filters over them, and the
panel makes its rows of the outcome. Measured at a vocabulary of 150,000, every setting a new one:
that work alone, and in the app from the slider's key until the panel is painted.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from statistics import median, quantiles

from textual.strip import Strip

from mlxchat.engine.interface import ModelSpec
from mlxchat.engine.local import LocalEngine
from mlxchat.session.chat import ChatSession
from mlxchat.tui.app import MlxchatApp
from mlxchat.tui.widgets.message_editor import MessageEditor
from mlxchat.tui.widgets.next_token import NextToken
from mlxchat.tui.widgets.slider import Slider
from tests import models
from tests.benchmarks import bench_changes, report, setting

AT_MOST_MS = 50.0
VOCABULARY = 150_000


def measure(vocabulary: int, changes: int) -> list[float]:
    """Seconds from each new setting to its rows."""
    from mlxchat.engine import backend

    backend.prepare()
    import mlx.core as mx

    from mlxchat.engine.explain import describe, outcome, penalized
    from mlxchat.tui.widgets.next_token_rows import rows_of

    logits = mx.random.normal((vocabulary,), key=mx.random.key(1)) * 3
    mx.eval(logits)
    seconds = []
    for settings in bench_changes.values(changes + 3, seed=7):
        settings = settings.with_values({"repetition_penalty": 1.1, "xtc_probability": 0.5})
        begun = time.perf_counter()
        found = outcome(penalized(logits, range(100), settings), settings, (1, 2))
        assert rows_of(describe(found, settings, str))
        seconds.append(time.perf_counter() - begun)
    return seconds[3:]


async def in_the_app(model: Path, changes: int) -> list[float]:
    """Seconds from each key on the slider of temp until the panel draws what it makes of it."""
    session = ChatSession(LocalEngine(), overrides={"max_tokens": 2, "temp": 0.5, "top_p": 0.95})
    app = MlxchatApp(session, ModelSpec(str(model)), ModelSpec(""))
    drawn: list[tuple[float, object]] = []
    render_line = NextToken.render_line

    def noted(panel: NextToken, y: int) -> Strip:
        drawn.append((time.perf_counter(), panel.distribution))
        return render_line(panel, y)

    NextToken.render_line = noted  # type: ignore[method-assign]
    try:
        async with app.run_test(size=(120, 40)) as pilot:
            while session.state != "ready":
                await pilot.pause(0.05)
            app.chat.query_one(MessageEditor).text = "Hello"
            await pilot.press("enter")
            panel, slider = app.chat.query_one(NextToken), app.chat.query_one("#row-temp Slider")
            assert isinstance(slider, Slider)
            while session.busy or panel.distribution is None or panel.stale:
                await pilot.pause(0.05)
            return [await moved(slider, panel, drawn, number) for number in range(changes)]
    finally:
        NextToken.render_line = render_line  # type: ignore[method-assign]
        session.engine.close()


async def moved(
    slider: Slider, panel: NextToken, drawn: list[tuple[float, object]], number: int
) -> float:
    """Move the slider by a key; the seconds until what it changed is drawn."""
    before = panel.distribution
    begun = time.perf_counter()
    slider.action_move(1 if number // 20 % 2 == 0 else -1)
    while drawn[-1][1] is before or drawn[-1][0] < begun:
        await asyncio.sleep(0.0005)
    took = drawn[-1][0] - begun
    await asyncio.sleep(0.1)
    return took


def run(small: bool) -> report.Report:
    """From a moved slider to the new distribution."""
    found = report.Report("From a moved slider to the new distribution")
    vocabulary, changes = (60_000, 8) if small else (VOCABULARY, 200)
    with setting.workplace() as folder:
        add(found, "the work alone", measure(vocabulary, changes))
        config = {**models.LLAMA, "vocab_size": vocabulary}
        model = models.build_model(folder / "large", setting.demo_model(), config)
        add(found, "from key to paint", asyncio.run(in_the_app(model, changes)))
    return found


def add(found: report.Report, what: str, seconds: list[float]) -> None:
    """Add the tail of these times."""
    found.add(
        f"{what}, vocabulary {VOCABULARY:,}, 95th percentile",
        1000 * quantiles(seconds, n=20)[-1],
        "ms",
        at_most=AT_MOST_MS,
        median_ms=1000 * median(seconds),
        longest_ms=1000 * max(seconds),
        changes=len(seconds),
    )


if __name__ == "__main__":
    sys.exit(report.main(run))
