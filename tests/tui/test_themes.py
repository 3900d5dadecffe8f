"""Themes: the palettes that ship, and what becomes of a file that is no good."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from textual.widgets import Static

from mlxchat.errors import MlxchatError
from mlxchat.files import theme_files
from mlxchat.files.theme_files import COLORS, DEFAULT_THEME, Palette, load_themes, parse_theme
from mlxchat.tui.themes import ThemedApp, to_textual

SHIPPED = load_themes(Path("/nonexistent")).themes
GROUNDS = ("background", "surface", "panel")
FAINT = {"text-muted", "code-comment", "reasoning", "quote"}
"""Text that may be fainter than the rest."""
LINES = {"border", "border-blurred", "slider-track", "slider-fill", "slider-knob"}
TEXT = set(COLORS) - {*GROUNDS, "selection"} - LINES - FAINT
PAIRS = [("success", "error"), ("user-mark", "assistant-mark"), ("success", "warning")]
"""Colours that a person has to tell apart."""

VISION = {
    "normal": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "protanopia": ((0.1124, 0.8876, 0.0), (0.1124, 0.8876, 0.0), (0.004, -0.004, 1.0)),
    "deuteranopia": ((0.2928, 0.7072, 0.0), (0.2928, 0.7072, 0.0), (-0.0223, 0.0223, 1.0)),
}
"""What a dichromat sees, as matrices on linear RGB (Viénot, Brettel and Mollon, 1999)."""


def linear(color: str) -> list[float]:
    """Linear red, green and blue, each 0 to 1."""
    channels = (int(color[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]


def luminance(color: str) -> float:
    red, green, blue = linear(color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2, from 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def lab(color: str, vision: str) -> list[float]:
    """CIE L*a*b* of a colour as seen with this kind of vision."""
    rgb = linear(color)
    rgb = [sum(m * c for m, c in zip(row, rgb, strict=True)) for row in VISION[vision]]
    to_xyz = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    white = (0.9505, 1.0, 1.089)
    xyz = [sum(m * c for m, c in zip(row, rgb, strict=True)) for row in to_xyz]
    f = [v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116
         for v in (x / w for x, w in zip(xyz, white, strict=True))]  # fmt: skip
    return [116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])]


def distance(one: str, other: str, vision: str) -> float:
    pairs = zip(lab(one, vision), lab(other, vision), strict=True)
    return sum((a - b) ** 2 for a, b in pairs) ** 0.5


def theme_text(**changes: str | None) -> str:
    """A good theme file with some of its lines replaced; None takes a line out."""
    lines = {"name": '"mine"', "dark": "true", "[colors]": ""}
    lines |= dict.fromkeys(COLORS, '"#123456"') | changes
    return "\n".join(
        key if key.startswith("[") else f"{key} = {value}"
        for key, value in lines.items()
        if value is not None
    )


def test_seven_themes_ship_of_every_kind() -> None:
    kinds = {(theme.dark, theme.high_contrast) for theme in SHIPPED.values()}
    assert len(SHIPPED) >= 7
    assert kinds == {(True, False), (False, False), (True, True), (False, True)}
    assert SHIPPED[DEFAULT_THEME].dark
    assert not load_themes(Path("/nonexistent")).problems


def test_themes_differ() -> None:
    palettes = [tuple(theme.colors.items()) for theme in SHIPPED.values()]
    assert len(set(palettes)) == len(palettes)


@pytest.mark.parametrize("theme", SHIPPED.values(), ids=SHIPPED)
@pytest.mark.parametrize("ground", GROUNDS)
def test_text_can_be_read(theme: Palette, ground: str) -> None:
    on = theme.colors[ground]
    strict = 7.0 if theme.high_contrast else 4.5
    for key in TEXT:
        assert contrast(theme.colors[key], on) >= strict, (key, ground)
    for key in FAINT:
        assert contrast(theme.colors[key], on) >= (4.5 if theme.high_contrast else 3.0), key
    for key in ("slider-fill", "slider-knob", "border"):
        assert contrast(theme.colors[key], on) >= 3.0, key


@pytest.mark.parametrize("theme", SHIPPED.values(), ids=SHIPPED)
def test_selected_text_can_be_read(theme: Palette) -> None:
    strict = 7.0 if theme.high_contrast else 4.5
    assert contrast(theme.colors["foreground"], theme.colors["selection"]) >= strict


@pytest.mark.parametrize("theme", SHIPPED.values(), ids=SHIPPED)
def test_a_slider_shows_how_far_it_is_filled(theme: Palette) -> None:
    colors = theme.colors
    assert contrast(colors["slider-fill"], colors["slider-track"]) >= 1.8
    assert contrast(colors["slider-track"], colors["panel"]) >= 1.5


@pytest.mark.parametrize("theme", SHIPPED.values(), ids=SHIPPED)
@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_meanings_are_told_apart_by_every_eye(
    theme: Palette, vision: str, pair: tuple[str, str]
) -> None:
    one, other = (theme.colors[key] for key in pair)
    assert distance(one, other, vision) >= 15


def test_a_good_file_of_the_persons_own_joins_in(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(theme_text(foreground='"#FFF"'))
    collection = load_themes(tmp_path)
    assert collection.problems == ()
    assert set(collection.themes) == {*SHIPPED, "mine"}
    assert collection.themes["mine"].colors["foreground"] == "#ffffff"


def test_the_persons_own_comes_before_one_of_the_same_name(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(theme_text(name=f'"{DEFAULT_THEME}"'))
    collection = load_themes(tmp_path)
    assert collection.themes[DEFAULT_THEME].colors["foreground"] == "#123456"
    assert len(collection.themes) == len(SHIPPED)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = \ndark = true", "line 1"),
        ("", "`name` must be"),
        (theme_text(dark='"yes"'), "`dark` must be true or false"),
        (theme_text(name='"My Theme"'), "small letters"),
        (theme_text(foreground='"reddish"'), "`colors.foreground` must be a colour such as"),
        (theme_text(foreground="7"), "not 7"),
        (theme_text(foreground=None), "[colors] lacks `foreground`"),
        (theme_text(link=None, linc='"#111111"'), "did you mean `link`?"),
        (theme_text(**{"[colors]": None}), "there must be a table [colors]"),
        (theme_text(foreground='"\\u001b[31m"'), "must be a colour"),
        ("a = " + "[" * 5000, "not valid TOML"),
    ],
)
def test_a_bad_file_gets_a_sentence(text: str, said: str) -> None:
    with pytest.raises(MlxchatError) as caught:
        parse_theme(text, "mine.toml")
    sentence = str(caught.value)
    assert "mine.toml" in sentence
    assert said in sentence
    assert sentence.endswith(".")
    assert sentence.isprintable()


def test_bad_files_are_left_out_and_the_rest_stays(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "b.toml").mkdir()
    (tmp_path / "c.toml").write_text("#" * (theme_files.LARGEST_FILE + 1))
    os.mkfifo(tmp_path / "d.toml")
    (tmp_path / "e.toml").symlink_to(tmp_path / "missing")
    (tmp_path / "f.toml").write_text(theme_text())
    (tmp_path / "g.toml").write_text(theme_text())
    collection = load_themes(tmp_path)
    assert set(collection.themes) == {*SHIPPED, "mine"}
    assert [p.split()[1].strip(":") for p in collection.problems] == [
        f"{name}.toml" for name in "abcdeg"
    ]


def test_the_loader_needs_no_front_end() -> None:
    code = (
        "import sys; from mlxchat.files.theme_files import load_themes; load_themes();"
        "print(sorted({'textual', 'rich', 'prompt_toolkit'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", SHIPPED)
async def test_every_variable_reaches_the_stylesheet(name: str) -> None:
    class Probe(ThemedApp):
        CSS = "\n".join(f"#c-{key} {{ color: ${key}; }}" for key in COLORS)

        def compose(self):  # type: ignore[no-untyped-def]
            yield from (Static(key, id=f"c-{key}") for key in COLORS)

    app = Probe()
    async with app.run_test() as pilot:
        app.theme = name
        await pilot.pause()
        for key, color in SHIPPED[name].colors.items():
            assert app.query_one(f"#c-{key}").styles.color.hex.lower() == color, key


async def test_a_theme_that_is_not_ours_still_draws() -> None:
    app = ThemedApp()
    async with app.run_test() as pilot:
        app.theme = "textual-light"
        await pilot.pause()
        assert "user-mark" in app.theme_variables


async def test_problems_reach_the_app(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(theme_files, "user_theme_folder", lambda: tmp_path)
    (tmp_path / "broken.toml").write_text("dark = maybe")
    app = ThemedApp()
    assert len(app.theme_problems) == 1
    assert "broken.toml" in app.theme_problems[0]
    assert app.theme == DEFAULT_THEME


def test_textual_takes_over_the_palette() -> None:
    for palette in SHIPPED.values():
        generated = to_textual(palette).to_color_system().generate()
        assert generated["background"].lower() == palette.colors["background"]
        assert to_textual(palette).dark == palette.dark
