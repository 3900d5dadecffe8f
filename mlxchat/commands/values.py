"""The value of a parameter, as what may follow a command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlxchat.commands.arguments import Argument, Completion, beginning, passes
from mlxchat.errors import MlxchatError
from mlxchat.settings.parameters import PARAMETERS, AnyParameter
from mlxchat.settings.speed import SpeedParameter

if TYPE_CHECKING:
    from mlxchat.session.chat import ChatSession

TAILS = ("1", "9", ".9", "0 1", '"', " 1", '" 1')
"""What could be typed next to make a wrong value right: `-` becomes -1, `0` becomes 0.9, and a
word gets its bias."""
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Value(Argument):
    """What a parameter is set to. Alone it is left as it is."""

    declared: AnyParameter | SpeedParameter
    must: bool = False
    """Whether it cannot be left out."""

    @property
    def usage(self) -> str:  # type: ignore[override]
        """How the help writes it."""
        words = " | ".join(["value", *(word for word, _ in self._words())])
        return words if self.must else f"[{words}]"

    def about(self, text: str, session: ChatSession | None = None) -> str:
        """What may be given, and what it is now; or what it becomes."""
        declared, now, text = self.declared, self._now(session), text.strip()
        if text and passes(declared.parse, text):
            changed = f"{declared.name} {now and f'{now} → '}{self._formatted(text, session)}"
            return changed + self._without_effect(session)
        said = f"{now} now; " if now else ""
        return f"{declared.name} {said}{declared.takes}. {declared.help}"

    def check(self, text: str, of: str, session: ChatSession | None = None) -> None:
        """Raises MlxchatError where it is out of range, or no value."""
        if self.must and not text:
            raise MlxchatError(f"{of} needs a value, {self.declared.takes}.")
        if text and text.lower() != DEFAULT:
            self.declared.parse(text)

    def completions(self, text: str, session: ChatSession | None = None) -> list[Completion]:
        """Words that may be given, and the values where there are only a few."""
        choices = getattr(self.declared, "choices", ())
        values = [(str(choice), self.declared.help) for choice in choices]
        return beginning(text, [*values, *self._words()])

    def unfinished(self, text: str, session: ChatSession | None = None) -> bool:
        """Whether a word begins so, or something typed behind it makes it right."""
        parse = self.declared.parse
        return bool(self.completions(text)) or any(passes(parse, text + tail) for tail in TAILS)

    def _words(self) -> list[Completion]:
        declared = self.declared
        words: list[Completion] = []
        if declared.name not in PARAMETERS:
            return [("off", "without it")] if declared.default is None else words
        if declared.off is not None:
            words.append((declared.off_label, "without it"))
        if declared.default is None:
            words.append(("random", "another one for each reply"))
        return [*words, (DEFAULT, "the model's own value")]

    def _without_effect(self, session: ChatSession | None) -> str:
        """Why it has no effect now, between brackets."""
        name = self.declared.name
        idle = session.idle_reason(name) if session and name in PARAMETERS else None
        return f" ({idle})" if idle else ""

    def _now(self, session: ChatSession | None) -> str:
        if session is None:
            return ""
        holder: Any = session.settings if self.declared.name in PARAMETERS else session.speed
        return self.declared.format(holder.value(self.declared.name))

    def _formatted(self, text: str, session: ChatSession | None) -> str:
        declared = self.declared
        if declared.name in PARAMETERS and text.lower() == DEFAULT:
            own = session.defaults.value(declared.name) if session is not None else None
            return declared.format(own) if session is not None else "the model's own value"
        return declared.format(declared.parse(text))
