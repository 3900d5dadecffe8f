"""Time to the first token at turns 2, 10 and 50, and the prompt tokens read for it.

Every turn says about the same number of words and gets a reply of the same length. Beside the
engine stand mlx_lm.chat's way (only [system, user] is sent, into one cache that grows, so that the
system prompt is read again in each turn), a cold start with the whole conversation, and the least
that can be: mlx_lm alone reading nothing but the new tokens into a cache that holds all others.
"Flat but for the new tokens" means close to that least time at every turn.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from mlxchat.engine.interface import Message, ModelSpec, TokenSampled
from mlxchat.engine.prompt import build_prompt
from mlxchat.settings.parameters import Settings
from tests.benchmarks import report, setting
from tests.benchmarks.bare import BareModel
from tests.driving import Driver

NEIGHBOURS = 1
"""A turn's time is the median of it and so many turns on either side."""
NEAR = 1.5
"""The engine's first token against the least time that mlx_lm needs for the new tokens."""
SLACK_TOKENS = 2
LEAST_OF = 3


@dataclass(frozen=True)
class Sizes:
    """How much is measured of one model."""

    turns: tuple[int, ...]
    reply_tokens: int
    near: float | None
    """None for the two-layer model, whose reading costs less than writing out the template."""


FULL = {"two-layer": Sizes((2, 10, 50), 16, None), "SmolLM2": Sizes((2, 10, 50), 8, NEAR)}
SMALL = {"two-layer": Sizes((2, 4), 4, None)}


@dataclass
class Turn:
    """The first token of one turn."""

    seconds: float
    read: int
    """Prompt tokens that were computed."""
    new: int = 0
    """Prompt tokens that the conversation did not have before."""
    context: int = 0


@dataclass
class Conversation:
    """The same turns told to one side."""

    messages: list[Message] = field(
        default_factory=lambda: [Message("system", setting.SYSTEM)],
    )
    turns: dict[int, Turn] = field(default_factory=dict)


def talk(path: Path, sizes: Sizes) -> tuple[Conversation, dict[int, list[Message]]]:
    """The engine's turns, and the conversation as it was asked in each."""
    driver, said, asked = Driver(), Conversation(), {}
    driver.load(path)
    settings = Settings(max_tokens=sizes.reply_tokens)
    driver.reply([Message("user", "warm up")], settings)
    known = 0
    for number in range(1, max(sizes.turns) + NEIGHBOURS + 1):
        said.messages.append(setting.question(number))
        asked[number] = list(said.messages)
        first: list[float] = []
        started = time.perf_counter()
        written = driver.reply(
            said.messages,
            settings,
            watch=lambda event, first=first: (  # type: ignore[misc]
                first.append(time.perf_counter()) if isinstance(event, TokenSampled) else None
            ),
        )
        spent = written.statistics
        said.turns[number] = Turn(
            first[0] - started, spent.read_tokens, spent.prompt_tokens - known, spent.prompt_tokens
        )
        known = spent.context_tokens
        said.messages.append(written.message)
    driver.close()
    return said, asked


def chat_way(bare: BareModel, sizes: Sizes) -> Conversation:
    """The turns as mlx_lm.chat has them."""
    said = Conversation()
    cache = bare.new_cache()
    for number in range(1, max(sizes.turns) + NEIGHBOURS + 1):
        ids = build_prompt(
            bare.tokenizer, [said.messages[0], setting.question(number)], ModelSpec("")
        ).token_ids
        said.turns[number] = _first(bare, ids, sizes.reply_tokens, cache)
    return said


def cold_and_least(bare: BareModel, messages: Sequence[Message], new: int) -> tuple[Turn, Turn]:
    """The whole conversation in a new cache; then its last `new` tokens alone in the warm one."""
    ids = build_prompt(bare.tokenizer, messages, ModelSpec("")).token_ids
    cache = bare.new_cache()
    cold = _first(bare, ids, 1, cache)
    least = []
    for _ in range(LEAST_OF):
        bare.cut(cache, len(ids) - new)
        least.append(_first(bare, ids[-new:], 1, cache).seconds)
    return cold, Turn(median(least), new)


def _first(bare: BareModel, ids: list[int], tokens: int, cache: object) -> Turn:
    sampler = bare.sampler(Settings())
    reply = bare.run(lambda: bare.write(ids, tokens, sampler, prompt_cache=cache))
    return Turn(reply.first_token_seconds, len(ids))


def around(turns: dict[int, Turn], number: int) -> Turn:
    """A turn with its time smoothed by its neighbours'."""
    near = [turns[n].seconds for n in range(number - NEIGHBOURS, number + NEIGHBOURS + 1)]
    turn = turns[number]
    return Turn(median(near), turn.read, turn.new, turn.context)


def measure(model: str, path: Path, sizes: Sizes, found: report.Report) -> None:
    """Add the figures of one model."""
    engine, asked = talk(path, sizes)
    bare = BareModel(path)
    _first(bare, [1, 2, 3], 4, bare.new_cache())
    chat = chat_way(bare, sizes)
    beside = {
        number: cold_and_least(bare, asked[number], engine.turns[number].new)
        for number in sizes.turns
    }
    bare.close()
    base = around(engine.turns, sizes.turns[0])
    for number in sizes.turns:
        mine, theirs = around(engine.turns, number), around(chat.turns, number)
        cold, least = beside[number]
        found.add(
            f"{model}, turn {number}: first token against the least",
            mine.seconds / least.seconds,
            at_most=sizes.near,
            engine_ms=1000 * mine.seconds,
            least_ms=1000 * least.seconds,
            chat_way_ms=1000 * theirs.seconds,
            cold_start_ms=1000 * cold.seconds,
            engine_against_first=mine.seconds / base.seconds,
            tokens_in_prompt=mine.context,
        )
        found.add(
            f"{model}, turn {number}: tokens read that are not new",
            mine.read - mine.new,
            "",
            at_most=SLACK_TOKENS,
            engine_read=mine.read,
            new=mine.new,
            chat_way_read=theirs.read,
            cold_start_read=cold.read,
        )


def run(small: bool) -> report.Report:
    """Time to the first token as a conversation grows."""
    found = report.Report("Time to the first token as a conversation grows")
    with setting.workplace() as folder:
        for model, sizes in (SMALL if small else FULL).items():
            measure(model, setting.BUILDERS[model](folder), sizes, found)
    found.notes.append(
        "mlx_lm.chat's context differs: it repeats the system prompt in each turn and leaves out "
        "what its template puts after a reply."
    )
    return found


if __name__ == "__main__":
    sys.exit(report.main(run))
