"""Everything that a person does with several models beside each other, in any order, over an engine
that says what each lane is told to: every lane stays on its own branch, through undo and redo too,
and is asked about nothing else."""

from __future__ import annotations

from collections.abc import Callable
from string import ascii_uppercase

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from mlxchat.conversation.conversation import Conversation
from mlxchat.errors import MlxchatError
from mlxchat.session.lane import Lane
from tests.conversation.expected import State, check_whole, state
from tests.scripted import ScriptedEngine
from tests.session.lanes import PIRATE, asked, compare, texts
from tests.sessions import ready_session

Branches = dict[Lane, list[str]]

WANTED = ("base", "same", "pirate@0.5", "poet", "poet@2")
numbers = st.integers(0, 999)


class LaneGestures(RuleBasedStateMachine):
    """One comparison after another. What each branch says is kept beside the session, and how that
    was after each step."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = ScriptedEngine()
        self.session = ready_session(self.engine)
        self.session.adapters = {"pirate": PIRATE, "poet": "/runs/4/adapters"}
        self.session.use_adapter("pirate")
        self.engine.adapter_ends()
        self.session.pump()
        self.said = 0
        self.branches: Branches = {}
        self.after: dict[int, Branches] = {}
        """The branches after each step, by how many there were then."""
        self.left: list[tuple[Conversation, State]] = []
        """Conversations that were left, as they were."""

    @property
    def main(self) -> list[str]:
        return self.branches[self.session.lanes[0]]

    def something(self, what: str) -> str:
        """A text that is said once."""
        self.said += 1
        return f"{what}{self.said}"

    def note_step(self) -> None:
        """The branches are these where the steps are as many as now."""
        steps = self.session.conversation.steps_done
        if not self.session.conversation.steps_undone:  # a gesture that changes nothing leaves them
            self.after = {n: kept for n, kept in self.after.items() if n < steps}
        self.after[steps] = {lane: [*said] for lane, said in self.branches.items()}

    def open(self, wanted: str) -> None:
        """Open a lane: it begins where the conversation is."""
        if not self.session.comparing:
            self.after.clear()
            self.branches.clear()
        compare(self.session, self.engine, wanted)
        self.session.conversation.overflow = "window"
        said = [entry.text for entry in self.session.conversation.entries]
        for lane in self.session.lanes:
            self.branches.setdefault(lane, [*said])
        steps = self.session.conversation.steps_done
        self.after.setdefault(steps, {}).update({n: [*s] for n, s in self.branches.items()})

    def do(self, gesture: Callable[[], object]) -> bool:
        """Whether it was done; refused, it does nothing."""
        before = state(self.session.conversation)
        try:
            gesture()
        except MlxchatError:
            assert state(self.session.conversation) == before
            return False
        self.note_step()
        return True

    def answer(self, stopped: bool) -> None:
        """Each lane says something of its own; stopped, those that had begun keep that."""
        for lane in self.session.lanes:
            text = self.something(f"{lane.words}-")
            self.engine.turn_to(lane.number)
            self.engine.begin()
            self.engine.say(text)
            self.engine.finish("cancelled" if stopped else "stop")
            self.branches[lane].append(text)
        if stopped:
            self.session.stop()
        self.session.pump()

    # Lanes

    @initialize(wanted=st.sampled_from(WANTED))
    def begin(self, wanted: str) -> None:
        self.open(wanted)

    @rule(wanted=st.sampled_from(WANTED))
    def open_another(self, wanted: str) -> None:
        if len(self.session.lanes) < 4:
            self.open(wanted)

    @rule(number=numbers, wanted=st.sampled_from(WANTED))
    def close(self, number: int, wanted: str) -> None:
        others = self.session.lanes[1:]
        closed = others[number % len(others)]
        self.session.close_lane(closed.number)
        del self.branches[closed]
        if not self.session.comparing:
            self.open(wanted)

    @rule(wanted=st.sampled_from(WANTED))
    def close_all(self, wanted: str) -> None:
        shown = self.main
        self.session.close_lanes()
        assert [entry.text for entry in self.session.conversation.entries] == shown
        self.open(wanted)

    # Turns

    @rule(stopped=st.booleans())
    def send(self, stopped: bool) -> None:
        text = self.something("said")
        assert not self.session.busy
        self.session.send(text)
        for lane in self.session.lanes:
            self.branches[lane].append(text)
        self.check_asked()
        self.answer(stopped)
        self.note_step()

    @rule()
    def retry(self) -> None:
        if not self.session.conversation.entries:
            return
        replied = [lane.reply is not None for lane in self.session.lanes]
        self.session.retry()
        for lane, again in zip(self.session.lanes, replied, strict=True):
            if again:
                self.branches[lane].pop()
        self.check_asked()
        self.answer(stopped=False)
        self.note_step()

    def check_asked(self) -> None:
        """Each lane is asked about its own branch, and with its own adapter."""
        for lane, request in zip(self.session.lanes, asked(self.engine), strict=True):
            said = [message.content for message in request.messages if message.role != "system"]
            assert said == self.branches[lane]
            assert (request.lane, request.adapter) == (lane.number, lane.model.adapter)
            assert request.settings == lane.settings

    # What is done to them

    @rule(number=numbers | st.none())
    def vote(self, number: int | None) -> None:
        lanes = self.session.lanes
        winner = None if number is None else lanes[number % len(lanes)]
        if self.do(lambda: self.session.vote(winner)):
            assert self.session.voted
            assert not self.session.hidden

    @rule(number=numbers)
    def rate(self, number: int) -> None:
        node = self.session.lanes[number % len(self.session.lanes)].tip
        if node.entry is not None:
            assert self.do(lambda: self.session.rate(node, "good"))

    @rule(text=st.sampled_from(["", "Be brief.", "Be long."]))
    def change_system(self, text: str) -> None:
        assert self.do(lambda: self.session.set_system(text))

    @rule(number=numbers, temp=st.sampled_from([0.0, 0.7, 1.3]))
    def change_settings(self, number: int, temp: float) -> None:
        lane = self.session.lanes[number % len(self.session.lanes)]
        if lane.number and temp:
            self.session.own_settings(lane)
        self.session.change_lane(lane, lane.settings.with_value("temp", temp))

    @rule()
    def switch_blind(self) -> None:
        self.session.blind = not self.session.blind

    # Back and forth

    @rule()
    def undo(self) -> None:
        if self.went(self.session.undo_step):
            kept = self.after[self.session.conversation.steps_done]
            main = kept[self.session.lanes[0]]  # for lanes that there were not then
            self.branches = {lane: [*kept.get(lane, main)] for lane in self.session.lanes}

    @rule()
    def redo(self) -> None:
        if self.went(self.session.redo_step):
            kept = self.after[self.session.conversation.steps_done]
            self.branches = {lane: [*kept.get(lane, said)] for lane, said in self.branches.items()}

    def went(self, back_or_forth: Callable[[], str | None]) -> bool:
        """Whether there was a step; refused, where one is older than the comparison."""
        before = state(self.session.conversation)
        try:
            return back_or_forth() is not None
        except MlxchatError as error:
            assert "before the comparison" in str(error)
            assert state(self.session.conversation) == before
            return False

    @rule()
    def clear(self) -> None:
        self.left.append((self.session.conversation, state(self.session.conversation)))
        self.session.clear()
        self.session.conversation.overflow = "window"
        self.branches = {lane: [] for lane in self.session.lanes}
        self.after.clear()
        self.note_step()

    # What holds

    @invariant()
    def each_lane_is_on_its_own_branch(self) -> None:
        assert {lane: texts(lane) for lane in self.session.lanes} == self.branches
        shown = [entry.text for entry in self.session.conversation.entries]
        assert not self.branches or shown == self.main

    @invariant()
    def the_tree_is_whole(self) -> None:
        check_whole(self.session.conversation)

    @invariant()
    def names_tell_nothing_while_they_are_hidden(self) -> None:
        session = self.session
        assert sorted(session.order) == [lane.number for lane in session.lanes]
        if session.hidden:
            names = [session.name_of_lane(session.lane(number)) for number in session.order]
            assert names == [*ascii_uppercase[: len(names)]]

    def teardown(self) -> None:
        for conversation, before in self.left:
            assert state(conversation) == before


def test_any_gestures_of_a_comparison_in_any_order():
    few = settings(
        max_examples=150,
        stateful_step_count=30,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
    )
    run_state_machine_as_test(LaneGestures, settings=few)
