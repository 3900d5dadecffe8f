"""The map of a conversation's tree, by keyboard and by mouse."""

from __future__ import annotations

import pytest

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import UserMessage
from mlxchat.conversation.node import Node
from mlxchat.tui.screens.tree_map import TreeMap
from tests.saved import reply, talk
from tests.tui.screen_person import SIZES, ScreenPerson, showing


def forked() -> tuple[Conversation, dict[str, Node]]:
    """Three answers to a question, the middle one with a branch of its own; one was deleted."""
    c = Conversation()
    nodes = {"q": c.add(UserMessage("Capital of France?"))}
    nodes["a1"] = c.add(reply("Paris one"))
    nodes["a2"] = c.add_version(nodes["a1"], reply("Paris two"))
    nodes["more"] = c.add(UserMessage("Tell me more"))
    nodes["m1"] = c.add(reply("More one"))
    nodes["m2"] = c.add_version(nodes["m1"], reply("More two"))
    nodes["gone"] = c.add_version(nodes["a1"], reply("A bad reply"))
    c.delete(nodes["gone"])
    nodes["a3"] = c.add_version(nodes["a1"], reply("Paris three"))
    nodes["bye"] = c.add(UserMessage("Thanks"))
    c.rate(nodes["a3"], "good")
    c.rate(nodes["m1"], "bad")
    c.note(nodes["m1"], "too short for the set")
    return c, nodes


def shown(person: ScreenPerson) -> list[Node]:
    return [line.node for line in person.app.screen._lines]


def cursor(person: ScreenPerson) -> Node | None:
    return person.app.screen._node


@pytest.mark.parametrize("size", SIZES)
async def test_it_fits_and_starts_where_one_stands(size):
    c, nodes = forked()
    async with showing(TreeMap(c.root), size) as person:
        assert person.fits(size)
        assert cursor(person) is nodes["bye"]
        screen = person.screen
        for text in ("◆ you   Thanks", "● model ‹3/3› + Paris three", "├╴○ model ‹1/3› Paris one",
                     "│ ├╴○ model ‹1/2› − ✎ More one", "│ ○ model ‹2/2› More two",
                     "Enter go there", "Esc close"):  # fmt: skip
            assert text in screen, text
        assert "A bad reply" not in screen


async def test_order_and_keys():
    c, n = forked()
    async with showing(TreeMap(c.root)) as person:
        order = ["q", "a1", "a2", "more", "m1", "m2", "a3", "bye"]
        assert shown(person) == [n[name] for name in order]
        await person.press("home")
        assert cursor(person) is n["q"]
        await person.press("down", "down")
        assert cursor(person) is n["a2"]
        await person.press("right")
        assert cursor(person) is n["a3"]
        await person.press("right")
        assert cursor(person) is n["a3"]
        await person.press("left", "left")
        assert cursor(person) is n["a1"]
        await person.press("end", "up", "enter")
        assert person.result is n["a3"]


async def test_a_click_goes_there_and_escape_nowhere():
    c, n = forked()
    async with showing(TreeMap(c.root)) as person:
        await person.click("More one")
        assert person.result is n["m1"]
    async with showing(TreeMap(c.root)) as person:
        await person.press("escape")
        assert person.result is None


async def test_deleted_ones_are_shown_on_demand():
    c, n = forked()
    async with showing(TreeMap(c.root, n["a3"])) as person:
        await person.press("h")
        assert "× model A bad reply" in person.screen
        assert cursor(person) is n["a3"]
        await person.press("left")
        assert cursor(person) is n["gone"]
        await person.click("hide deleted")
        assert n["gone"] not in shown(person)
        assert cursor(person) is n["q"]  # the nearest one before it


async def test_filters():
    c, n = forked()
    async with showing(TreeMap(c.root)) as person:
        await person.press("f")
        assert shown(person) == [n["m1"], n["a3"]]
        assert cursor(person) is n["a3"]
        await person.press("up")
        await person.click("show: rated")
        assert shown(person) == [n["m1"]]
        assert "✎ too short for the set" in person.screen
        await person.press("f")
        assert len(shown(person)) == 8
        assert cursor(person) is n["m1"]


async def test_an_empty_one_says_so():
    async with showing(TreeMap(Conversation().root)) as person:
        assert "Nothing was said yet" in person.screen
        await person.press("enter", "left", "f", "h", "down", "pagedown", "end")
        assert "No rated messages." in person.screen
        assert person.open


async def test_a_thousand_forks_deep_does_not_run_off_the_screen():
    c = Conversation()
    for number in range(1000):
        c.add(UserMessage(f"Question {number}"))
        answer = c.add(reply(f"Answer {number}"))
        c.add_version(answer, reply(f"Other answer {number}"))
    async with showing(TreeMap(c.root), (40, 15)) as person:
        assert "● model ‹2/2› Other answer 999" in person.screen.replace("◆", "●")
        assert person.app.screen.query_one("#box").border_subtitle == "3,000 of 3,000"
        await person.press("home")
        assert "● you   Question 0" in person.screen


async def test_branches_of_branches_keep_room_for_words():
    root = Node(None)
    parent = root
    for number in range(60):  # each first version is shown, each second one goes on
        first = Node(reply(f"first {number}"), parent)
        second = Node(reply(f"second {number}"), parent)
        parent.children += [first, second]
        parent.shown = first
        parent = second
    async with showing(TreeMap(root, parent), (40, 15)) as person:
        assert cursor(person) is parent
        assert "second 59" in person.screen
        assert person.fits((40, 15))


async def test_only_lines_in_sight_are_drawn(monkeypatch):
    c = talk(*[f"message {n}" for n in range(5000)])
    drawn = set()
    screen = TreeMap(c.root)
    draw = screen._draw
    monkeypatch.setattr(screen, "_draw", lambda i, w: (drawn.add(i), draw(i, w))[1])
    async with showing(screen) as person:
        await person.press("home", "down", "pagedown", "end")
        assert len(shown(person)) == 5000
        assert len(drawn) < 300


async def test_hostile_messages_stay_text():
    evil = "\x1b]52;c;AAAA\x07[red]x[/red]\u202e\nsecond"
    c = talk(evil, evil)
    c.note(c.tip, evil)
    async with showing(TreeMap(c.root)) as person:
        assert "[red]x[/red]⟨U+202E⟩ second" in person.screen
        assert not any(mark in person.screen for mark in "\x1b\x07\u202e")
