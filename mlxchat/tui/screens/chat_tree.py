"""What the chat screen does with the tree of the conversation."""

from __future__ import annotations

from functools import partial

from textual import on
from textual.notifications import SeverityLevel

from mlxchat.commands.tree import (
    BEGINS_SO,
    DELETED,
    ONE_VERSION,
    meant,
    rate,
    redo,
    undo,
    write_version,
)
from mlxchat.conversation.entries import Reply, UserMessage
from mlxchat.conversation.node import Node, Rating
from mlxchat.errors import MlxchatError
from mlxchat.tui.follower import Follower
from mlxchat.tui.screens.chat_system import SystemScreen
from mlxchat.tui.screens.text_dialog import Choice, Drafts, TextDialog
from mlxchat.tui.transcript.transcript import Transcript
from mlxchat.tui.widgets.lane_columns import LaneColumns
from mlxchat.tui.widgets.message_editor_area import EditorArea

EDIT_CHOICES = (
    Choice("version", "as a new version", "ctrl+s"),
    Choice("place", "in its place", "ctrl+o"),
)
NOTE_CHOICES = (Choice("keep", "keep it", "ctrl+s"),)


class TreeScreen(SystemScreen):
    """A screen over a transcript that shows one path of the conversation's tree."""

    follower: Follower
    _drafts: Drafts
    """Edits of messages that were left unfinished."""
    _picks_version = False
    """Whether the version that is being written is one of a reply that was picked."""

    @property
    def transcript(self) -> Transcript:
        """The conversation on the screen."""
        return self.query_one(LaneColumns).main.transcript

    @property
    def looked_at(self) -> Transcript:
        """The transcript of the lane that gestures are meant for."""
        return self.query_one(LaneColumns).pane.transcript

    def tell(self, text: str, severity: SeverityLevel = "information") -> None:
        """Show below the conversation what there is to know; not there while it is hidden which
        lane is which, since it would stand in the conversation's own column."""
        if self.session.hidden:
            self.notify(text, severity=severity, markup=False)
        else:
            self.transcript.add_notice(text, severity)

    def run_command(self, name: str, argument: str = "") -> None:
        """Run a command of the registry; what it cannot do is said."""
        raise NotImplementedError

    # Replies

    def retry(self) -> None:
        """Write the picked reply again, or the last one, as another version; or where nothing was
        said, ask again for a model that was not there."""
        if not self.session.conversation.entries and self.session.load_again():
            return
        self.session.retry(self._picked_reply)
        self._begin_version()

    def continue_reply(self) -> None:
        """Go on where the picked reply ended, or the last one."""
        self.session.continue_reply(self._picked_reply)
        self._begin_version()

    def prefill_reply(self, text: str) -> None:
        """Write another version of the last reply that begins so; or let the next one."""
        self.session.prefill_reply(text)
        if self.session.busy:
            self._begin_version()
        else:
            self.say(BEGINS_SO)

    def _begin_version(self) -> None:
        """Another version of a message is going to be written in its place."""
        self._moved = ""
        self._picks_version = self._picked_reply is not None
        self.transcript.picked = None
        self.follower.begin_reply()
        self._show_system()
        self.refresh_bindings()

    def _version_written(self) -> None:
        """Pick it in place of the reply that it is a version of, if the keys mean messages still.
        Before, Escape would drop the pick instead of stopping the reply."""
        reply, view = self.session.current, self.transcript
        here = self.focused is view and view.picked is None and not view.walking
        if self._picks_version and here and reply is not None:
            view.picked = self.session.conversation.node_of(reply)
        self._picks_version = False

    # Versions

    def show_version(self, step: int) -> None:
        """Go to another version of the message in sight."""
        if not self.transcript.ask_version(step):
            raise MlxchatError(ONE_VERSION)

    @on(Transcript.VersionAsked)
    def _version_asked(self, message: Transcript.VersionAsked) -> None:
        self._try(partial(self._go_to_version, message.node, message.step))

    def _go_to_version(self, node: Node, step: int) -> None:
        if node not in self.session.conversation.path:
            return  # asked for twice before the first was shown
        shown = self.session.show_version(node, step)
        if shown is not None:
            self._moved_to(shown)
        elif step > 0:
            self._write_version(node)

    def _write_version(self, node: Node) -> None:
        """Write another version of a message that was at its last one."""
        write_version(self.session, node)
        self._begin_version()

    # Changes of the tree

    def edit(self, text: str | None) -> None:
        """Let the picked message say something else, or the last thing that the person said."""
        node = self._meant(self.session.conversation.last_user)
        if text is None:
            self._open_editor(node)
        else:
            self._edit(node, text, in_place=False)

    def _open_editor(self, node: Node) -> None:
        assert node.entry is not None
        dialog = TextDialog(
            "Your message" if isinstance(node.entry, UserMessage) else "The reply, in your words",
            node.entry.text, EDIT_CHOICES, drafts=self._drafts, about=("edit", node.id),
        )  # fmt: skip
        self.app.push_screen(dialog, lambda done: self._edited(node, done))

    def _edited(self, node: Node, done: tuple[str, str] | None) -> None:
        if done is not None:
            choice, text = done
            self._try(lambda: self._edit(node, text, in_place=choice == "place"))

    def _edit(self, node: Node, text: str, *, in_place: bool) -> None:
        self.session.edit(node, text, in_place=in_place)
        if self.session.busy:
            self._begin_version()
        else:
            self._moved_to(node if in_place else self.session.conversation.tip, "Edited")

    def delete(self) -> None:
        """Take the picked message away, or the last one."""
        tip = self.session.conversation.tip
        self.session.delete(self._meant(None if tip.entry is None else tip))
        self.transcript.picked = None
        self._moved_to(None, DELETED)

    def undo(self) -> None:
        """Take back what was done last to the conversation."""
        self._moved_to(None, undo(self.session))

    def redo(self) -> None:
        """Take back the last undo."""
        self._moved_to(None, redo(self.session))

    def rate(self, rating: Rating | None) -> None:
        """Call the picked reply good or bad, or the last message in sight; None: neither."""
        node = self._meant(self.looked_at.meant)
        rate(self.session, node, rating)
        self.follower.refresh(node)

    def note(self, text: str | None) -> None:
        """Keep a note about the picked message, or the last one in sight."""
        node = self._meant(self.looked_at.meant)
        if text is None:
            self._open_note(node)
        else:
            self._note(node, text)

    def _open_note(self, node: Node) -> None:
        about = ("note", node.id)
        dialog = TextDialog("Note", node.note, NOTE_CHOICES, drafts=self._drafts, about=about)
        self.app.push_screen(dialog, lambda done: self._noted(node, done))

    def _noted(self, node: Node, done: tuple[str, str] | None) -> None:
        if done is not None:
            self._note(node, done[1])

    def _note(self, node: Node, text: str) -> None:
        self.session.note(node, text)
        self.follower.refresh(node)

    # What is shown

    def show_map(self) -> None:
        """Show the tree of the conversation, to go somewhere in it."""
        from mlxchat.tui.screens.tree_map import TreeMap

        conversation = self.session.conversation
        self.app.push_screen(TreeMap(conversation.root, self.transcript.picked), self._gone_to)

    def _gone_to(self, node: Node | None) -> None:
        if node is not None and self._try(partial(self.go_to, node)):
            self.transcript.focus()  # the keys mean the message that is marked there

    def go_to(self, node: Node) -> None:
        """Go to a message anywhere in the tree; one that was taken away comes back."""
        gone = any(place.hidden for place in node.path())
        self.session.show_node(node)
        self._moved_to(node, "Brought back" if gone else "")
        self.transcript.bring(node)

    def _moved_to(self, node: Node | None, did: str = "") -> None:
        """Another path is shown, or the same with a change at a message."""
        self._moved = did or "Moved"
        at_end = node is None or node.shown is None
        self.transcript.following = self.transcript.following and at_end
        self.follower.show_path()
        self.transcript.unread = False  # what is below now was said before
        if node is not None and self.transcript.picked is not None:
            self.transcript.bring(node)
        self._show_system()
        self._ask_cost()
        self._inspect()
        self.refresh_bindings()

    @on(EditorArea.BeginningLeft)
    def _pick_from_message(self) -> None:
        """Pick the last message in sight, and let the keys mean it."""
        if not self.looked_at.walking:
            self.looked_at.action_pick(-1)
        if self.looked_at.entries:
            self.looked_at.focus()

    @on(Transcript.CommandWanted)
    def _command_wanted(self, message: Transcript.CommandWanted) -> None:
        self.run_command(message.name, message.argument)

    @on(Transcript.MenuWanted)
    def _menu_wanted(self) -> None:
        from mlxchat.tui.screens.message_menu import MessageMenu

        if (node := self.looked_at.picked) is not None:
            limits = self.session.info.limits if self.session.info else ()
            menu = MessageMenu(node, comparing=self.session.comparing, limits=limits)
            self.app.push_screen(menu, self._menu_chosen)

    def _menu_chosen(self, chosen: tuple[str, str] | None) -> None:
        if chosen is not None:
            self.looked_at.action_message(*chosen)

    # The message that is meant

    @property
    def _picked_reply(self) -> Node | None:
        node = self.transcript.picked
        return node if node is not None and isinstance(node.entry, Reply) else None

    def _meant(self, otherwise: Node | None) -> Node:
        return meant(self.looked_at.picked or otherwise)
