"""A small field for a number that needs no slider, such as a seed."""

from __future__ import annotations

from mlxchat.tui.widgets.parameter_field import ParameterField


class NumberField(ParameterField):
    """An entry for one number."""

    HELP = "Type a number; Enter accepts it, Escape leaves. Empty goes back to the default."
