"""A field for a list of words, such as stop strings."""

from __future__ import annotations

from typing import ClassVar

from mlxchat.tui.widgets.parameter_field import ParameterField


class TextField(ParameterField):
    """An entry for one list; what is wrong in it stays there to be put right."""

    HELP = (
        "Type words with commas between them, or with a bias each; Enter accepts them, Escape "
        "leaves. Backspace in the empty field goes back to the default."
    )

    keeps_mistakes: ClassVar[bool] = True

    def _show(self) -> None:
        super()._show()
        if not self.setting and not self.default:
            self.placeholder = f"{self.parameter.off_label} · {self.parameter.takes}"
