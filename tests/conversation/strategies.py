"""Strategies: small trees of conversations with hostile texts. `tests/trees.py` has large ones, and
what tells whether two are equal."""

from __future__ import annotations

from typing import get_args

from hypothesis import strategies as st

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import Reply, UserMessage
from mlxchat.conversation.exports.only import in_sight
from mlxchat.conversation.node import Node
from mlxchat.conversation.token_list import TokenList
from mlxchat.conversation.vote import Outcome
from mlxchat.engine.alternatives import Alternatives
from mlxchat.engine.interface import ModelSpec, Overflow, PromptForm, Statistics, TokenRecord
from mlxchat.engine.statistics import Memory
from mlxchat.settings.parameters import Settings

NASTY = (
    "", "word", "two words", "# Title", "## 1. You", "## Branch after message 0", "> quote", ">",
    "```", "~~~python", "<!-- mlxchat conversation -->", "<!--", "- Rated good", "Note:",
    "System prompt after this message:", "<script>alert(1)</script>", "[x](javascript:alert(1))",
    '"><img src=x onerror=alert(1)>', "![p](http://evil.example/p.png)", "<http://evil.example>",
    "</style><b>", "&lt;", "a\tb", "中文字符", "👨‍👩‍👧", "\x1b[31mred", "\u202eback", "\x00",
    "\x85", "\u2028", "line\n\nline", "\n", " lead", "trail ", "\\", "\\n", "'", '"', "{", "}",
    "*em*", "<think>", "</think>", "\r\n", "\r", "é",
)  # fmt: skip
texts = st.lists(st.one_of(st.sampled_from(NASTY), st.text(max_size=6)), max_size=5).map(
    lambda parts: "".join(parts).encode("utf-8", "replace").decode()
)
names = st.sampled_from(["SmolLM2", "a | b", "a/b", "You", "x_y *z*", "it (version 2 of 3)"])
finite = st.floats(0, 1e6)
logprobs = st.floats(-40, 0)
counts = st.integers(0, 2**40)
settings = st.builds(
    Settings,
    temp=st.floats(0, 2),
    top_k=st.integers(0, 100),
    logit_bias=st.sampled_from(
        [(), (("Paris", -5.0), (1234, 2.5)), ((" the", float("-inf")), ("1234", 0.1))]
    ),
    stop_strings=st.sampled_from([(), ("END", "\n\n")]),
    max_tokens=st.sampled_from([-1, 2048]),
    seed=st.none() | st.integers(0, 2**63 - 1),
)
specs = st.builds(
    ModelSpec,
    texts.map(lambda text: text or "model"),
    adapter_path=st.none() | texts,
    max_kv_size=st.none() | counts,
    kv_bits=st.sampled_from([None, 4, 8]),
    chat_template_config=st.dictionaries(
        texts, st.none() | st.booleans() | texts | st.lists(finite), max_size=2
    ),
    ignore_chat_template=st.booleans(),
)
statistics = st.builds(
    Statistics,
    prompt_tokens=counts,
    reused_tokens=counts,
    reply_tokens=counts,
    first_token_seconds=finite,
    reply_seconds=finite,
    memory=st.builds(Memory, counts, counts, counts),
)


@st.composite
def token_lists(draw: st.DrawFn) -> TokenList:
    """Up to eight tokens, under up to two settings."""
    before, after = draw(settings), draw(settings)
    count = draw(st.integers(0, 8))
    change = draw(st.integers(0, 8))
    return TokenList(draw(records(before if place < change else after)) for place in range(count))


@st.composite
def records(draw: st.DrawFn, under: Settings) -> TokenRecord:
    """One token."""
    return TokenRecord(
        draw(st.integers(0, 2**31 - 1)),
        draw(texts),
        draw(logprobs),
        draw(st.integers(0, 100_000)),
        Alternatives(draw(st.lists(st.tuples(st.integers(0, 2**31 - 1), logprobs), max_size=3))),
        under,
        draw(st.floats(0, 17)),
        draw(st.none() | logprobs),
        draw(st.booleans()),
        draw(st.none() | logprobs),
    )


@st.composite
def replies(draw: st.DrawFn) -> Reply:
    """A reply that is over."""
    tokens = draw(token_lists())
    return Reply(
        draw(names),
        draw(st.none() | texts),
        draw(st.integers(0, 2**63 - 1)),
        draw(settings),
        draw(texts),
        draw(texts),
        draw(st.none() | specs),
        draw(st.none() | counts),
        draw(st.builds(PromptForm, st.booleans(), st.booleans(), st.booleans())),
        tokens,
        draw(st.integers(0, len(tokens))),
        draw(st.booleans()),
        draw(st.sampled_from(["stop", "length", "cancelled", "failed", "interrupted"])),
        draw(st.integers(0, len(tokens))),
        draw(statistics),
        draw(texts),
        draw(st.booleans()),
    )


def vote(conversation: Conversation, place: Node, name: str, tie: bool) -> None:
    """A vote on a message and its other versions, which lanes of these names wrote."""
    versions = place.parent.versions if place.parent else [place]
    lanes = {node: f"{name} {number}" for number, node in enumerate(versions)}
    won: dict[Node, Outcome] = {node: "won" if node is place else "lost" for node in versions}
    conversation.vote(dict.fromkeys(versions, "tie") if tie else won, lanes, blind=not tie)


entries = st.one_of(st.builds(UserMessage, texts), replies())


@st.composite
def trees(draw: st.DrawFn, most: int = 8) -> Conversation:
    """What gestures can leave: versions, hidden messages, system prompts, marks and notes."""
    conversation = Conversation(draw(texts))
    for _ in range(draw(st.integers(0, most))):
        place = draw(st.sampled_from([conversation.root, *in_sight(conversation)]))
        gesture = draw(st.integers(0, 5))
        if gesture < 3:
            conversation.show(place)
            conversation.add(draw(entries))
        elif place.parent is None:
            conversation.system = draw(texts)
        elif gesture == 3:
            conversation.rate(place, draw(st.sampled_from([None, "good", "bad"])))
            conversation.note(place, draw(texts))
            if draw(st.booleans()):
                vote(conversation, place, draw(names), draw(st.booleans()))
        elif gesture == 4:
            conversation.show(place)
            conversation.add_version(place, draw(entries))
            conversation.system = draw(texts)
        else:
            conversation.delete(place)
    grown = Conversation(root=conversation.root)
    grown.overflow = draw(st.sampled_from(get_args(Overflow)))
    return grown
