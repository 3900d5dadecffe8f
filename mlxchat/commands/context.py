"""What may follow /context, and what is said of a conversation that nears the model's limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from mlxchat.commands.arguments import one_of
from mlxchat.engine.context import ContextUse, Level
from mlxchat.engine.interface import ContextExceeded, Overflow
from mlxchat.session.chat import ChatSession

Choice = Literal["window", "stop", "summary"]
POLICIES: dict[Overflow, str] = {
    "ask": "You are asked when the conversation does not fit any more.",
    "window": "The oldest messages fall out of the model's sight when there is no room.",
    "stop": "Replies end where the model's limit is.",
}
OF_THIS_MACHINE = "That is for models of this machine: a server does not tell its model's limit."
NOT_ANSWERED = "Your message is kept and not answered; /retry asks again."


def run_context(session: ChatSession, word: str) -> str:
    """Tell how full the context is, or choose what is done when it is full (`word` is a policy);
    what there is to say of it. Raises MlxchatError."""
    if word:
        session.choose_overflow(cast(Overflow, word))
        policy = POLICIES[session.conversation.overflow]
        return f"{policy} {OF_THIS_MACHINE}" if session.server else policy
    session.check_shown()  # how much one lane has said tells which it is
    if session.server:
        return _served_words(session.context)
    return f"{context_words(session.context)} {POLICIES[session.conversation.overflow]}"


def limit_warning(session: ChatSession, before: Level) -> str:
    """What to say where the limit got near since the level was `before`; nothing elsewhere."""
    use, asks = session.context, session.conversation.overflow == "ask"
    if not asks or session.held or before != "fine" or use.level == "fine":
        return ""
    return f"{context_words(use)} You will be asked what to do; /context chooses before."


def context_words(use: ContextUse) -> str:
    """How full the context is, in a sentence."""
    if use.limit is None:
        return f"The conversation has {use.used:,} tokens, and the model names no limit."
    return f"{use.used:,} of {use.limit:,} tokens are used ({use.share:.0%})."


def _served_words(use: ContextUse) -> str:
    has = f"The conversation has {use.used:,} tokens. " if use.used else ""
    return (
        f"{has}A server does not tell how many its model takes, and does by its own rule what is "
        "done where there is no room."
    )


def exceeded_words(held: ContextExceeded) -> str:
    """Why a reply is held."""
    return (
        f"This conversation has {held.prompt_tokens:,} tokens. The model takes "
        f"{held.limit:,}, and some of them are needed for its reply."
    )


@dataclass(frozen=True, slots=True)
class Offer:
    """One way to go on."""

    choice: Choice
    title: str
    help: str


def offers(held: ContextExceeded) -> list[Offer]:
    """What can be done, with the figures. A prompt that reaches the limit leaves no room to go on
    in."""
    messages = f"{held.left_out} oldest message{'' if held.left_out == 1 else 's'}"
    ways = [
        Offer("window", "Rolling window", f"The {messages} fall out of the model's sight and are "
              f"shown dimmed; {held.window_tokens:,} tokens stay."),
        Offer("summary", "New conversation with a summary", "The model sums this one up; you can "
              "change what it writes. This conversation stays as it is."),
    ]  # fmt: skip
    if held.prompt_tokens < held.limit:
        ways.append(
            Offer("stop", "Go on to the limit and stop there", "The reply ends where no room is "
                  "left. Nothing falls out.")
        )  # fmt: skip
    return ways


CONTEXT_ARGUMENT = one_of(
    "[ask | window | stop | summary]",
    {
        **{str(policy): told for policy, told in POLICIES.items()},
        "summary": "Go on in a new conversation, with a summary of this one.",
    },
)
