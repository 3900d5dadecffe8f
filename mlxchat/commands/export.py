"""What may follow /export, and what it does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mlxchat.commands.arguments import Action, Actions, Completion, Typed, listed, passes
from mlxchat.commands.export_file import file_completions, free_file, shown, write_export
from mlxchat.conversation.exports.chat import Chat, Names, Options, title_of
from mlxchat.conversation.exports.formats import FORMATS, Format, find_format, format_of_file
from mlxchat.conversation.exports.only import ONLY
from mlxchat.errors import MlxchatError

ENDINGS = frozenset(form.suffix for form in FORMATS.values() if format_of_file(form.suffix))
"""Those that name a format by themselves."""
BRANCHES, FORCE = "branches", "force"
WORDS = {
    "good": "only replies that are rated good",
    "bad": "only replies that are rated bad",
    "rated": "only replies that are rated",
    "noted": "only messages with a note",
    BRANCHES: "the other branches too",
    FORCE: "over a file that is there",
}
"""What may stand between the format and the file, and what each asks for."""


def run_export(chats: Sequence[Chat], argument: str, names: Names | None = None) -> str:
    """Do what stands after /export, `FORMAT [WORDS] [FILE]` or a FILE whose ending names the
    format; what there is to say of it. Raises MlxchatError."""
    form, rest = _format_and_rest(argument.strip())
    chosen: set[str] = set()
    rest = rest.strip()
    while rest and (word := rest.split(maxsplit=1)[0]) in WORDS:
        chosen.add(word)
        rest = rest[len(word) :].strip()
    kinds = [only for only in ONLY if only in chosen]
    if len(kinds) > 1:
        raise MlxchatError(f"Choose one of {', '.join(kinds)}.")
    options = Options(kinds[0] if kinds else None, BRANCHES in chosen, names)
    file = Path(rest.strip('"')).expanduser() if rest else None
    return export_to_file(form, chats, options, file, force=FORCE in chosen)


def _format_and_rest(argument: str) -> tuple[Format, str]:
    """What is to be written, and what was said after it."""
    by_ending = format_of_file(argument.strip('"'))
    name, _, rest = argument.partition(" ")
    if by_ending and not passes(find_format, name):
        return by_ending, argument
    if "/" in name or "." in name:
        raise MlxchatError(
            f"A file that ends with {listed(sorted(ENDINGS))} names its format: end it so, or "
            f"write one of {', '.join(FORMATS)} before it."
        )
    return find_format(name), rest


def _after_format(text: str, _: object = None) -> list[Completion]:
    """Words that were not said yet, and then folders and files."""
    before, space, begun = text.rpartition(" ")
    said = before.split()
    if any(word not in WORDS for word in said):
        return []
    words = [(f"{before}{space}{w}", help) for w, help in WORDS.items() if w not in said]
    files = file_completions(begun, SUFFIXES) if begun else []
    return [*words, *((f"{before}{space}{path}", help) for path, help in files)]


def export_to_file(
    form: Format, chats: Sequence[Chat], options: Options, file: Path | None, *, force: bool
) -> str:
    """Write a file, one with a name of its own where none is given; what there is to say of it."""
    exported = form.write(chats, options)
    if file is None:
        title = title_of(chats[0]) if len(chats) == 1 else "conversations"
        file = free_file(title, form.suffix, Path.cwd())
    write_export(exported.text, file, force=force)
    left_out = f" {exported.left_out}" if exported.left_out else ""
    return f"{exported.what} written to {shown(file)}.{left_out}"


def _files_at_once(text: str, _: object = None) -> list[Completion]:
    """A path in place of the format."""
    return file_completions(text, ENDINGS) if "/" in text else []


SUFFIXES = frozenset(form.suffix for form in FORMATS.values())
EXPORT_ARGUMENT = Actions(
    "format [words] [file]",
    {
        form.name: Action(form.help, Typed("[words] [file]", f"{', '.join(WORDS)}, or the file to "
                                           "write; alone: one with the title's name",
                                           _after_format))
        for form in FORMATS.values()
    },
    Typed("format", "a file whose ending names the format", _files_at_once,
          checked=_format_and_rest),
    f"a format: {', '.join(FORMATS)}; or the file to write, where its ending names one",
)  # fmt: skip
