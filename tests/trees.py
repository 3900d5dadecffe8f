"""Conversations with everything in them, and whether two of them are the same."""

from __future__ import annotations

import random
from dataclasses import fields, is_dataclass, replace
from typing import Any, get_args

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import Entry, Reply, UserMessage
from mlxchat.conversation.node import Node
from mlxchat.conversation.token_list import TokenList
from mlxchat.engine.alternatives import Alternatives
from mlxchat.engine.interface import ModelSpec, Overflow, PromptForm, Statistics, TokenRecord
from mlxchat.engine.statistics import Memory
from mlxchat.settings.parameters import Settings

WORDS = ("Paris", " the", "模型", " 在", "\n\n", " café", "", "\x00", "\ud83d", "😀", " it's", '"')

SETTINGS = (
    Settings(),
    Settings(temp=0.7, top_p=0.1 + 0.2, seed=2**63 - 1, max_tokens=-1),
    Settings(
        temp=1.3,
        logit_bias=((" the", float("-inf")), (1234, 2.5), ("1234", -0.1)),
        stop_strings=("\n\n", "off", 'a "quoted", one'),
        extra_eos_token=("<|im_end|>",),
    ),
)

SPEC = ModelSpec("demo", kv_bits=4, chat_template_config={"think": True})


# What is the same


def same_tree(one: Conversation, other: Conversation, *, ids: bool = True) -> None:
    """Fails, and says where, unless each node of one has its like in the other: its place, what is
    shown, each field of its entry, each number of each token. Without `ids` those may differ."""
    assert one.overflow == other.overflow, "another choice where it does not fit"
    ours, theirs = list(one.root.walk()), list(other.root.walk())
    assert len(ours) == len(theirs), "another number of messages"
    numbers = {id(node): n for nodes in (ours, theirs) for n, node in enumerate(nodes)}
    for place, (mine, yours) in enumerate(zip(ours, theirs, strict=True)):
        same_node(mine, yours, numbers, f"message {place}", ids=ids)


def same_node(mine: Node, yours: Node, numbers: dict[int, int], where: str, *, ids: bool) -> None:
    """Fails where two nodes differ; `numbers` are their places by `id()`."""

    def links(node: Node) -> tuple[Any, ...]:
        near = (node.parent, node.shown, *node.children)
        return tuple(None if one is None else numbers[id(one)] for one in near)

    assert links(mine) == links(yours), f"{where}: parent, shown or children"
    names = ("created", "hidden", "system", "rating", "note", "vote", *(("id",) if ids else ()))
    for name in names:
        same_value(getattr(mine, name), getattr(yours, name), f"{where}.{name}")
    same_entry(mine.entry, yours.entry, where)


def same_entry(mine: Entry | None, yours: Entry | None, where: str = "entry") -> None:
    """Fails where two entries differ."""
    assert type(mine) is type(yours), f"{where}: another kind"
    if mine is None or yours is None:
        return
    for field in fields(mine):
        if field.name != "tokens":
            same_value(
                getattr(mine, field.name), getattr(yours, field.name), f"{where}.{field.name}"
            )
    if isinstance(mine, Reply) and isinstance(yours, Reply):
        same_tokens(mine.tokens, yours.tokens, f"{where}.tokens")


def same_tokens(mine: TokenList, yours: TokenList, where: str = "tokens") -> None:
    """Fails where two replies' tokens differ, or what is known of them without a look at each."""
    assert len(mine) == len(yours), f"{where}: another number"
    assert mine.text == yours.text, f"{where}: another text"
    assert list(mine.runs) == list(yours.runs), f"{where}: other runs of settings"
    assert len(list(mine)) == len(list(yours)), f"{where}: another number when unpacked"
    for place, (one, other) in enumerate(zip(mine, yours, strict=True)):
        for field in fields(TokenRecord):
            same_value(
                getattr(one, field.name), getattr(other, field.name), f"{where}[{place}].{field}"
            )


def same_value(mine: Any, yours: Any, where: str) -> None:
    """Fails where two values differ; two that are no number are the same."""
    if isinstance(mine, Alternatives) or isinstance(yours, Alternatives):
        mine, yours = list(mine), list(yours)
    if is_dataclass(mine) and not isinstance(mine, type):
        assert type(mine) is type(yours), where
        for field in fields(mine):
            same_value(
                getattr(mine, field.name), getattr(yours, field.name), f"{where}.{field.name}"
            )
        return
    assert repr(mine) == repr(yours), f"{where}: {mine!r} is not {yours!r}"


# Conversations


def record(draw: random.Random, settings: Settings, text: str | None = None) -> TokenRecord:
    """A token with every number in it."""
    count = draw.choice((0, 1, 20))
    pairs = sorted((draw.randrange(50_000), -30 * draw.random()) for _ in range(count))
    return TokenRecord(
        token_id=draw.randrange(150_000),
        text=draw.choice(WORDS) if text is None else text,
        logprob=draw.choice((-20 * draw.random(), float("-inf"), -0.0)),
        rank=draw.randrange(100),
        alternatives=Alternatives(pairs),
        settings=settings,
        entropy=10 * draw.random(),
        drawn_logprob=draw.choice((None, -0.0, -5 * draw.random())),
        from_draft=draw.random() < 0.3,
        model_logprob=draw.choice((None, -0.0, -5 * draw.random())),
    )


def reply(draw: random.Random, tokens: int | None = None) -> Reply:
    """A finished reply with every field in it."""
    count = draw.randrange(40) if tokens is None else tokens
    made = Reply(
        model=draw.choice(("demo", "/models/fused \ud83d")),
        adapter=draw.choice((None, "adapters")),
        seed=draw.randrange(2**32),
        settings=draw.choice(SETTINGS),
        prefill=draw.choice(("", "Sure, 好的")),
        system=draw.choice(("", "Be brief.")),
        spec=draw.choice(
            (None, ModelSpec("demo", kv_bits=4, chat_template_config={"think": True}))
        ),
        vocabulary_size=draw.choice((None, 49152)),
        form=PromptForm(draw.random() < 0.5, draw.random() < 0.5, draw.random() < 0.5),
        given=min(count, draw.randrange(3)),
        opens_in_thought=draw.random() < 0.5,
        reason=draw.choice(("stop", "length", "cancelled", "failed", "interrupted")),
        unspoken=min(count, draw.randrange(2)),
        statistics=Statistics(
            prompt_tokens=14, first_token_seconds=draw.random(), memory=Memory(1, 2, 3)
        ),
        failure=draw.choice(("", "It broke off.")),
        edited=draw.random() < 0.2,
        imported=draw.random() < 0.1,
        left_out=draw.randrange(3),
    )
    for _ in range(count):
        made.tokens.append(record(draw, draw.choice(SETTINGS[: 1 + count % 3])))
    return made


def grow(conversation: Conversation, draw: random.Random, gestures: int = 40) -> None:
    """Do what a person does, at random."""
    for number in range(gestures):
        nodes = [node for node in conversation.nodes() if _in_sight(node)]
        node = draw.choice(nodes) if nodes else None
        act = draw.randrange(12)
        conversation.begin_step(f"step {number}")
        if act < 3 or node is None:
            conversation.add(UserMessage(f"Question {number}: 为什么 {draw.choice(WORDS)}"))
            conversation.add(reply(draw))
        elif act == 3:
            conversation.edit(node, f"edited {number} {draw.choice(WORDS)}")
        elif act == 4:
            conversation.edit_as_version(node, f"another {number}")
        elif act == 5:
            conversation.add_version(node, reply(draw))
        elif act == 6:
            conversation.delete(node)
        elif act == 7:
            conversation.rate(node, draw.choice(("good", "bad", None)))
            conversation.vote(
                {node: draw.choice(("won", "lost", "tie"))}, {node: "a ×1"}, blind=True
            )
        elif act == 8:
            conversation.note(node, f"note {number} {draw.choice(WORDS)}")
        elif act == 9:
            conversation.system = f"Be {draw.choice(WORDS)}."
        elif act == 10:
            conversation.show(node)
        else:
            draw.choice((conversation.undo, conversation.redo))()


def _in_sight(node: Node) -> bool:
    return not any(place.hidden for place in node.path())


def tree(seed: int, gestures: int = 40) -> Conversation:
    """A conversation of a person who does everything; the same seed gives the same one."""
    conversation = Conversation("Be brief.")
    draw = random.Random(seed)
    conversation.overflow = draw.choice(get_args(Overflow))
    conversation.add(UserMessage(f"Hello {seed}"))
    conversation.add(reply(draw))
    grow(conversation, draw, gestures)
    return conversation


def talk(*texts: str) -> Conversation:
    """A conversation of these messages in turn, the replies of one token each."""
    conversation = Conversation()
    draw = random.Random(0)
    for place, text in enumerate(texts):
        if place % 2 == 0:
            conversation.add(UserMessage(text))
        else:
            answer = replace(reply(draw, 0), prefill="", given=0, unspoken=0, tokens=TokenList())
            answer.tokens.append(record(draw, SETTINGS[0], text))
            conversation.add(answer)
    return conversation
