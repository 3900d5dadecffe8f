"""The REPL: a message, its reply, the next message; and commands in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from mlxchat.commands.bare import bare_command
from mlxchat.commands.help import Section, help_sections
from mlxchat.commands.keys import keys
from mlxchat.commands.registry import run_line
from mlxchat.commands.typed import is_command
from mlxchat.errors import MODEL_ERROR, OK, WRONG_USE
from mlxchat.files.external_editor import edited
from mlxchat.files.theme_files import Palette, load_themes
from mlxchat.repl.host_lanes import LanesHost
from mlxchat.repl.page import Item, Page
from mlxchat.repl.plain_page import PlainPage
from mlxchat.repl.reader import Reader
from mlxchat.repl.styles import theme_name
from mlxchat.session.chat import ChatSession
from mlxchat.session.model_options import ModelOptions
from mlxchat.settings.configuration import configuration, theme_problems
from mlxchat.settings.preset_file import read_presets

AGAIN_LEAVES = "Ctrl+C again leaves (Ctrl+D and /quit do so too)."
WELCOME = "Say something, or / for commands. While it answers: ↑ ↓ temp, ← → others, Ctrl+C stops."


@dataclass(frozen=True, slots=True)
class Start:
    """What is done before the first prompt."""

    resume: str | None = None
    """The session to go on with, by number or title; empty lets the person choose."""
    last: bool = False
    """Whether to go on with the last session."""


class Repl(LanesHost):
    """mlxchat without a screen. It has all that commands ask of a front end."""

    def __init__(
        self,
        session: ChatSession,
        options: ModelOptions,
        page: Page,
        reader: Reader,
        use_theme: Callable[[Palette], None] | None = None,
    ) -> None:
        """`use_theme` takes the colours of another theme; None where there are none."""
        super().__init__(session, options, page, reader)
        self._use_theme = use_theme

    @property
    def code(self) -> int:
        """The exit code that tells a script what went wrong: the model before a refused line."""
        if isinstance(self.page, PlainPage) and self.page.failed:
            return MODEL_ERROR
        return WRONG_USE if self.refused else OK

    def run(self, start: Start) -> None:
        """Talk until the person leaves."""
        with self.reader.talking():
            self.begin(start)
            self._talk()

    def _talk(self) -> None:
        warned = False
        while not self.left:
            try:
                text = self._heard()
            except KeyboardInterrupt:
                if warned or self._stopping:
                    return
                warned = True
                self.remark(AGAIN_LEAVES)
                continue
            if text is None:
                return
            warned = False
            self.take(text)

    def _heard(self) -> str | None:
        """What the person says or commands; None where nothing more comes."""
        said: list[str | None] = []
        heard = self.attempt(lambda: said.append(self.reader.message(self._drafted())))
        return said[0] if heard else None

    def begin(self, start: Start) -> None:
        """Load the model, go on with a session, say how to begin."""
        files = (configuration(), load_themes(), read_presets())
        of_files = (problem for file in files for problem in file.problems)
        for problem in (*of_files, *keys().problems, *theme_problems()):
            self.page.say(problem, "warning")
        if self.options.given is not None:
            self.load(self.options.given)
        if start.last or start.resume is not None:
            self.attempt(partial(self.resume, start.resume))
        if self.session.info is None and self.session.state != "loading":
            self.attempt(partial(self.choose_model, None))
        self._settle()
        if not self.left and not self.session.conversation.entries:
            self.remark(WELCOME)

    @property
    def last_speed(self) -> float:
        """Tokens a second of the last reply; 0 where there is none."""
        reply = self.session.reply
        return reply.statistics.tokens_per_second if reply is not None else 0.0

    def take(self, text: str) -> None:
        """Do what a typed line asks for, and show what comes of it."""
        self.take_in()
        self._stopping = False
        text = bare_command(text) or text
        command = is_command(text)
        said = text.removeprefix("/") if text[:2] == "//" else text
        done = self.attempt(partial(self.command, text) if command else partial(self.send, said))
        if not done and (not command or " " in text.strip()):
            self.draft = text
        self._settle()

    def send(self, text: str) -> None:
        """Say something to the model."""
        if not text.strip():
            return
        self.session.send(text)
        self.picked = None
        self.begin_reply()

    def command(self, line: str) -> None:
        """Run a typed line that begins with a slash."""
        run_line(self, line)

    def _settle(self) -> None:
        """Show what goes on until nothing does, and save it."""
        while self.goes_on and not self.left:
            self.follow()
            if self.session.held is not None and not self.left:
                self.replies.give_up()
                self.attempt(self.ask_about_context)
        self.draft = self.session.take_back() or self.draft
        self.save()

    def _drafted(self) -> str:
        draft, self.draft = self.draft, ""
        return draft

    # mlxchat.commands.host.Host

    def stop(self) -> None:
        """Stop the reply or the load."""
        self.session.stop()

    def show_help(self) -> None:
        """List keys, commands and parameters."""
        pressed = tuple((key.name, key.what) for key in self.reader.keys)
        for title, rows in (Section("Keys", pressed), *help_sections()):
            self.page.say(title, "title")
            self.page.list([Item(*row) for row in rows])

    def choose_theme(self, name: str | None) -> None:
        """Use a theme; None lists those to choose from."""
        themes = load_themes().themes
        if name is None:
            used = theme_name(self.preferences.theme)
            items = [Item(p.name, p.kind, p.name == used) for p in themes.values()]
            place = self.choose("Themes", items)
            name = list(themes)[place] if isinstance(place, int) else None
        if name is None:
            return
        self.preferences.theme = name
        self.preferences.save()
        if self._use_theme is not None:
            self._use_theme(themes[name])
        self.say(f"The theme is {name} now.")

    def write_elsewhere(self) -> None:
        """Write the next message in the person's own editor."""
        self.draft = edited(self.draft, self.reader.away, self.take_in)

    def leave(self) -> None:
        """End the program."""
        self.left = True
        self.session.stop()
