"""Highlighting one line at a time, going on from the state in which the line before ended.

Pygments lexers take a whole text. Here a line's classes depend only on the lines before it, so a
line that was shown never changes, and streamed code comes out as whole code does.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from pygments.lexer import ExtendedRegexLexer, Lexer, LexerContext, RegexLexer
from pygments.lexers import LEXERS, find_lexer_class
from pygments.token import Error, String, Token, Whitespace, _TokenType

from mlxchat.render.lines import Span
from mlxchat.render.roles import joined

LONGEST_LINE = 1000
"""Characters; longer lines are not highlighted, since a lexer may take very long over them."""

_SLASH_STAR = ("/*", "*/", "code.comment")
_BACKTICK = ("`", "`", "code.string")
_SLASH_STAR_ALIASES = (
    "c cpp objective-c java javascript typescript jsx tsx go csharp php scala dart groovy css scss "
    "less glsl hlsl cuda verilog systemverilog d actionscript zig"
)
_UNFINISHED: dict[str, tuple[tuple[str, str, str], ...]] = {
    **dict.fromkeys(_SLASH_STAR_ALIASES.split(), (_SLASH_STAR,)),
    **dict.fromkeys(("html", "xml"), (("<!--", "-->", "code.comment"),)),
    "go": (_SLASH_STAR, _BACKTICK),
    "scala": (_SLASH_STAR, ('"""', '"""', "code.string")),
    "lua": (("--[[", "]]", "code.comment"), ("[[", "]]", "code.string")),
    "ruby": (("=begin", "=end", "code.comment"),),
}
"""What can span lines and is one single pattern in the lexer: (start, end, class)."""

_CLASSES: dict[Any, str] = {
    Token.Comment: "code.comment",
    Token.Comment.Preproc: "code.keyword",
    Token.Keyword: "code.keyword",
    Token.Keyword.Type: "code.type",
    Token.Operator.Word: "code.keyword",
    Token.Operator: "code.operator",
    Token.Punctuation: "code.punctuation",
    Token.Literal.String: "code.string",
    Token.Literal.String.Escape: "code.escape",
    Token.Literal.String.Interpol: "code.escape",
    Token.Literal.Number: "code.number",
    Token.Literal.Date: "code.number",
    Token.Name.Function: "code.name.function",
    Token.Name.Class: "code.name.class",
    Token.Name.Exception: "code.name.class",
    Token.Name.Namespace: "code.name.class",
    Token.Name.Builtin: "code.name.builtin",
    Token.Name.Constant: "code.name.builtin",
    Token.Name.Decorator: "code.name.decorator",
    Token.Name.Attribute: "code.name.attribute",
    Token.Name.Property: "code.name.attribute",
    Token.Name.Tag: "code.name.tag",
    Token.Name.Variable: "code.name.variable",
    Token.Generic.Heading: "code.heading",
    Token.Generic.Subheading: "code.heading",
    Token.Generic.Inserted: "code.inserted",
    Token.Generic.Deleted: "code.deleted",
    Token.Generic.Prompt: "code.name.tag",
    Token.Generic.Traceback: "code.error",
    Token.Error: "",
}


class State(NamedTuple):
    """Where a lexer stands at the end of a line."""

    context: tuple[Any, ...] = ()
    """The lexer's stack of states, or the attributes of its context."""
    closer: tuple[str, str] | None = None
    """What ends the comment or string that is open, and its class."""


START = State()


@lru_cache(maxsize=512)
def _class_of(kind: _TokenType) -> str:
    here: Any = kind
    while here is not None:
        if here in _CLASSES:
            return _CLASSES[here]
        here = here.parent
    return ""


_NAMES = {alias: entry[1] for entry in LEXERS.values() for alias in entry[2]}


@lru_cache(maxsize=128)
def lexer_for(language: str) -> Lexer | None:
    """The lexer for a fence's language, or None where there is none."""
    name = _NAMES.get(language.lower())
    found = find_lexer_class(name) if name else None
    if found is None:
        return None
    return found(startinline=True) if "php" in found.aliases else found()


@lru_cache(maxsize=8192)
def highlight(language: str, state: State, line: str) -> tuple[tuple[Span, ...], State]:
    """The spans of one line of code (no newline in it) and the state after it."""
    lexer = lexer_for(language)
    if lexer is None or len(line) > LONGEST_LINE:
        return (Span(line, "code"),), state
    parts: list[tuple[str, str]] = []
    state = _line(lexer, state, line, parts)
    return _merged(parts), state


def _merged(parts: list[tuple[str, str]]) -> tuple[Span, ...]:
    spans: list[Span] = []
    for text, kind in parts:
        text, role = text.replace("\n", ""), joined("code", kind)
        if spans and (spans[-1].role == role or not text.strip()):
            before = spans.pop()
            text, role = before.text + text, before.role
        if text:
            spans.append(Span(text, role))
    return tuple(spans)


def _line(lexer: Lexer, state: State, line: str, parts: list[tuple[str, str]]) -> State:
    if state.closer is not None:
        closer, kind = state.closer
        end = line.find(closer)
        if end < 0:
            parts.append((line, kind))
            return state
        end += len(closer)
        parts.append((line[:end], kind))
        return _line(lexer, State(state.context), line[end:], parts)
    tokens, context = _tokens(lexer, state.context, line + "\n")
    found = _unfinished(lexer, tokens, line)
    if found is None:
        parts.extend((text, _class_of(kind)) for _, kind, text in tokens)
        return State(context)
    at, closer, kind = found
    tokens, context = _tokens(lexer, state.context, line[:at])
    parts.extend((text, _class_of(token)) for _, token, text in tokens)
    parts.append((line[at:], kind))
    return State(context, (closer, kind))


RawToken = tuple[int, _TokenType, str]


def _unfinished(lexer: Lexer, tokens: list[RawToken], line: str) -> tuple[int, str, str] | None:
    """Where something starts in the line that the line does not end: (offset, closer, class)."""
    openers = next((_UNFINISHED[a] for a in lexer.aliases if a in _UNFINISHED), ())
    for at, kind, _ in tokens:
        if kind in String and kind not in String.Regex and kind is not String.Backtick:
            continue
        for opener, closer, name in openers:
            if line.startswith(opener, at) and line.find(closer, at + len(opener)) < 0:
                return at, closer, name
    return None


def _tokens(
    lexer: Lexer, context: tuple[Any, ...], text: str
) -> tuple[list[RawToken], tuple[Any, ...]]:
    """The tokens of a text read from a context, and the context after it."""
    try:
        tokens, after = _read_any(lexer, context, text)
    except Exception:  # a lexer's failure costs the colours of a line, nothing else
        return [(0, Token, text)], context
    if "".join(token[2] for token in tokens) != text:
        return [(0, Token, text)], context
    return tokens, after


def _read_any(
    lexer: Lexer, context: tuple[Any, ...], text: str
) -> tuple[list[RawToken], tuple[Any, ...]]:
    if isinstance(lexer, ExtendedRegexLexer):
        return _read_extended(lexer, context, text)
    if isinstance(lexer, RegexLexer):
        stack = list(context) or _first_stack(lexer)
        return list(_read(lexer, stack, text)), tuple(stack)
    return list(lexer.get_tokens_unprocessed(text)), ()


def _first_stack(lexer: RegexLexer) -> list[str]:
    return ["root", "php"] if getattr(lexer, "startinline", False) else ["root"]


def _read(lexer: RegexLexer, stack: list[str], text: str) -> Iterator[RawToken]:
    """RegexLexer.get_tokens_unprocessed, but the caller's stack holds the state at the end."""
    definitions: Any = lexer._tokens  # type: ignore[attr-defined]
    position = 0
    for _ in range(_most_steps(text)):
        if position >= len(text):
            return
        for matches, action, new_state in definitions[stack[-1]]:
            match = matches(text, position)
            if match is None:
                continue
            if type(action) is _TokenType:
                yield position, action, match.group()
            elif action is not None:
                yield from (token for token in action(lexer, match) if token[2])
            position = match.end()
            _move(stack, new_state)
            break
        else:
            if text[position] == "\n":
                stack[:] = ["root"]
            yield position, Whitespace if text[position] == "\n" else Error, text[position]
            position += 1


def _most_steps(text: str) -> int:
    """A bound for lexers that change state for ever without reading on."""
    return 1000 + 10 * len(text)


def _move(stack: list[str], new_state: Any) -> None:
    """Apply a state transition as Pygments writes it."""
    if new_state is None:
        return
    if isinstance(new_state, int):
        del stack[max(1, len(stack) - abs(new_state)) :]
        return
    for state in new_state if isinstance(new_state, tuple) else (new_state,):
        if state == "#pop":
            if len(stack) > 1:
                stack.pop()
        else:
            stack.append(stack[-1] if state == "#push" else state)


def _read_extended(
    lexer: ExtendedRegexLexer, context: tuple[Any, ...], text: str
) -> tuple[list[RawToken], tuple[Any, ...]]:
    here = _new_context(lexer, text)
    for name, value in context:
        setattr(here, name, list(value) if isinstance(value, tuple) else value)
    tokens = list(_read_with_context(lexer, here))
    kept = {k: v for k, v in vars(here).items() if k not in ("text", "pos", "end")}
    return tokens, tuple((k, tuple(v) if isinstance(v, list) else v) for k, v in kept.items())


def _read_with_context(lexer: ExtendedRegexLexer, here: LexerContext) -> Iterator[RawToken]:
    """ExtendedRegexLexer.get_tokens_unprocessed, but it stops where the text does: at its end,
    patterns that match nothing would leave the states that the next line starts in."""
    definitions: Any = lexer._tokens  # type: ignore[attr-defined]
    text = here.text
    for _ in range(_most_steps(text)):
        if here.pos >= here.end:
            return
        for matches, action, new_state in definitions[here.stack[-1]]:
            match = matches(text, here.pos, here.end)
            if match is None:
                continue
            if type(action) is _TokenType:
                yield here.pos, action, match.group()
                here.pos = match.end()
            elif action is not None:
                yield from (token for token in action(lexer, match, here) if token[2])
            _move(here.stack, new_state)
            break
        else:
            if text[here.pos] == "\n":
                here.stack[:] = ["root"]
            yield here.pos, Error, text[here.pos]
            here.pos += 1


def _new_context(lexer: ExtendedRegexLexer, text: str) -> LexerContext:
    if "yaml" in lexer.aliases:
        from pygments.lexers.data import YamlLexerContext

        return YamlLexerContext(text, 0)
    return LexerContext(text, 0)
