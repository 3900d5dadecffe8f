"""What the list of sessions shows: the lines of a session, and its preview."""

from __future__ import annotations

import re
import time

from textual.content import Content

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import Reply
from mlxchat.conversation.node import Node
from mlxchat.conversation.session_words import UNTITLED, model_name
from mlxchat.conversation.storage.sessions import SessionRow
from mlxchat.render.one_line import first_words, fitted
from mlxchat.render.safe import visible
from mlxchat.render.when import LONGEST, short_time
from mlxchat.tui.widgets.key_lines import Key

PINNED = "★"
WIDE, MIDDLE = 60, 44
"""Cells of a line from which the model, and the number of messages, stand in it."""
MODEL_WIDTH, COUNT_WIDTH = 14, 5
MOST_MESSAGES, MOST_CHARACTERS = 40, 600
"""What of a session its preview shows."""
RATINGS = {"good": "+", "bad": "−"}
MATCH = "bold underline $accent"


def session_lines(row: SessionRow, width: int, words: re.Pattern[str] | None) -> list[Content]:
    """Pin mark, title, model, number of messages and time; below them where words were found."""
    right = [f"{short_time(row.updated):>{LONGEST}}"]
    if width >= MIDDLE:
        right.insert(0, f"{row.messages:>{COUNT_WIDTH}}")
    if width >= WIDE:
        right.insert(0, fitted(model_name(row), MODEL_WIDTH))
    details = "  ".join(right)
    room = max(1, width - len(PINNED) - 1 - 2 - _cells(right))
    title = Content(fitted(first_words(row.title) or UNTITLED, room))
    pin = (f"{PINNED} ", "$accent") if row.pinned else "  "
    line = Content.assemble(pin, highlighted(title, words), "  ", (details, "$text-muted"))
    excerpt = highlighted(Content(f"  {first_words(row.excerpt)}"), words)
    return [line, excerpt.stylize_before("$text-muted")]


def _cells(parts: list[str]) -> int:
    widths = {3: MODEL_WIDTH + 2 + COUNT_WIDTH + 2 + LONGEST, 2: COUNT_WIDTH + 2 + LONGEST}
    return widths.get(len(parts), LONGEST)


def words_pattern(text: str) -> re.Pattern[str] | None:
    """What finds the words of a search; None where there are none."""
    words = sorted(set(text.split()), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, words)), re.IGNORECASE) if words else None


def highlighted(text: Content, words: re.Pattern[str] | None) -> Content:
    """A text with the words of a search in it made conspicuous."""
    for match in words.finditer(text.plain) if words else ():
        text = text.stylize(MATCH, *match.span())
    return text


def preview(row: SessionRow, conversation: Conversation, words: re.Pattern[str] | None) -> Content:
    """What a session is about: its title, where the words were found, and its first messages."""
    parts = [highlighted(Content.styled(visible(row.title) or UNTITLED, "bold $heading"), words)]
    parts.append(Content.styled(_facts(row), "$text-muted"))
    if row.excerpt:
        parts.append(highlighted(Content(f"\n“{first_words(row.excerpt, 400)}”"), words))
    system = conversation.system
    if system.strip():
        parts.append(Content.styled(f"\n{_shortened(system)}", "italic $text-muted"))
    path = conversation.path
    parts += [_message(node, words) for node in path[:MOST_MESSAGES]]
    if len(path) > MOST_MESSAGES:
        left = f"\n… {len(path) - MOST_MESSAGES} more messages"
        parts.append(Content.styled(left, "$text-muted"))
    return Content("\n").join(parts)


def _facts(row: SessionRow) -> str:
    began = time.strftime("%d %b %Y %H:%M", time.localtime(row.created))
    count = f"{row.messages} message{'' if row.messages == 1 else 's'}"
    facts = [f"#{row.number}", began, count, model_name(row), "deleted" if row.deleted else ""]
    return " · ".join(fact for fact in facts if fact)


def _message(node: Node, words: re.Pattern[str] | None) -> Content:
    entry = node.entry
    name, color = ("you", "$user-mark")
    if isinstance(entry, Reply):
        name, color = visible(entry.model.rpartition("/")[2]) or "model", "$assistant-mark"
    rating = f" {RATINGS[node.rating]}" if node.rating else ""
    note = f"\n✎ {_shortened(node.note)}" if node.note else ""
    text = highlighted(Content(_shortened(entry.text if entry else "")), words)
    return Content.assemble(
        "\n", (name, f"bold {color}"), (rating, "bold $accent"), "\n", text, (note, "$accent")
    )


def _shortened(text: str) -> str:
    text = text.strip()
    shown = visible(text[:MOST_CHARACTERS])
    return shown if len(text) <= MOST_CHARACTERS else f"{shown.rstrip()} …"


def search_keys(row: SessionRow | None) -> list[Key]:
    """The keys that work while one types what to look for."""
    keys = [Key("Enter", "open", "open"), Key("↑ ↓", "choose", "leave")] if row else []
    return [*keys, Key("Esc", "to the list", "leave")]


def session_keys(row: SessionRow | None, *, can_undo: bool) -> list[Key]:
    """The keys that work on the session under the cursor."""
    keys: list[Key] = []
    if row is not None and row.deleted:
        keys.append(Key("Enter", "bring back and open", "open"))
    elif row is not None:
        keys += [
            Key("Enter", "open", "open"),
            Key("r", "rename", "rename"),
            Key("p", "unpin" if row.pinned else "pin", "pin"),
            Key("d", "delete", "delete"),
        ]
    if can_undo or (row is not None and row.deleted):
        keys.append(Key("u", "bring back", "restore"))
    return [
        *keys,
        Key("n", "new", "new"),
        Key("/", "search", "search"),
        Key("f", "filter", "next_filter"),
        Key("Esc", "close", "leave"),
    ]
