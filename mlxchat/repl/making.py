"""The REPL that fits the terminal: with colours, or in plain lines."""

from __future__ import annotations

import os
import sys
from functools import partial

from prompt_toolkit.enums import EditingMode
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.input import Input
from prompt_toolkit.input.defaults import create_input
from prompt_toolkit.output import Output
from prompt_toolkit.output.defaults import create_output

from mlxchat.commands.typed import completions, hint, refused
from mlxchat.files.message_history import MessageHistory
from mlxchat.files.preferences import Preferences
from mlxchat.files.theme_files import Palette
from mlxchat.repl.plain_page import PlainPage
from mlxchat.repl.plain_reader import PlainReader, edit_lines
from mlxchat.repl.prompt import Prompt
from mlxchat.repl.repl import Repl
from mlxchat.repl.styled_page import StyledPage
from mlxchat.repl.styles import palette_of, style_of, theme_name
from mlxchat.repl.toolbar import hint_line, toolbar
from mlxchat.session.chat import ChatSession
from mlxchat.session.model_options import ModelOptions
from mlxchat.settings.configuration import configuration


def make_repl(session: ChatSession, options: ModelOptions, *, plain: bool = False) -> Repl:
    """The REPL on standard input and output; `plain` where the person wants plain lines."""
    talks = sys.stdin.isatty() and sys.stdout.isatty()
    plain = plain or configuration().value("plain") or bool(os.environ.get("NO_COLOR"))
    if plain or not talks or is_dumb():
        return plain_repl(session, options)
    return styled_repl(session, options, create_input(), create_output())


def is_dumb() -> bool:
    """Whether the terminal only writes lines."""
    return os.environ.get("TERM", "").lower() in ("", "dumb", "unknown")


def plain_repl(session: ChatSession, options: ModelOptions) -> Repl:
    """A REPL in plain lines. Where standard input is no terminal it asks nothing."""
    talks = sys.stdin.isatty()
    history = MessageHistory()
    if talks:
        edit_lines(history, partial(completions, session=session))
    page = PlainPage(sys.stdout, dialogue=talks)
    reader = PlainReader(sys.stdin, sys.stdout, history, create_input() if talks else None)
    return Repl(session, options, page, reader)


def styled_repl(session: ChatSession, options: ModelOptions, input: Input, output: Output) -> Repl:
    """A REPL with colours on a terminal."""
    style = style_of(palette_of(theme_name(Preferences.load().theme)))
    page = StyledPage(output, style)

    def bar(typed: str) -> StyleAndTextTuples:
        width = output.get_size().columns
        told = hint(typed, session) if typed else None
        return hint_line(told, width) if told else toolbar(session, repl.last_speed, width)

    prompt = Prompt(
        input,
        output,
        style,
        partial(completions, session=session),
        bar,
        MessageHistory(),
        EditingMode(configuration().value("editing_mode").upper()),
        partial(refused, session=session),
    )

    def use_theme(palette: Palette) -> None:
        page.use(style_of(palette))
        prompt.use(style_of(palette))

    repl = Repl(session, options, page, prompt, use_theme)
    return repl
