"""Wrapping by terminal cells. The hot path of rendering: plain ASCII never leaves C speed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate

from wcwidth import wcswidth, wcwidth

from mlxchat.render.lines import Line, Span

EMPTY = Line()
TOO_WIDE = "□"
"""Stands for a character that is wider than the whole line."""

_CLUSTER = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}"
    "|\n|.[\u0300-\u036f\u200c\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f"
    "\U000e0100-\U000e01ef]*(?:\u200d.[\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]*)*"
)
_WORD = re.compile("[^ \n]+|[ \n]")
_NOT_FIRST = frozenset("，。、；：？！）】》」』〉〕”’…·,.;:?!)]}％%")
_NOT_LAST = frozenset("（【《「『〈〔“‘([{")

Piece = tuple[int, int]
Breaker = Callable[[str, int], list[Piece]]


@lru_cache(maxsize=4096)
def _cluster_width(cluster: str) -> int:
    return max(0, wcswidth(cluster))


def cells(text: str) -> int:
    """How many terminal cells the text takes; it must hold no control characters."""
    return len(text) if text.isascii() else max(0, wcswidth(text))


def _candidates(text: str) -> Iterator[tuple[str, int]]:
    for cluster in _CLUSTER.findall(text):
        width = _cluster_width(cluster)
        if width > 2:  # a modifier on what cannot be modified stands alone
            yield from ((character, _cluster_width(character)) for character in cluster)
        else:
            yield cluster, width


def clusters(text: str) -> list[tuple[str, int]]:
    """The text cut into what takes cells together, with the cells of each."""
    found: list[tuple[str, int]] = []
    for word in _WORD.findall(text):
        if found and wcwidth(word[0]) == 0:
            word = found.pop()[0] + word
        found += _word_clusters(word)
    return found


@lru_cache(maxsize=4096)
def _word_clusters(word: str) -> tuple[tuple[str, int], ...]:
    """The clusters of one word; a paragraph that is being written has the same ones each time."""
    found: list[tuple[str, int]] = []
    for cluster, width in _candidates(word):
        if width == 0 and found:
            before, cells_before = found.pop()
            cluster, width = before + cluster, cells_before
        elif found and wcwidth(cluster[0]) == 0:
            before, _ = found.pop()
            cluster = before + cluster
            width = _cluster_width(cluster)
        found.append((cluster, width))
    return tuple(found)


def fit(text: str, width: int) -> str:
    """The text with what is wider than a whole line replaced."""
    if width >= 2 or text.isascii():
        return text
    return "".join(c if w <= width else TOO_WIDE for c, w in clusters(text))


def cut(text: str, width: int) -> list[Piece]:
    """Where to cut a text into pieces of at most `width` cells, wherever that falls."""
    if text.isascii():
        return [(at, min(at + width, len(text))) for at in range(0, len(text), width)] or [(0, 0)]
    pieces, start, position, used = [], 0, 0, 0
    for cluster, cells_wide in clusters(text):
        if used + cells_wide > width and position > start:
            pieces.append((start, position))
            start, used = position, 0
        position += len(cluster)
        used += cells_wide
    return [*pieces, (start, position)]


def break_words(text: str, width: int) -> list[Piece]:
    """Where to break a paragraph into lines: at spaces, between wide characters, or in a word
    that is longer than a line. Spaces at a break belong to no line; newlines always break."""
    pieces: list[Piece] = []
    start = 0
    while True:
        end = text.find("\n", start)
        stop = len(text) if end < 0 else end
        if text[start:stop].isascii():
            _break_ascii(text, start, stop, width, pieces)
        else:
            _break_cells(text, start, stop, width, pieces)
        if end < 0:
            return pieces
        start = end + 1


def _break_ascii(text: str, start: int, stop: int, width: int, pieces: list[Piece]) -> None:
    while stop - start > width:
        space = text.rfind(" ", start, start + width + 1)
        end = space
        while end > start and text[end - 1] == " ":
            end -= 1
        if end <= start:
            end = space = start + width
        if text[start:end].strip(" "):
            pieces.append((start, end))
        start = _skip_spaces(text, space, stop)
        if start == stop:
            return
    pieces.append((start, stop))


def _skip_spaces(text: str, start: int, stop: int) -> int:
    while start < stop and text[start] == " ":
        start += 1
    return start


def _break_cells(text: str, start: int, stop: int, width: int, pieces: list[Piece]) -> None:
    position, used, line = start, 0, start
    last_break, break_used = -1, 0
    before, before_wide = " ", False
    for cluster, cells_wide in clusters(text[start:stop]):
        space = cluster == " "
        breakable = (cells_wide > 1 or before_wide) and cluster not in _NOT_FIRST
        if not space and (before == " " or (breakable and before not in _NOT_LAST)):
            last_break, break_used = position, used
        while not space and used + cells_wide > width and position > line:
            at = last_break if last_break > line else position
            end = at
            while end > line and text[end - 1] == " ":
                end -= 1
            if end > line or at == position:
                pieces.append((line, end))
            used = used - break_used if at == last_break else 0
            line, last_break = at, -1
        position += len(cluster)
        used += cells_wide
        before, before_wide = cluster, cells_wide > 1
    end = stop
    if used > width:
        while end > line and text[end - 1] == " ":
            end -= 1
    pieces.append((line, end))


def wrap(spans: Sequence[Span], width: int) -> list[Line]:
    """Spans as a paragraph of lines of at most `width` cells; at least one line."""
    return _laid_out(spans, width, break_words)


def wrap_code(spans: Sequence[Span], width: int) -> list[Line]:
    """Spans as lines cut wherever the width falls, spaces kept."""
    return _laid_out(spans, width, cut)


def _laid_out(spans: Sequence[Span], width: int, breaker: Breaker) -> list[Line]:
    width = max(1, width)
    if width == 1:
        spans = _fitted(spans)
    text = "".join(span.text for span in spans)
    if "\n" not in text and cells(text) <= width:
        return [Line(tuple(span for span in spans if span.text))]
    return _slices(spans, breaker(text, width))


def _fitted(spans: Sequence[Span]) -> list[Span]:
    """Spans for lines of one cell: what is wider, across spans too, is replaced."""
    found = clusters("".join(span.text for span in spans))
    ends = list(accumulate(len(cluster) for cluster, _ in found))
    lines = _slices(spans, zip([0, *ends], ends, strict=False))
    fitted: list[Span] = []
    for line, (_, cells_wide) in zip(lines, found, strict=True):
        fitted += line.spans if cells_wide <= 1 else [Span(TOO_WIDE, line.spans[0].role)]
    return fitted


def _slices(spans: Sequence[Span], pieces: Iterable[Piece]) -> list[Line]:
    lines = []
    index, offset = 0, 0
    for start, end in pieces:
        parts = []
        while index < len(spans) and offset + len(spans[index].text) <= start:
            offset += len(spans[index].text)
            index += 1
        here, at = index, offset
        while here < len(spans) and at < end:
            text, role = spans[here]
            part = text[max(0, start - at) : end - at]
            if part:
                parts.append(Span(part, role))
            at += len(text)
            here += 1
        lines.append(Line(tuple(parts)))
    return lines


def prefixed(lines: Iterable[Line], first: Span, rest: Span) -> list[Line]:
    """The lines with `first` before the first and `rest` before each other."""
    found = []
    mark = first
    for line in lines:
        found.append(Line((mark, *line.spans)) if mark.text else line)
        mark = rest
    return found
