"""A field for something that is off unless a person sets it, such as a draft model."""

from __future__ import annotations

from typing import ClassVar

from mlxchat.tui.widgets.parameter_field import ParameterField


class OptionalField(ParameterField):
    """An entry for a number or a name; empty stands for off."""

    HELP = "Type a value; Enter accepts it, Escape leaves. Empty, or off, switches it off."

    keeps_mistakes: ClassVar[bool] = True

    def _show(self) -> None:
        super()._show()
        self.placeholder = self.parameter.takes
