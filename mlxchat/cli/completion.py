"""`mlxchat completion`: what a shell needs to complete mlxchat's lines."""

from __future__ import annotations

from collections.abc import Sequence

from mlxchat.cli.parser import Parser
from mlxchat.errors import OK

SHELLS = ("bash", "zsh", "fish")
WORDS = "${(j: :)words[1,CURRENT]}"
OF_COMMAND = {'"$BUFFER"': f'"{WORDS}"', '"$CURSOR"': f'"${{#{WORDS}}}"'}
"""In the code for zsh the whole line is taken; with these only the words of the command are."""
EXAMPLES = """\
examples:
  eval "$(mlxchat completion bash)"     in ~/.bashrc
  eval "$(mlxchat completion zsh)"      in ~/.zshrc, after compinit
  mlxchat completion fish | source      in ~/.config/fish/config.fish

Tab then completes commands, flags and their values: models, adapters, sessions,
formats and files.
"""


def run(arguments: Sequence[str]) -> int:
    """Do what stands after `mlxchat completion`; the exit code."""
    parsed = parser().parse_args(arguments)
    from argcomplete.shell_integration import shellcode

    code = shellcode(["mlxchat"], use_defaults=False, shell=parsed.shell)
    for whole, own in OF_COMMAND.items():
        code = code.replace(whole, own)
    print(code)
    return OK


def parser() -> Parser:
    """The parser of `mlxchat completion SHELL`."""
    made = Parser(
        prog="mlxchat completion",
        description="Print what a shell needs to complete mlxchat's lines.",
        epilog=EXAMPLES,
    )
    made.add_argument("shell", choices=SHELLS, metavar="SHELL", help=", ".join(SHELLS))
    return made
