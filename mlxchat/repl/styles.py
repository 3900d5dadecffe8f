"""Themes in the REPL: each palette becomes a style sheet of prompt_toolkit.

The terminal's own background stays, and its own foreground for text, so that a theme can be read
on both; only what has a background of its own, such as code, sets both.
"""

from __future__ import annotations

from prompt_toolkit.styles import Style

from mlxchat.files.theme_files import DEFAULT_THEME, Palette, load_themes
from mlxchat.settings.configuration import configuration

LOOKS: dict[str, str] = {
    "heading1": "{heading} bold underline",
    "heading2": "{heading} bold",
    "heading3": "{heading} bold",
    "heading4": "{heading} italic",
    "heading5": "{heading} italic",
    "heading6": "{heading} italic",
    "strong": "bold",
    "emphasis": "italic",
    "strike": "strike",
    "link": "{link} underline",
    "link.url": "{text-muted} nounderline",
    "image": "{link} italic",
    "html": "{text-muted}",
    "quote": "{quote}",
    "quote.bar": "{text-muted}",
    "rule": "{text-muted}",
    "list.marker": "{assistant-mark}",
    "task.done": "{success}",
    "task.open": "{text-muted}",
    "table.border": "{text-muted}",
    "table.header": "{heading} bold",
    "table.cell": "",
    "reasoning": "{reasoning}",
    "reasoning.header": "{reasoning} bold",
    "code": "{foreground} bg:{surface}",
    "code.inline": "{code-string} bg:{surface}",
    "code.language": "{text-muted} bg:{surface}",
    "code.comment": "{code-comment} italic",
    "code.keyword": "{code-keyword}",
    "code.type": "{code-type}",
    "code.string": "{code-string}",
    "code.escape": "{code-number}",
    "code.number": "{code-number}",
    "code.name.function": "{code-function}",
    "code.name.class": "{code-type} bold",
    "code.name.builtin": "{code-type}",
    "code.name.decorator": "{code-function}",
    "code.name.attribute": "{code-function}",
    "code.name.tag": "{code-keyword}",
    "code.name.variable": "",
    "code.operator": "{code-operator}",
    "code.punctuation": "{code-operator}",
    "code.heading": "{heading} bold",
    "code.inserted": "{success}",
    "code.deleted": "{error}",
    "code.error": "{error}",
    "user": "{user-mark} bold",
    "name": "{assistant-mark} bold",
    "muted": "{text-muted}",
    "title": "{heading} bold",
    "accent": "{accent} bold",
    "good": "{success} bold",
    "bad": "{error} bold",
    "warning": "{warning}",
    "error": "{error}",
    "own": "underline",
    "token.0": "",
    "token.1": "{success}",
    "token.2": "{warning} italic",
    "token.3": "{error} underline",
    "token.4": "{error} bold underline",
    "prompt": "{user-mark} bold",
    "auto-suggestion": "{text-muted}",
    "bottom-toolbar": "noreverse {text-muted} bg:{panel}",
    "bottom-toolbar.value": "{foreground}",
    "bottom-toolbar.accent": "{accent} bold",
    "bottom-toolbar.wrong": "{error} bold",
    "completion-menu": "{foreground} bg:{panel}",
    "completion-menu.completion": "{foreground} bg:{panel}",
    "completion-menu.completion.current": "noreverse {foreground} bg:{selection} bold",
    "completion-menu.meta.completion": "{text-muted} bg:{panel}",
    "completion-menu.meta.completion.current": "{foreground} bg:{selection}",
    "scrollbar.background": "bg:{panel}",
    "scrollbar.button": "bg:{border-blurred}",
}  # fmt: skip
"""How each role is drawn: the renderer's, the REPL's own, and those of prompt_toolkit. A name
between braces is a colour of the theme."""


def style_of(palette: Palette) -> Style:
    """The style sheet of a palette: the role `code.string` is the class of that name."""
    rules = {role: look.format_map(palette.colors) for role, look in LOOKS.items()}
    return Style.from_dict(rules)


def palette_of(name: str) -> Palette:
    """The palette of this name, or the default one where there is none."""
    themes = load_themes().themes
    return themes.get(name) or themes[DEFAULT_THEME]


def theme_name(remembered: str) -> str:
    """The theme to begin with: the configured one, or else what was chosen last."""
    return configuration().value("theme") or remembered or DEFAULT_THEME


def style_string(roles: str) -> str:
    """Roles joined by spaces, outermost first, as prompt_toolkit takes them."""
    return " ".join(f"class:{role}" for role in roles.split())
