"""What may follow /compare, /vote and /lane."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlxchat.commands.arguments import Action, Actions, Completion, Typed, one_of
from mlxchat.commands.names import adapter_names, model_names
from mlxchat.errors import MlxchatError
from mlxchat.session.lane import Lane
from mlxchat.session.lane_choice import parse_wanted
from mlxchat.session.lane_votes import SessionVotes

if TYPE_CHECKING:
    from mlxchat.session.chat import ChatSession

AGAIN, CLOSE, TIE = "again", "close", "tie"
SEEDS = {"free": "Each lane draws with a seed of its own.", "shared": "All lanes share one seed."}


NOT_COMPARING = "Nothing is compared: /compare opens a lane."


def compare_word(session: SessionVotes, argument: str) -> str:
    """What /compare means: alone it opens the base where nothing is compared and there is one.
    Empty where the person has to choose."""
    if argument:
        return argument
    return "base" if session.base_here and not session.comparing else ""


def opened_words(session: SessionVotes) -> str:
    """What there is to know once a lane is open."""
    if session.server:  # what it has in memory, and leaves out, nobody here knows
        return f"{session.server} answers in every lane."
    said = (f"In memory: {session.memory_words}.", session.quantization_words, session.window_note)
    return " ".join(sentence for sentence in said if sentence)


def run_blind(session: SessionVotes) -> str:
    """Hide which lane is which until a vote, or show it; what there is to say of it."""
    session.blind = not session.blind
    if session.blind:
        return "Which lane is which is hidden until you vote (/vote)."
    return "Which lane is which is shown again."


def run_compare(session: SessionVotes, argument: str) -> str:
    """Do what stands after /compare; what there is to say of it at once. Raises MlxchatError."""
    words = argument.split()
    if argument.lower() == "off":
        session.close_lanes()
        return "The comparison is closed; all that was written stays (/map)."
    if argument.lower() == AGAIN:
        session.compare_again()
        return ""
    if words[0].lower() == "seeds":
        return _seeds(session, " ".join(words[1:]).lower())
    if words[0].lower() == CLOSE:
        return _close(session, " ".join(words[1:]))
    session.open_lane(argument)
    return ""


def _close(session: SessionVotes, word: str) -> str:
    session.check_shown()
    lane = _lane_called(session, word)
    if lane is None:
        raise MlxchatError(f"/compare close takes {', '.join(letters(session))}, or a lane's name.")
    name = session.name_of_lane(lane)
    session.close_lane(lane.number)
    return f"{name} is closed."


def _seeds(session: SessionVotes, word: str) -> str:
    if word not in SEEDS:
        raise MlxchatError("/compare seeds takes free or shared.")
    session.seeds_free = word == "free"
    return SEEDS[word]


def run_lane(session: SessionVotes, lane: Lane, argument: str) -> str:
    """Do what stands after /lane with a lane (own, shared, close); what there is to say of it.
    Raises MlxchatError."""
    session.check_shown()
    name = session.name_of_lane(lane)
    match argument.lower():
        case "own":
            session.own_settings(lane)
            return f"{name} has settings of its own now; the panel shows them while you are there."
        case "shared":
            session.share_settings(lane)
            return f"{name} shares the settings of the panel again."
        case "close":
            session.close_lane(lane.number)
            return f"{name} is closed."
        case _:
            raise MlxchatError("/lane takes own, shared or close.")


def run_vote(session: SessionVotes, argument: str) -> str:
    """Vote for a lane by its letter or its name, or for none of them; how the votes stand."""
    session.vote(voted(session, argument))
    return session.votes_summary


def voted(session: SessionVotes, argument: str) -> Lane | None:
    """The lane that a word means: None for a tie. Raises MlxchatError for any other word."""
    word = argument.strip().lower()
    if word == TIE:
        return None
    lane = _lane_called(session, word)
    if lane is None:
        listed = ", ".join(letters(session))
        raise MlxchatError(f"/vote takes {listed} (the columns from the left) or tie.")
    return lane


def _lane_called(session: SessionVotes, word: str) -> Lane | None:
    """The lane of this letter or this name."""
    choices = dict(zip(letters(session), in_order(session), strict=True))
    for lane in in_order(session):
        choices.setdefault(session.name_of_lane(lane).lower(), lane)
    return choices.get(word.lower())


def in_order(session: SessionVotes) -> list[Lane]:
    """The lanes, in the order of their columns."""
    lanes = {lane.number: lane for lane in session.lanes}
    return [lanes[number] for number in session.order]


def letters(session: SessionVotes) -> list[str]:
    """A letter for each column, from the left."""
    return [chr(ord("a") + column) for column in range(len(session.order))]


def _lanes_there(_: str, session: ChatSession | None) -> list[Completion]:
    """The letters and names of the lanes that there are."""
    if session is None or not session.comparing:
        return []
    lanes = zip(letters(session), in_order(session), strict=True)
    return [(letter, session.name_of_lane(lane)) for letter, lane in lanes]


def _choices(text: str, session: ChatSession | None) -> list[Completion]:
    """The lanes, and the word for none of them."""
    return [*_lanes_there(text, session), (TIE, "none of them is better")]


COMPARE_ARGUMENT = Actions(
    "[base | same | name@0.5 | folder | close b | again | off | seeds free]",
    {
        "base": Action("the model without its adapter, or what it was fused from"),
        "same": Action("the same model, for settings of its own"),
        CLOSE: Action(
            "close one lane, by its letter (the columns from the left) or its name",
            Typed("a | b | name", "a column's letter, or a lane's name", _lanes_there),
        ),
        AGAIN: Action("the lanes of a comparison that was left in this conversation"),
        "off": Action("close the comparison"),
        "seeds": Action("whether the lanes share one seed", one_of("free | shared", SEEDS)),
    },
    Typed("model", "an adapter (name@0.5 for half its strength), a folder or a repository",
          lambda text, session: [*adapter_names("", session), *model_names(text)],
          checked=parse_wanted, tails=("1",)),
    "base, same, an adapter's name, a folder, close, again, off, seeds free; alone: choose",
)  # fmt: skip
LANE_ARGUMENT = one_of(
    "[own | shared | close]",
    {
        "own": "settings of its own",
        "shared": "the settings that all lanes share",
        "close": "leave it; what it wrote stays",
    },
)
VOTE_ARGUMENT = Typed("[a | b | tie]", "a column's letter, a lane's name, or tie", _choices)
