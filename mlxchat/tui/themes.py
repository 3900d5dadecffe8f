"""Themes in the app: each palette becomes a Textual theme whose CSS variables are its colours.

The variables that a stylesheet may use are the keys of `mlxchat.files.theme_files.COLORS`
(`$user-mark`, `$code-keyword`, `$slider-fill`, ...), besides Textual's own.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from textual.app import App
from textual.notifications import Notification, Notify
from textual.theme import Theme

from mlxchat.files.theme_files import DEFAULT_THEME, Palette, load_themes


def register_themes(app: App[Any]) -> list[str]:
    """Make every theme known to the app; a sentence for each file that is no good."""
    collection = load_themes()
    for palette in collection.themes.values():
        app.register_theme(to_textual(palette))
    return list(collection.problems)


def to_textual(palette: Palette) -> Theme:
    """The Textual theme of a palette."""
    colors = palette.colors
    return Theme(
        name=palette.name,
        dark=palette.dark,
        primary=colors["primary"],
        secondary=colors["secondary"],
        accent=colors["accent"],
        success=colors["success"],
        warning=colors["warning"],
        error=colors["error"],
        foreground=colors["foreground"],
        background=colors["background"],
        surface=colors["surface"],
        panel=colors["panel"],
        variables=variables(palette),
    )


def variables(palette: Palette) -> dict[str, str]:
    """The CSS variables that a palette sets; Textual derives the rest."""
    colors = palette.colors
    return {
        **colors,
        "text": colors["foreground"],
        "text-disabled": colors["text-muted"],
        "foreground-muted": colors["text-muted"],
        "foreground-disabled": colors["text-muted"],
        "block-cursor-background": colors["selection"],
        "block-cursor-foreground": colors["foreground"],
        "block-cursor-blurred-background": colors["surface"],
        "block-cursor-blurred-foreground": colors["foreground"],
        "footer-background": colors["panel"],
        "footer-foreground": colors["text-muted"],
        "footer-description-foreground": colors["text-muted"],
        "footer-key-foreground": colors["accent"],
        "input-cursor-background": colors["accent"],
        "input-cursor-foreground": colors["background"],
        "input-selection-background": colors["selection"],
        "screen-selection-background": colors["selection"],
        "scrollbar": colors["border-blurred"],
        "scrollbar-hover": colors["slider-track"],
        "scrollbar-active": colors["accent"],
        "scrollbar-background": colors["background"],
        "link-color": colors["link"],
        "link-color-hover": colors["background"],
        "link-background-hover": colors["link"],
    }


@cache
def default_variables() -> dict[str, str]:
    """The default theme's variables, for `App.get_theme_variable_defaults`: they keep the
    stylesheets valid under a theme that is not ours."""
    return variables(load_themes().themes[DEFAULT_THEME])


class ThemedApp(App[Any]):
    """An app that knows mlxchat's themes and starts with the default one."""

    theme_problems: tuple[str, ...] = ()
    """A sentence for each theme file that was left out."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._last_of: dict[str, Notification] = {}
        self.theme_problems = tuple(register_themes(self))
        self.theme = DEFAULT_THEME

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Values for the variables of our own, under any other theme."""
        return default_variables()

    def notify_instead(self, kind: str, text: str) -> None:
        """Show a short text in place of the last one of this kind, so that what is done again and
        again does not cover the screen."""
        if (last := self._last_of.get(kind)) is not None:
            self._unnotify(last)
        self._last_of[kind] = Notification(text, timeout=self.NOTIFICATION_TIMEOUT)
        self.post_message(Notify(self._last_of[kind]))

    def while_away(self) -> None:
        """Do what must not wait while another program has the terminal. Called a few times a
        second then, when nothing else of the app goes on."""
