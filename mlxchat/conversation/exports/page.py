"""Conversations as one HTML page that needs nothing else: no script, no network.

Replies show their tokens in the colours and lines of how surprising they were, or their text; a
choice at the top says which, in CSS alone. Pointing at a token tells what was recorded of it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files

from mlxchat.conversation.entries import Reply
from mlxchat.conversation.exports.chat import (
    Chat,
    Exported,
    Options,
    counted,
    damage_in,
    one_line,
    title_of,
)
from mlxchat.conversation.exports.markdown import BY_HAND, sections
from mlxchat.conversation.exports.page_text import markdown_html, plain_html
from mlxchat.conversation.exports.page_tokens import Names, names_of, tokens_html
from mlxchat.conversation.exports.tree_json import chosen
from mlxchat.conversation.node import Node
from mlxchat.conversation.summary import reply_footer
from mlxchat.conversation.surprise import LEGENDS, MEASURES

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
LEVELS = range(5)


def write_html(chats: Sequence[Chat], options: Options) -> Exported:
    """The path that is shown, or all branches, in a page."""
    kept = chosen(chats, options)
    every = options.branches or options.only is not None
    replies = [
        node.entry for chat in kept for node in chat.conversation.nodes()
        if isinstance(node.entry, Reply)
    ]  # fmt: skip
    names = names_of(replies, options.names)
    parts = [part for place, chat in enumerate(kept) for part in _chat(chat, place, every, names)]
    title = title_of(kept[0]) if len(kept) == 1 else counted(len(kept), "conversation")
    choice = _choice() if any(map(_has_tokens, replies)) else ""
    text = "\n".join([*_head(title), choice, "<main>", *parts, "</main>", "</body>", "</html>", ""])
    return Exported(text, counted(len(kept), "conversation"), damage_in(kept))


def _head(title: str) -> list[str]:
    style = (files(__package__) / "page.css").read_text("utf-8") + _level_rules()
    return [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        f"<title>{escape(title)}</title>",
        f"<style>\n{style}</style>",
        "</head>",
        "<body>",
    ]


def _level_rules() -> str:
    """Each level's look, for the measure that is chosen."""
    rules = []
    for level in LEVELS:
        chosen_ones = [f"body:has(#{m}:checked) .{m[0]}{level}" for m in MEASURES]
        look = f"background: var(--level-{level}); text-decoration: var(--line-{level});"
        rules.append(f"{', '.join(chosen_ones)} {{ {look} }}\n")
    rules += [f"body:has(#{m}:checked) .legend.{m} {{ display: inline; }}\n" for m in MEASURES]
    return "".join(rules)


def _choice() -> str:
    """The choice of what replies show, with the legend of each measure."""
    parts = []
    for name in (*MEASURES, "text"):
        checked = " checked" if name == MEASURES[0] else ""
        parts.append(f'<label><input type="radio" name="view" id="{name}"{checked}> {name}</label>')
    for measure in MEASURES:
        keys = [
            f'<span class="{measure[0]}{level}">{escape(legend)}</span>'
            for level, legend in enumerate(LEGENDS[measure])
        ]
        parts.append(f'<span class="legend {measure}">{" ".join(keys)}</span>')
    return '<form class="view">\n' + "\n".join(parts) + "\n</form>"


def _chat(chat: Chat, place: int, every: bool, names: Names) -> Iterator[str]:
    root = chat.conversation.root
    began = time.strftime("%Y-%m-%d %H:%M", time.localtime(root.created))
    yield f'<section>\n<h1>{escape(title_of(chat))}</h1>\n<p class="began">{began}</p>'
    if root.system:
        yield _aside("System prompt", root.system)
    numbers = {root: 0}
    for section in sections(chat.conversation, every):
        parent = section[0].parent
        if parent is not None:
            number = numbers[parent]
            link = f'<a href="#c{place}m{number}">message {number}</a>' if number else "the start"
            yield f'<h2 class="branch">Another branch, after {link}</h2>'
        for node in section:
            if node.parent is not None:
                numbers[node] = len(numbers)
                yield _message(node, place, numbers[node], names)
    yield "</section>"


def _message(node: Node, place: int, number: int, names: Names) -> str:
    entry = node.entry
    assert entry is not None
    is_reply = isinstance(entry, Reply)
    who = one_line(entry.model) if isinstance(entry, Reply) else "You"
    parts = [
        f'<article id="c{place}m{number}" class="{"reply" if is_reply else "user"}" dir="auto">',
        f"<h3>{escape(who)} <small>{_marks(node, number)}</small></h3>",
    ]
    if isinstance(entry, Reply):
        parts += _reply(entry, names)
    else:
        parts.append(f'<div class="said">{plain_html(entry.text)}</div>')
    if node.note:
        parts.append(_aside("Note", node.note))
    if node.system is not None:
        parts.append(_aside("System prompt from here on", node.system))
    return "\n".join([*parts, "</article>"])


def _marks(node: Node, number: int) -> str:
    """A message's number, its version, its rating and what a vote said of it."""
    marks = [str(number)]
    versions = node.parent.versions if node.parent else []
    if len(versions) > 1:
        marks.append(f"version {versions.index(node) + 1} of {len(versions)}")
    if node.rating:
        marks.append(f'<b class="{node.rating}">{"+" if node.rating == "good" else "−"} '
                     f"{node.rating}</b>")  # fmt: skip
    if node.vote:
        name = one_line(node.vote.lane)
        marks.append(f"vote: {escape(f'{node.vote.text}, as {name}' if name else node.vote.text)}")
    return " · ".join(marks)


def _reply(reply: Reply, names: Names) -> list[str]:
    parts = []
    if _has_tokens(reply):
        parts.append(f'<div class="tokens">{tokens_html(reply, names)}</div>')
    alone = "" if _has_tokens(reply) else " alone"
    parts.append(f'<div class="text{alone}">{markdown_html(reply.text)}</div>')
    lines = [BY_HAND] if reply.edited else reply_footer(reply).split("\n")
    lines += [f"Failed: {reply.failure}"] if reply.failure else []
    parts.append(f"<footer>{'<br>'.join(escape(one_line(line)) for line in lines)}</footer>")
    return parts


def _has_tokens(reply: Reply) -> bool:
    return bool(reply.tokens) and not reply.damage


def _aside(name: str, text: str) -> str:
    return f'<aside><h4>{name}</h4><div class="said">{plain_html(text)}</div></aside>'
