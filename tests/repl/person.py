"""Somebody at the REPL, over a scripted engine: what they type, and what is written for them."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext

from prompt_toolkit.key_binding import KeyPress
from prompt_toolkit.keys import Keys

from mlxchat.conversation.storage.keeper import Keeper
from mlxchat.engine.interface import ModelSpec
from mlxchat.repl.keys import KEYS, Key
from mlxchat.repl.page import Page
from mlxchat.repl.plain_page import PlainPage
from mlxchat.repl.repl import Repl
from mlxchat.session.chat import ChatSession
from mlxchat.session.model_options import ModelOptions
from tests.scripted import ScriptedEngine

Step = Callable[[], object] | str
"""Something that happens while a reply is followed: what the engine says, or a key."""


class Waits(BaseException):
    """Nothing is left to happen, and the REPL waits for something."""


class Clipboard(PlainPage):
    """A page with a clipboard."""

    def __init__(self, out: io.StringIO) -> None:
        super().__init__(out)
        self.copies: list[str] = []

    def clipboard(self, text: str) -> None:  # type: ignore[override]
        self.copies.append(text)


class ScriptedReader:
    """Answers and keys that a test has prepared."""

    keys: Sequence[Key] = KEYS

    def __init__(self) -> None:
        self.answers: deque[str | None] = deque()
        self.messages: deque[str | type[BaseException] | None] = deque()
        self.steps: deque[Step] = deque()
        self.asked: list[tuple[str, str]] = []
        self.drafts: list[str] = []

    def message(self, text: str = "") -> str | None:
        self.drafts.append(text)
        said = self.messages.popleft() if self.messages else None
        if isinstance(said, type):
            raise said
        return said

    def answer(self, question: str, text: str = "") -> str | None:
        self.asked.append((question, text))
        return self.answers.popleft() if self.answers else None

    @contextmanager
    def listening(self) -> Iterator[ScriptedReader]:
        yield self

    def wait(self, seconds: float) -> list[KeyPress]:
        if not self.steps:
            raise Waits
        step = self.steps.popleft()
        if isinstance(step, str):
            return [KeyPress(Keys(step)) if len(step) > 1 else KeyPress(step)]
        step()
        return []

    def talking(self) -> nullcontext[None]:
        return nullcontext()

    def away(self) -> nullcontext[None]:
        return nullcontext()


class ReplPerson:
    """A REPL over an engine that says what the test lets it say."""

    def __init__(
        self,
        engine: ScriptedEngine | None = None,
        keeper: Keeper | None = None,
        page: Page | None = None,
        reader: ScriptedReader | None = None,
    ) -> None:
        self.engine = engine or ScriptedEngine()
        self.session = ChatSession(self.engine, keeper=keeper)
        self.out = io.StringIO()
        self.page = page or Clipboard(self.out)
        self.reader = reader or ScriptedReader()
        self.options = ModelOptions(None, ModelSpec(""))
        self.repl = Repl(self.session, self.options, self.page, self.reader)

    def load(self) -> None:
        """The model is there."""
        self.repl.load(ModelSpec("scripted"))
        self.follow(self.engine.load_ends)

    def type(self, line: str, *steps: Step, answers: tuple[str | None, ...] = ()) -> str:
        """Type a line, let things happen meanwhile; what was written."""
        return self._do(lambda: self.repl.take(line), *steps, answers=answers)

    def follow(self, *steps: Step) -> str:
        """Let things happen; what was written."""
        return self._do(self.repl._settle, *steps)

    def hear(self, text: str, reason: str = "stop") -> str:
        """Let the engine write a whole reply."""
        return self.follow(lambda: self.reply(text, reason))

    def reply(self, text: str, reason: str = "stop") -> None:
        """The engine writes a whole reply."""
        self.engine.begin()
        self.engine.say(text)
        self.engine.finish(reason)

    def _do(
        self, do: Callable[[], object], *steps: Step, answers: tuple[str | None, ...] = ()
    ) -> str:
        start = self.out.tell()
        self.reader.steps.extend(steps)
        self.reader.answers.extend(answers)
        try:
            do()
        except Waits:
            assert self.session.busy or self.session.state == "loading"
        return self.out.getvalue()[start:]
