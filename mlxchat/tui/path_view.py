"""Shows the path of the conversation: an entry of the transcript for each message."""

from __future__ import annotations

from mlxchat.conversation.entries import Reply, UserMessage
from mlxchat.conversation.node import Node
from mlxchat.conversation.rows import out_of_sight
from mlxchat.conversation.summary import rating_mark, reply_label
from mlxchat.session.chat import ChatSession
from mlxchat.session.column import Column
from mlxchat.tui.transcript.entries import Entry
from mlxchat.tui.transcript.transcript import EntryHeader, ReplyEntry, Transcript, UserEntry


class PathView:
    """Keeps the transcript's messages those of the path that is shown. Notices and replays between
    them stay as long as the messages before them do."""

    def __init__(self, session: ChatSession, transcript: Transcript, column: Column) -> None:
        self._session = session
        self._transcript = transcript
        self._column = column

    def show(self, *, writing: bool = False) -> None:
        """Show the path as it is now; with `writing` also the reply that is about to be written."""
        path = self._column.nodes
        if path and not writing and _unfinished(path[-1]):
            path = path[:-1]
        kept = self._keep(path)
        self._transcript.add([self._entry(node) for node in path[kept:]])
        self.dim()

    def show_anew(self) -> None:
        """Show the path from nothing, without the notices between its messages."""
        self._transcript.clear()
        self._transcript.following = True
        self.show()

    def dim(self) -> None:
        """Show which messages are out of the model's sight. It looks at all of them: not to be
        done for each token."""
        self._transcript.dim(set(out_of_sight(self._column.nodes)))

    def _keep(self, path: list[Node]) -> int:
        """Cut the transcript where it shows another path; how many messages are left."""
        kept = 0
        for entry in self._transcript.entries:
            if entry.node is None:
                continue
            if kept == len(path) or entry.node is not path[kept] or not _shows(entry, path[kept]):
                self._transcript.remove_from(entry.id)
                break
            self._refresh(entry)
            kept += 1
        return kept

    def refresh(self, node: Node) -> None:
        """Show what has changed about a message beside its text."""
        for entry in self._transcript.entries:
            if entry.node is node:
                self._refresh(entry)

    def header(self, node: Node) -> EntryHeader:
        """The line above a message; while a reply is written, with what it is drawn with."""
        name, label, branch = "You", "", node.version.text
        rating, note = rating_mark(node.rating), _note(node.note)
        if isinstance(node.entry, Reply):
            name = self._column.writer(node.entry)
            label = reply_label(node.entry) if node.entry.reason is None else ""
        if self._column.alias:
            label = branch = ""  # which version it is would tell which lane it is
            if not self._column.is_last(node):
                rating = note = ""  # given when it was known which lane it is
        return EntryHeader(name, label, branch, rating, note)

    def _refresh(self, entry: Entry) -> None:
        if entry.node is not None and isinstance(entry, ReplyEntry | UserEntry):
            header = self.header(entry.node)
            if header != entry.header:
                self._transcript.set_header(entry.id, header)

    def _entry(self, node: Node) -> Entry:
        message, header = node.entry, self.header(node)
        entry: Entry
        if isinstance(message, Reply):
            entry = self._reply_entry(message, header, node)
        else:
            assert message is not None
            entry = UserEntry(message.text, header)
        entry.node = node
        return entry

    def _reply_entry(self, reply: Reply, header: EntryHeader, node: Node) -> ReplyEntry:
        info, written = self._session.info, reply.reason is not None
        footer = self._column.footer(reply, node) if reply.reason != "failed" else "broke off"
        return ReplyEntry(
            header,
            reply.text if written else "",
            footer if written else "",
            open_reasoning=reply.opens_in_thought,
            think_tags=info.think_tags if info else None,
            finished=written,
            reply=reply,
        )


def _shows(entry: Entry, node: Node) -> bool:
    """Whether an entry shows what the message says, before and after an edit in its place."""
    if isinstance(entry, ReplyEntry):
        return entry.reply is node.entry
    return isinstance(node.entry, UserMessage) and entry.text == node.entry.text


def _unfinished(node: Node) -> bool:
    return isinstance(node.entry, Reply) and node.entry.reason is None


def _note(text: str) -> str:
    return f"note: {text}" if text else ""
