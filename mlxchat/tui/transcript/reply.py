"""A reply of the model as an entry of the transcript."""

from __future__ import annotations

from mlxchat.conversation.entries import Reply
from mlxchat.conversation.token_body import TokenBody, TokenLook
from mlxchat.render.lines import Line, Span
from mlxchat.render.stream import MarkdownStream, render_plain
from mlxchat.tui.transcript.difference import Difference, DifferenceMarks
from mlxchat.tui.transcript.entries import (
    DIMMED,
    GUTTER,
    NO_MARK,
    SEPARATOR,
    Entry,
    EntryHeader,
    Row,
    header_lines,
)
from mlxchat.tui.transcript.marks import ChangeMarks, MarkdownPlaces

_WRITING = Span("◇ ", "mark.assistant")
_WRITTEN = Span("◆ ", "mark.assistant")


class ReplyEntry(Entry):
    """What the model wrote or is writing: header, Markdown, and a status line or a footer."""

    def __init__(
        self,
        header: EntryHeader | str,
        text: str = "",
        footer: str = "",
        *,
        open_reasoning: bool = False,
        think_tags: tuple[str, str] | None = None,
        finished: bool = True,
        reply: Reply | None = None,
        aside: bool = False,
    ) -> None:
        """`aside`: it is shown beside the conversation, no part of it."""
        super().__init__(text)
        self.reply = reply
        """What it shows; None where only the text is known."""
        self.marks = ChangeMarks()
        self._difference = DifferenceMarks()
        self.header = EntryHeader(header) if isinstance(header, str) else header
        self.footer = footer
        self.status = ""
        self.finished = finished
        self.aside = aside
        self._folded: bool | None = None
        self._open_reasoning = open_reasoning
        self._think_tags = think_tags
        self._token_look: TokenLook | None = None
        self._stream: MarkdownStream | TokenBody | None = None
        self._stream_width = 0
        self._top: list[Line] = []
        self._bottom: list[Line] = []

    @property
    def wrapped(self) -> bool:
        return self._stream is not None and self._stream_width == self._width

    @property
    def writing(self) -> bool:
        return not self.finished

    def estimate(self) -> int:
        return super().estimate() + 2

    def wrap(self) -> None:
        if self._stream is None:
            self._stream = self._new_stream()
        elif self._stream_width != self._width:
            self._stream.resize(self._width)
            self._stream_width = self._width
        self._frame()

    def unwrap(self) -> None:
        if self.finished:
            self._stream = None

    def row(self, index: int) -> Row:
        assert self._stream is not None
        body = index - len(self._top)
        if body < 0:
            return Row(self._mark(index), self._top[index])
        if body < self._body_height:
            line, told = self.marks.locate(body)
            if told is not None:
                return Row(NO_MARK, told)
            mark = self._difference.mark(line, self.marks.mark(line))
            shown = self._difference.look(line, self._stream.lines[line])
            return Row(mark, shown, "assistant", self._width + GUTTER)
        tail = body - self._body_height
        return Row(NO_MARK, self._bottom[tail]) if tail < len(self._bottom) else SEPARATOR

    def pale(self, row: Row) -> Row:
        """Tokens keep their colours: they tell something, and one of them may be selected."""
        if self.tokens is not None and row.role == "assistant":
            return row._replace(mark=DIMMED)
        return super().pale(row)

    def append(self, text: str) -> int:
        """Add text; the first row that may have changed."""
        self.text += text
        if self._stream is None:
            return 0
        first = self._stream.append(text)
        if not self.wrapped:
            return 0
        first = self.marks.row_of(min(first, self._place_marks(first)))
        self._measure()
        return len(self._top) + first

    def finish(self, footer: str, text: str | None = None) -> int:
        """Add no more; the first row that may have changed.

        `text` replaces what was appended where the two differ.
        """
        self.finished, self.footer, self.status = True, footer, ""
        if text is not None and text != self.text:
            self.text = text
            self._stream = None if self._stream is None else self._new_stream()
        elif self._stream is not None:
            self._stream.finish()
        if self.wrapped:
            self._frame()
        return 0

    def set_status(self, text: str) -> int:
        """Show a line below what is written; the first row that changed."""
        if text == self.status or self.finished:
            return self.height
        self.status = text
        if self._stream is None or not self.wrapped:
            return 0
        self._frame()
        return len(self._top) + self._body_height

    def set_header(self, header: EntryHeader) -> int:
        """Show another header; the first row that changed."""
        self.header = header
        if self.wrapped:
            self._frame()
        return 0

    @property
    def difference(self) -> Difference:
        """What sets it apart from the reply that it is compared with."""
        return self._difference.difference

    def set_difference(self, difference: Difference) -> int:
        """Mark another difference; the first row that changed."""
        self._difference.difference = difference
        if self._stream is None or not self.wrapped:
            return self.height
        first = self._difference.place(self.text, self._stream.lines, 0)
        return len(self._top) + self.marks.row_of(first)

    @property
    def foldable(self) -> list[int]:
        """The rows that fold and unfold the reasoning."""
        if self._stream is None:
            return []
        top, rows = len(self._top), self.marks.row_of
        return [top + rows(line) for line in self._stream.reasoning_headers]

    @property
    def marked(self) -> list[int]:
        """The rows that have a mark of changed settings, or say what changed."""
        return [len(self._top) + row for row in self.marks.rows]

    @property
    def tells_changes(self) -> bool:
        """Whether the marks of changed settings are open."""
        return self.marks.opened

    @tells_changes.setter
    def tells_changes(self, opened: bool) -> None:
        self.marks.opened = opened
        if self.wrapped:
            self._frame()

    # Tokens

    @property
    def tokens(self) -> TokenBody | None:
        """The reply's tokens, where it shows them and not its Markdown."""
        return self._stream if isinstance(self._stream, TokenBody) else None

    @property
    def has_tokens(self) -> bool:
        """Whether there are tokens to look at: what was saved of them may be damaged."""
        return self.reply is not None and bool(self.reply.tokens) and not self.reply.damage

    def show_tokens(self, look: TokenLook | None) -> None:
        """Show the tokens, or with None the Markdown again; it is to be wrapped anew."""
        if self.reply is not None and look is not self._token_look:
            self._token_look, self._stream = look, None
            self.set_width(self._width)

    def rows_of_token(self, place: int) -> tuple[int, int]:
        """The rows first <= row < last in which a token stands."""
        assert self.tokens is not None
        first, last = self.tokens.lines_of(place)
        top, row_of = len(self._top), self.marks.row_of
        return top + row_of(first), top + row_of(last - 1) + 1

    def first_token_from(self, row: int) -> int:
        """The first token that begins at a row or below it; their number where there is none."""
        assert self.tokens is not None
        line = self.marks.locate(max(0, row - len(self._top)))[0]
        return self.tokens.layout.first_from(line)

    def token_at(self, row: int, column: int) -> int | None:
        """The token at a cell of a row, or the nearest before it."""
        body = row - len(self._top)
        if self.tokens is None or not 0 <= body < self._body_height:
            return None
        line, told = self.marks.locate(body)
        return self.tokens.layout.token_at(line, column) if told is None else None

    @property
    def folded(self) -> bool:
        """Whether its reasoning is folded."""
        if self._stream is not None:
            return self._stream.folded
        return bool(self._folded)

    @folded.setter
    def folded(self, folded: bool) -> None:
        self._folded = folded
        if self._stream is not None:
            self._stream.folded = folded
        if self.wrapped:
            self._frame()
        else:
            self.exact = False

    def _new_stream(self) -> MarkdownStream | TokenBody:
        self._stream_width = self._width
        if self._token_look and self.reply is not None and not self.reply.damage:
            return TokenBody(self.reply, self._width, self._token_look)
        stream = MarkdownStream(
            self._width, open_reasoning=self._open_reasoning, think_tags=self._think_tags
        )
        if self._folded is not None:
            stream.folded = self._folded
        if self.text:
            stream.append(self.text)
        if self.finished:
            stream.finish()
        return stream

    def _frame(self) -> None:
        self._top = header_lines(self.header, self._width, "name")
        text, role = (self.footer, "footer") if self.finished else (self.status, "status")
        self._bottom = render_plain(text, self._width, role) if text else []
        if self.header.note:
            self._bottom += render_plain(self.header.note, self._width, "note")
        self._place_marks(0)
        self._measure()

    def _place_marks(self, first: int) -> int:
        """Find the lines with marks, where they can have changed from line `first` on; the first
        line whose mark did."""
        if self.reply is None or self._stream is None:
            return first
        stream = self._stream
        first = self._difference.place(self.text, stream.lines, first)
        places = stream if isinstance(stream, TokenBody) else MarkdownPlaces(self.reply, stream)
        return self.marks.place(self.reply.tokens.runs, places.line_of, first, self._width)

    @property
    def _body_height(self) -> int:
        assert self._stream is not None
        return len(self._stream.lines) + self.marks.told

    def _measure(self) -> None:
        assert self._stream is not None
        self.height = len(self._top) + self._body_height + len(self._bottom) + 1
        self.exact = True

    def _mark(self, index: int) -> Span:
        if index:
            return NO_MARK
        return _WRITTEN if self.finished else _WRITING
