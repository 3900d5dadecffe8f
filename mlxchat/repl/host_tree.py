"""What the REPL does with replies and the tree of the conversation."""

from __future__ import annotations

from mlxchat.commands.tree import (
    BEGINS_SO,
    DELETED,
    FORKED,
    ONE_VERSION,
    meant,
    rate,
    redo,
    undo,
    write_version,
)
from mlxchat.conversation.entries import Reply, UserMessage
from mlxchat.conversation.node import Node, Rating
from mlxchat.conversation.outline import OutlineLine, outline
from mlxchat.conversation.summary import rating_mark
from mlxchat.errors import MlxchatError
from mlxchat.render.one_line import first_words
from mlxchat.repl.host_settings import SettingsHost
from mlxchat.repl.page import Item

MOST_DEPTH = 8
"""Forks that the map moves a branch in for."""
RATED: dict[Rating | None, str] = {
    "good": "Rated good.",
    "bad": "Rated bad.",
    None: "Not rated any more.",
}


class TreeHost(SettingsHost):
    """The part of the Host that is about messages."""

    # Replies

    def retry(self) -> None:
        """Write the picked reply again, or the last one, as another version; or where nothing was
        said, ask again for a model that was not there."""
        if not self.session.conversation.entries and self.session.load_again():
            return
        self.session.retry(self._picked_reply)
        self._version_begins()

    def continue_reply(self) -> None:
        """Go on where the picked reply was cut, or the last one."""
        self.session.continue_reply(self._picked_reply)
        self._version_begins()

    def prefill_reply(self, text: str) -> None:
        """Write another version of the last reply that begins so; or let the next one."""
        self.session.prefill_reply(text)
        if self.session.busy:
            self._version_begins()
        else:
            self.say(BEGINS_SO)

    def replay(self) -> None:
        """Write the last reply again with its own settings and seed, and compare."""
        self.session.replay()
        self.begin_reply()

    def _version_begins(self) -> None:
        self.picked = None
        self.begin_reply()

    # Versions

    def show_version(self, step: int) -> None:
        """Go to another version of the picked message, or of the last one that has several."""
        node = self._with_versions
        shown = self.session.show_version(node, step)
        if shown is not None:
            self.picked = None
            self.show_path(f"Version {shown.version.text}")
        elif step > 0:
            write_version(self.session, node)
            self._version_begins()
        else:
            raise MlxchatError("This is the first version: /newer goes the other way.")

    @property
    def _with_versions(self) -> Node:
        nodes = [self.picked] if self.picked is not None else self.column.nodes[::-1]
        found = next((node for node in nodes if node.version.count > 1), None)
        if found is None:
            raise MlxchatError(ONE_VERSION)
        return found

    # Changes of the tree

    def edit(self, text: str | None) -> None:
        """Let the picked message say something else, or the last thing that the person said."""
        node = meant(self.picked or self.session.conversation.last_user)
        if text is None:
            assert node.entry is not None
            mine = isinstance(node.entry, UserMessage)
            text = self.reader.answer("Your message:" if mine else "Reply:", node.entry.text)
        if text is None or not text.strip():
            self.say("Nothing is changed.")
            return
        self.session.edit(node, text)
        self.picked = None
        if self.session.busy:
            self.begin_reply()
        else:
            self.show_path("Edited")

    def delete(self) -> None:
        """Take the picked message away, or the last one."""
        tip = self.session.conversation.tip
        self.session.delete(meant(self.picked or (None if tip.entry is None else tip)))
        self.picked = None
        self.show_path(DELETED)

    def undo(self) -> None:
        """Take back what was done last to the conversation."""
        self._moved(undo(self.session))

    def redo(self) -> None:
        """Take back the last undo."""
        self._moved(redo(self.session))

    def _moved(self, did: str) -> None:
        self.picked = None
        self.show_path(did)

    def rate(self, rating: Rating | None) -> None:
        """Call the picked reply good or bad, or the last message; None: neither."""
        node = self._message_meant
        rate(self.session, node, rating)
        self.say(RATED[node.rating])

    def note(self, text: str | None) -> None:
        """Keep a note about the picked message, or the last one."""
        node = self._message_meant
        if text is None:
            text = self.reader.answer("Note:", node.note)
        if text is None:
            self.say("The note stays as it is.")
            return
        self.session.note(node, text)
        self.say("The note is kept." if text.strip() else "The note is gone.")

    def fork(self) -> None:
        """Go on in a new conversation that begins with what was said up to the picked message."""
        self.session.fork(self.picked)
        self.picked = None
        self.show_path(FORKED)

    # What is shown

    def show_map(self) -> None:
        """List the messages of every branch; the one that is chosen is gone to and picked."""
        lines = outline(self.session.conversation.root)
        if not lines:
            raise MlxchatError("Nothing was said yet.")
        here = self.picked or self.session.conversation.tip
        place = self.choose("Map", [_map_item(line, line.node is here) for line in lines])
        if isinstance(place, int):
            self.go_to(lines[place].node)

    def go_to(self, node: Node) -> None:
        """Go to a message anywhere in the tree, and let commands be about it."""
        self.session.show_node(node)
        self.picked = node
        self.show_path()
        self.remark(
            "/edit, /retry, /continue, /delete, /fork, /rate and /note are about this message "
            f"now: {first_words(node.entry.text if node.entry else '', 40)}"
        )

    # The message that is meant

    @property
    def _message_meant(self) -> Node:
        nodes = self.column.nodes
        return meant(self.picked or (nodes[-1] if nodes else None))

    @property
    def _picked_reply(self) -> Node | None:
        node = self.picked
        return node if node is not None and isinstance(node.entry, Reply) else None


def _map_item(line: OutlineLine, here: bool) -> Item:
    """The branch, who spoke, which version, how it was rated, and the first words."""
    entry = line.node.entry
    depth = min(line.depth, MOST_DEPTH)
    name = "model" if isinstance(entry, Reply) else "you"
    version = f"‹{line.number}/{line.count}›" if line.count > 1 else ""
    note = "note" if line.node.note else ""
    words = first_words(entry.text if entry else "", 60) or "(empty)"
    facts = [version, "" if line.on_path else "another branch", rating_mark(line.node.rating), note]
    details = " · ".join([fact for fact in facts if fact] + [words])
    return Item("  " * depth + name, details, here)
