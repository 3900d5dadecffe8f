"""A program for a pseudo-terminal: replies with the REPL and without, in turn; see screen_app.

python -m tests.benchmarks.repl_app MODEL TOKENS PAIRS FILE
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from prompt_toolkit.input.defaults import create_input
from prompt_toolkit.output.defaults import create_output

from mlxchat.cli.chatting import SWITCH_SECONDS
from mlxchat.engine.interface import ModelSpec
from mlxchat.repl.making import styled_repl
from mlxchat.repl.repl import Start
from mlxchat.session.chat import ChatSession
from mlxchat.session.model_options import ModelOptions
from tests.benchmarks import setting
from tests.benchmarks.screen_app import write_all


def with_repl(engine: Any, spec: ModelSpec, tokens: int) -> ChatSession:
    """A reply that the REPL writes on the terminal, as a person has it."""
    session = ChatSession(engine, overrides={"max_tokens": tokens, "temp": 0.0})
    repl = styled_repl(session, ModelOptions(spec, spec), create_input(), create_output())
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        with repl.reader.talking():
            repl.begin(Start())
            repl.take(setting.question(1).content)
    finally:
        sys.setswitchinterval(before)
    return session


if __name__ == "__main__":
    write_all(with_repl, sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
