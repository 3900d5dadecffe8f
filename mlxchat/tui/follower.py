"""Shows on the screen what the engine does."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from mlxchat.conversation.entries import Reply
from mlxchat.conversation.node import Node
from mlxchat.conversation.replay import verdict
from mlxchat.conversation.summary import load_status, reply_label
from mlxchat.conversation.token_words import spelled
from mlxchat.engine.interface import (
    BesideFailed,
    Event,
    Loaded,
    LoadedBeside,
    LoadFailed,
    LoadProgress,
)
from mlxchat.session.again import LOAD_AGAIN
from mlxchat.session.chat import ChatSession
from mlxchat.session.column import Column
from mlxchat.session.made_from import made_from_words
from mlxchat.tui.reply_follower import ReplyFollower
from mlxchat.tui.transcript.transcript import EntryHeader, Transcript
from mlxchat.tui.widgets.lane_title import LaneTitle
from mlxchat.tui.widgets.title_bar import TitleBar


class Follower(ReplyFollower):
    """Takes the session's events to the transcript and the title bar, and those of the lanes
    beside it to theirs."""

    def __init__(self, session: ChatSession, transcript: Transcript, title: TitleBar) -> None:
        super().__init__(session, transcript, title, Column(session))
        self._bar = title
        self._beside: dict[int, ReplyFollower] = {}
        """The followers of the other lanes, by the lane's number."""

    # Lanes

    def follow_lane(self, number: int, transcript: Transcript, title: LaneTitle) -> None:
        """Take what a lane writes to a transcript of its own, and show there what it has."""
        column = Column(self._session, number)
        self._beside[number] = ReplyFollower(self._session, transcript, title, column)
        self._beside[number].path.show()

    def keep_lanes(self, numbers: Collection[int]) -> None:
        """The other lanes are gone."""
        self._beside = {n: follower for n, follower in self._beside.items() if n in numbers}

    def begin_reply(self) -> None:
        """Make room for the replies that were asked for, and go to them."""
        super().begin_reply()
        for follower in self._beside.values():
            follower.begin_reply()

    def show_path(self) -> None:
        """Show the messages as they are now, in every lane."""
        for follower in self._all:
            follower.path.show()

    def show_anew(self) -> None:
        """Show the messages of every lane from nothing: what may be told of them is another."""
        for follower in self._all:
            follower.path.show_anew()

    def refresh(self, node: Node) -> None:
        """Show what has changed about a message beside its text, and how many versions the others
        in its place have."""
        for follower in self._all:
            follower.path.refresh(node)

    @property
    def _all(self) -> list[ReplyFollower]:
        return [self, *self._beside.values()]

    # Events

    def begin_replay(self) -> None:
        """Make room for the replay that was asked for."""
        self._transcript.add_notice("The last reply once more, with its own settings and seed:")
        self.begin_reply()

    def show(self, events: Iterable[Event]) -> list[Event]:
        """Show events; the text of many tokens goes to the transcript at once."""
        shown: list[Event] = []
        for event in events:
            shown.append(event)
            self._of(event).take(event)
        for follower in self._all:
            follower.flush()
        if self._session.state != "loading":
            self._bar.activity = ""  # a lane that was closed while it loaded tells no end
        return shown

    def _of(self, event: Event) -> ReplyFollower:
        """The follower of the lane that an event tells of."""
        lane = self._session.lane_of(event) if self._beside else None
        return self if lane is None else self._beside.get(lane.number, self)

    def take(self, event: Event) -> None:
        """Show an event, of the model too."""
        super().take(event)
        match event:
            case LoadProgress():
                self._bar.activity = load_status(event)
            case Loaded():
                self._loaded()
            case LoadedBeside() | BesideFailed():
                self._bar.activity = ""
            case LoadFailed():
                self._bar.activity = ""
                self._transcript.add_notice(
                    event.message, "information" if event.cancelled else "error"
                )
                if self._session.again.spec is not None:
                    self._transcript.add_notice(LOAD_AGAIN)

    def _loaded(self) -> None:
        info = self._session.info
        if info is None:
            return
        self._bar.activity = ""
        self._bar.model = info.name
        self._bar.adapter = self._session.adapter_words
        self._bar.context_limit = info.context_limit
        for note in (*info.notes, *self._session.vain_flags, made_from_words(info)):
            if note:
                self._transcript.add_notice(note)

    # Replays

    def _begin_entry(self, reply: Reply) -> int:
        if self._session.replayed is None:
            return super()._begin_entry(reply)
        info = self._session.info
        return self._transcript.begin_reply(
            EntryHeader(reply.model, reply_label(reply), "replay"),
            aside=True,
            open_reasoning=reply.opens_in_thought,
            think_tags=info.think_tags if info else None,
            reply=reply,
        )

    def _settle_header(self, entry: int, reply: Reply) -> None:
        if self._session.replayed is None:
            super()._settle_header(entry, reply)
        else:
            self._transcript.set_header(entry, EntryHeader(reply.model, branch="replay"))

    def _footer(self, reply: Reply) -> str:
        """What the reply cost; of a replay first whether it came out the same."""
        cost, original = super()._footer(reply), self._session.replayed
        return f"{verdict(original, reply, self._token_name)} · {cost}" if original else cost

    def _token_name(self, token_id: int) -> str:
        return spelled(self._session.engine.token_bytes(token_id).decode(errors="replace"))
