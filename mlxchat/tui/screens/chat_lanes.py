"""What the chat screen does with the lanes of a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from mlxchat.commands.compare import (
    NOT_COMPARING,
    compare_word,
    in_order,
    letters,
    opened_words,
    run_blind,
    run_compare,
    run_lane,
    run_vote,
)  # fmt: skip
from mlxchat.conversation.entries import Reply
from mlxchat.conversation.node import Node
from mlxchat.conversation.token_body import named
from mlxchat.engine.interface import AdapterLoaded, BesideFailed, Event, LoadedBeside
from mlxchat.engine.samples import TokensScored
from mlxchat.errors import MlxchatError
from mlxchat.session.column import MAIN, Column
from mlxchat.session.lane import Lane
from mlxchat.session.other_view import other_view
from mlxchat.tui.differences import Differences, Shown
from mlxchat.tui.screens.chat_lane_list import LaneListScreen
from mlxchat.tui.screens.chat_lane_settings import LaneSettingsScreen
from mlxchat.tui.screens.chat_moved import MovedScreen
from mlxchat.tui.widgets.lane_columns import LaneColumns
from mlxchat.tui.widgets.lane_pane import LanePane
from mlxchat.tui.widgets.title_bar import TitleBar

WAITING = "This model answers your next\nmessage too."
LOADING = "This model is being loaded."


class LanesScreen(LaneListScreen, MovedScreen, LaneSettingsScreen):
    """A screen over a session whose messages other models can answer beside its own."""

    _differences: Differences
    _lined_up: tuple[Lane, ...] = ()
    """The lanes in the order of their columns, as they are shown."""
    _deals = 0
    """How many times they were dealt by then."""
    _hidden = False
    """Whether what is shown does not tell which lane is which."""
    _was_busy = False
    _alike = ""
    """What was said of lanes that answer alike."""

    # mlxchat.commands.host.Host

    def compare(self, argument: str) -> None:
        """Open a lane, or close them; empty opens the base where nothing is compared and there is
        one, and lets the person choose otherwise."""
        session = self.session
        word = compare_word(session, argument)
        if not word:
            self._pick_lane()
            return
        said = run_compare(session, word)
        self.show_lanes()
        if said or not any(lane.loading for lane in session.lanes):
            self.say(said or opened_words(session))

    def lane(self, argument: str) -> None:
        """Do something with the lane that gestures are meant for; empty goes to the next one."""
        lane = self._check_lane()
        if not argument:
            self._next_lane()
            return
        said = run_lane(self.session, lane, argument)
        self.show_lanes()
        self.show_settings()
        self.say(said)

    def vote(self, argument: str) -> None:
        """Say which lane's reply is best; empty opens the choice."""
        self._check_lane()
        if not argument:
            self._ask_vote()
            return
        said = run_vote(self.session, argument)
        self.show_lanes()
        self.follower.show_path()
        self.say(said)

    def blind(self) -> None:
        """Hide which lane is which until a vote, or show it."""
        self._check_lane()
        said = run_blind(self.session)
        self.show_lanes()
        self.say(said)

    def word_diff(self) -> None:
        """Underline in each reply what the other has not, or do not."""
        self._check_lane()
        self._differences.words = not self._differences.words
        self._differences.mark(self._shown)
        self.say(
            "Words that the other lane has not are underlined." if self._differences.words
            else "Words are not underlined any more."
        )  # fmt: skip

    # What is shown

    @property
    def columns(self) -> LaneColumns:
        """The columns of the lanes."""
        return self.query_one(LaneColumns)

    @property
    def looked_at_lane(self) -> Lane | None:
        """The lane that gestures are meant for; None where nothing is compared."""
        return Column(self.session, self.columns.active).lane

    def show_lanes(self) -> None:
        """Show the lanes as they are now: which there are, in which order, what each does."""
        session = self.session
        lanes = tuple(in_order(session))
        if lanes != self._lined_up:
            self._line_up(lanes)
            self._enter_first()
        elif session.deals != self._deals:
            self._enter_first()  # they were dealt as they stood
        self._deals = session.deals
        if session.hidden != self._hidden:
            self._hidden = session.hidden
            self._hide_lanes()
        if lanes:
            self._tell_lanes(lanes)
            self._tell_alike()
            if session.busy or self._was_busy:
                self._differences.mark(self._shown)
        self._was_busy = session.busy

    def _hide_lanes(self) -> None:
        """Which lane is which is hidden from now on, or shown."""
        self._enter_first()
        self.query_one(TitleBar).hidden = self._hidden
        self.follower.show_anew()
        self._differences.mark(self._shown)
        self.show_settings()

    def _enter_first(self) -> None:
        """Go to the first column where the lanes were dealt: the mark of the active one would stay
        with its lane."""
        if self.session.hidden:
            self.columns.active = self._lined_up[0].number

    def _line_up(self, lanes: tuple[Lane, ...]) -> None:
        """Other lanes are open, or they stand in another order."""
        before, self._lined_up = self._lined_up, lanes
        if not before:
            self._differences = Differences()
        self._differences.unmark(self._shown)
        kept = {lane.number for lane in lanes if lane in before}
        order = [lane.number for lane in lanes] or [MAIN]
        self.follower.keep_lanes(kept)
        for pane in self.columns.line_up(order, kept):
            self._follow(pane)
        self._differences.mark(self._shown)
        self.follower.path.show()  # its replies are headed by the name of its lane
        if not lanes:
            self._lanes_closed()
        self.show_settings()
        self.refresh_bindings()

    def _lanes_closed(self) -> None:
        self.transcript.placeholder = self.columns.main.placeholder
        if self.session.comparison_ended:
            self.transcript.add_notice(self.session.comparison_ended)

    def _show_conversation(self) -> None:
        """Another conversation is open: no lane has written in it."""
        for pane in self.columns.panes:
            pane.transcript.picked = None
            pane.title.speed = 0.0
        super()._show_conversation()

    def _moved_to(self, node: Node | None, did: str = "") -> None:
        """Another path is shown: what came back is marked again."""
        super()._moved_to(node, did)
        if self._lined_up:
            self._differences.mark(self._shown)

    def _follow(self, pane: LanePane) -> None:
        """Let a new pane show what its lane writes."""
        token_bytes = partial(
            self.session.engine.token_bytes, model=self.session.lane(pane.number).model.model
        )
        pane.transcript.look.name_of = lambda token_id: named(token_bytes(token_id))
        pane.transcript.look.others = self._others
        self.follower.follow_lane(pane.number, pane.transcript, pane.title)

    @property
    def _shown(self) -> list[Shown]:
        """The columns from the left."""
        return [
            Shown(Column(self.session, pane.number), pane.transcript) for pane in self.columns.panes
        ]

    def _tell_lanes(self, lanes: Sequence[Lane]) -> None:
        self.columns.name_lanes([self.session.name_of_lane(lane) for lane in lanes])
        for pane, lane in zip(self.columns.panes, lanes, strict=True):
            pane.title.state = "" if lane.state == "ready" else lane.state
            pane.title.notes = self._lane_notes(lane)
            pane.title.hidden = self.session.hidden
            pane.transcript.placeholder = LOADING if lane.loading else WAITING

    def _lane_notes(self, lane: Lane) -> tuple[str, ...]:
        """What else there is to know of a lane; of its settings only where no secret hangs on
        them."""
        own = lane.own is not None and not self.session.hidden
        seed = "own seed" if self.session.seeds_free else ""
        return tuple(filter(None, ["own settings" if own else "", seed]))

    def _inspect(self) -> None:
        """Ask what could come in the lane that gestures are meant for."""
        self.inspection.lane = self.looked_at_lane
        super()._inspect()

    def _tell_alike(self) -> None:
        """Say once that two lanes answer alike; not while which is which is hidden."""
        if self.session.hidden:
            return
        before, self._alike = self._alike, self.session.alike_words
        if self._alike and self._alike != before:
            self.transcript.add_notice(self._alike)

    # What happens

    def lane_event(self, event: Event) -> None:
        """Something happened that lanes have to do with."""
        if isinstance(event, BesideFailed):
            self.tell(event.message, "information" if event.cancelled else "error")
        elif isinstance(event, TokensScored):
            for pane in self.columns.panes:
                pane.transcript.repaint_tokens()
        elif isinstance(event, LoadedBeside | AdapterLoaded) and self.session.comparing:
            self.say(opened_words(self.session))
        self.refresh_bindings()

    def _tell_speed(self, speed: float) -> None:
        """The conversation's own lane is as fast as the title says."""
        self.columns.main.title.speed = speed

    def of_main(self, event: Event) -> bool:
        """Whether an event of a reply tells of the conversation's own lane."""
        lane = self.session.lane_of(event)
        return lane is None or lane.number == MAIN

    def _others(self, reply: Reply) -> tuple[float, ...]:
        """How probable the other lane finds each token of a reply, where that is known."""
        view = other_view(self.session, reply)
        return view.logprobs if view else ()

    def _next_lane(self) -> None:
        """Go to the next column, with the focus where it was in one."""
        in_pane = self.focused is not None and self.columns in self.focused.ancestors
        self.columns.step(1)
        if in_pane:
            self.call_after_refresh(self.looked_at.focus)

    def _check_lane(self) -> Lane:
        lane = self.looked_at_lane
        if lane is None:
            raise MlxchatError(NOT_COMPARING)
        return lane

    # Choices

    def _ask_vote(self) -> None:
        from mlxchat.tui.screens.vote_dialog import VoteDialog

        session = self.session
        lanes = in_order(session)
        names = [session.name_of_lane(lane) for lane in lanes]
        replies = [lane.reply.text if lane.reply else "" for lane in lanes]
        self.app.push_screen(VoteDialog(letters(session), names, replies), self._voted)

    def _voted(self, choice: str | None) -> None:
        if choice is not None:
            self._try(partial(self.vote, choice))
