"""What could come next, and what the sliders make of it."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from mlxchat.engine.distribution import Candidate, Distribution
from mlxchat.render.safe import visible

KEPT_ROWS, CUT_ROWS = 6, 3
ROWS = 11
"""Always as many, so that nothing below jumps while a slider moves."""
BAR_WIDTH = 16
EIGHTHS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")


class Row(NamedTuple):
    """One line: a bar, a token and its share, or a rule with a word in it."""

    text: str
    share: float = 0.0
    role: str = "rule"


def spelled(text: str) -> str:
    """A token's text with its white space made visible."""
    return visible(text.replace("\n", "↵").replace("\t", "→").replace(" ", "·")) or "∅"


def rows_of(distribution: Distribution) -> list[Row]:
    """The tokens that can be drawn by their share of the draws, then those that the filters cut by
    the model's own probability."""
    kept = sorted((c for c in distribution.candidates if not c.cut_by), key=lambda c: -c.after)
    rows = [Row(spelled(c.text), c.after, "kept") for c in kept[:KEPT_ROWS]]
    more = distribution.kept - len(rows)
    if more > 0:
        left = max(0.0, 1 - sum(row.share for row in rows))
        rows.append(Row(f"{more:,} more", left, "more"))
    return rows + _cut_rows(distribution)


def bar_of(row: Row, width: int) -> str:
    """The row's share as a bar in a field of `width` cells, to an eighth of a cell; what is cut is
    hatched, in whole cells."""
    eighths = max(1, round(row.share * width * 8)) if row.role != "more" else 0
    if row.role == "cut":
        return ("░" * -(-eighths // 8)).ljust(width)
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + EIGHTHS[rest]).ljust(width)


def _cut_rows(distribution: Distribution) -> list[Row]:
    gone = [c for c in distribution.candidates if c.cut_by][:CUT_ROWS]
    rows: list[Row] = []
    before = ""
    for candidate in gone:
        if candidate.cut_by != before:
            rows.append(Row(_cut_title(candidate, distribution)))
            before = candidate.cut_by
        rows.append(Row(spelled(candidate.text), candidate.before, "cut"))
    return rows


def _cut_title(candidate: Candidate, distribution: Distribution) -> str:
    if candidate.cut_by == "temp":
        return "never at temp 0"
    count = distribution.cut[candidate.cut_by]
    return f"cut by {candidate.cut_by}: {count:,}"


class NextToken(Widget):
    """The distribution of the next token under the sliders; hidden while there is none."""

    DEFAULT_CSS = """
    NextToken {
        height: auto;
        padding: 1 1 0 1;
        color: $foreground;
        display: none;
        &.-known { display: block; }
        & > .next-token--title { color: $primary; text-style: bold; }
        & > .next-token--quiet { color: $text-muted; }
        & > .next-token--kept { color: $success; }
        & > .next-token--cut { color: $text-muted; }
        &.-stale > .next-token--kept { color: $text-muted; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "next-token--title",
        "next-token--quiet",
        "next-token--kept",
        "next-token--cut",
    }

    distribution: reactive[Distribution | None] = reactive[Distribution | None](None)
    stale: reactive[bool] = reactive(False, toggle_class="-stale")
    """Whether a reply has begun since."""

    def watch_distribution(self) -> None:
        """Make the rows, and take the place that they need."""
        self._rows = rows_of(self.distribution)[:ROWS] if self.distribution else []
        self.set_class(bool(self._rows), "-known")

    def get_content_height(self, *_: object) -> int:
        """The title and room for all rows."""
        return 1 + ROWS

    def render_line(self, y: int) -> Strip:
        """The title, or one row."""
        width = self.size.width
        if y == 0:
            return self._line([("NEXT TOKEN", "title")], self._counts(), width)
        if y > len(self._rows):
            return Strip.blank(width, self.rich_style)
        row = self._rows[y - 1]
        if row.role == "rule":
            dots = "┄" * max(0, width - cell_len(row.text) - 4)
            return self._line([(f"┄┄ {row.text} {dots}", "quiet")], "", width)
        return self._bar(row, width)

    def _counts(self) -> str:
        if self.distribution is None:
            return ""
        return f"{self.distribution.entropy_after:.1f} bits"

    def _bar(self, row: Row, width: int) -> Strip:
        bar = bar_of(row, min(BAR_WIDTH, width // 3))
        share = f"{row.share:.1%}" if row.share >= 0.0005 else "<0.1%"
        quiet = "quiet" if row.role != "kept" else ""
        return self._line([(bar, row.role), (f" {row.text}", quiet)], share, width, quiet)

    def _line(
        self, parts: list[tuple[str, str]], right: str, width: int, right_role: str = "quiet"
    ) -> Strip:
        segments, room = [], max(0, width - cell_len(right) - bool(right))
        for text, role in parts:
            if cell_len(text) > room:
                text = set_cell_size(text, max(0, room - 1)) + ("…" if room else "")
            segments.append(Segment(text, self._style(role)))
            room -= cell_len(text)
        gap = " " * (width - sum(cell_len(s.text) for s in segments) - cell_len(right))
        segments += [Segment(gap, self.rich_style), Segment(right, self._style(right_role))]
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _style(self, role: str):  # type: ignore[no-untyped-def]
        if role not in ("title", "quiet", "kept", "cut"):
            return self.rich_style
        return self.rich_style + self.get_component_rich_style(f"next-token--{role}", partial=True)
