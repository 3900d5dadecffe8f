"""Conversations as Markdown that is made to be read, and that `markdown_reading` reads again.

    # Title

    <!-- mlxchat conversation -->

    ## System prompt

    > Be brief.

    ## 1. You

    > What is the capital of France?

    ## 2. Assistant: SmolLM2-135M-Instruct (version 2 of 3)

    > Paris.

    - 128 tok · 41.2 tok/s · first 0.21 s · 412 in cache, 18 read
    - SmolLM2-135M-Instruct · temp 0.70 · seed 21
    - Rated good

    Note:

    > Too short.

What was said stands in quotes. So a heading or a fence in it, closed or not, ends where it does,
and each line can be told from ours. Another system prompt follows the message from which on it
holds. Other branches follow the path that is shown, each under `## Branch after message 1`. Control
characters and the like are made visible.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import Reply
from mlxchat.conversation.exports.chat import (
    Chat,
    Exported,
    Options,
    counted,
    one_line,
    title_of,
)
from mlxchat.conversation.exports.tree_json import chosen
from mlxchat.conversation.node import Node
from mlxchat.conversation.plain import whole
from mlxchat.conversation.summary import reply_footer
from mlxchat.conversation.vote import Vote
from mlxchat.render.safe import visible

MARK = "<!-- mlxchat conversation -->"
SYSTEM = "## System prompt"
BRANCH = "## Branch after message"
YOU, ASSISTANT = "You", "Assistant"
RATED, VOTED, NOTE = "- Rated", "- Voted", "Note:"
SYSTEM_UNDER = "System prompt from this message on:"
SYSTEM_AFTER = "System prompt after this message:"
BY_HAND = "Written or changed by hand"
FAILED = "Failed:"
SPECIAL = re.compile(r"[\\`*\[\]<>#|~&]|(?<!\w)_|_(?!\w)")


def write_markdown(chats: Sequence[Chat], options: Options) -> Exported:
    """The path that is shown, or all branches."""
    kept = chosen(chats, options)
    every = options.branches or options.only is not None
    text = "\n\n".join("\n\n".join(_chat(chat, every)) for chat in kept) + "\n"
    return Exported(text, counted(len(kept), "conversation"))


def quoted(text: str) -> str:
    """The text as a quote, each line of it."""
    lines = safe(text).split("\n")
    return "\n".join(f"> {line}" if line else ">" for line in lines)


def safe(text: str) -> str:
    """The text with what could not be seen made visible; tabs stay."""
    return "\t".join(visible(part) for part in whole(text).split("\t"))


def escaped(text: str) -> str:
    """A text of one line that is nothing but text in Markdown."""
    return SPECIAL.sub(r"\\\g<0>", one_line(text))


def sections(conversation: Conversation, every: bool) -> Iterator[list[Node]]:
    """The path that is shown; then, if wanted, each other branch, from the message that it begins
    with to the end of what is shown of it."""
    waiting = [[conversation.root, *conversation.path]]
    while waiting:
        section = waiting.pop(0)
        yield section
        for place in section if every else ():
            others = [node for node in place.versions if node is not place.shown]
            waiting += [_onwards(node) for node in others]


def _onwards(node: Node) -> list[Node]:
    line = [node]
    while line[-1].shown is not None:
        line.append(line[-1].shown)
    return line


def _chat(chat: Chat, every: bool) -> Iterator[str]:
    root = chat.conversation.root
    yield f"# {escaped(title_of(chat))}"
    yield MARK
    if root.system:
        yield from (SYSTEM, quoted(root.system))
    numbers = {root: 0}
    for section in sections(chat.conversation, every):
        parent = section[0].parent
        if parent is not None:
            yield f"{BRANCH} {numbers[parent]}"
        for node in section:
            if node.parent is not None:
                numbers[node] = len(numbers)
                yield from _message(node, numbers[node])


def _message(node: Node, number: int) -> Iterator[str]:
    entry = node.entry
    assert entry is not None
    yield f"## {number}. {_who(node)}{_version(node)}"
    yield quoted(entry.text)
    lines = _footer(entry) if isinstance(entry, Reply) else []
    lines += [f"{RATED} {node.rating}"] if node.rating else []
    lines += [_vote(node.vote)] if node.vote else []
    if lines:
        yield "\n".join(lines)
    if node.note:
        yield from (NOTE, quoted(node.note))
    if node.system is not None:
        under = isinstance(entry, Reply) and entry.system == node.system
        yield from (SYSTEM_UNDER if under else SYSTEM_AFTER, quoted(node.system))


def _vote(vote: Vote) -> str:
    """`- Voted won, blind: pirate | among base | pirate`; a bar within a name is escaped."""
    names = " | ".join(escaped(name) for name in vote.among)
    return f"{VOTED} {vote.text}: {escaped(vote.lane)} | among {names}"


def _who(node: Node) -> str:
    if isinstance(node.entry, Reply):
        name = escaped(node.entry.model).replace("(version", r"\(version")
        return f"{ASSISTANT}: {name}"
    return YOU


def _version(node: Node) -> str:
    versions = node.parent.versions if node.parent else []
    return f" (version {versions.index(node) + 1} of {len(versions)})" if len(versions) > 1 else ""


def _footer(reply: Reply) -> list[str]:
    lines = reply_footer(reply).split("\n") if not reply.edited else [BY_HAND]
    lines += [f"{FAILED} {reply.failure}"] if reply.failure else []
    return [f"- {escaped(line)}" for line in lines]
