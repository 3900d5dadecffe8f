"""The HTML page: it shows what was said, and nothing of that runs, loads or is followed."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import Reply, UserMessage
from mlxchat.conversation.exports.chat import Options
from mlxchat.conversation.exports.page import write_html
from mlxchat.conversation.exports.page_text import markdown_html
from mlxchat.conversation.token_list import TokenList
from mlxchat.engine.alternatives import Alternatives
from mlxchat.engine.interface import TokenRecord
from mlxchat.render.safe import visible
from mlxchat.settings.parameters import Settings
from tests.conversation.exports.chats import chats, talk, version
from tests.conversation.strategies import NASTY, trees

ALLOWED = {
    "html": {"lang"}, "head": set(), "meta": {"charset", "http-equiv", "content", "name"},
    "title": set(), "style": set(), "body": set(), "main": set(), "section": set(), "h1": set(),
    "h2": {"class"}, "h3": set(), "h4": set(), "h5": set(), "h6": set(), "p": {"class"},
    "form": {"class"}, "label": set(), "input": {"type", "name", "id", "checked"},
    "span": {"class", "title"}, "article": {"id", "class", "dir"}, "div": {"class"},
    "aside": set(), "footer": set(), "small": set(), "b": {"class"}, "br": set(), "a": {"href"},
    "u": set(), "em": set(), "strong": set(), "s": set(), "code": {"class"}, "pre": set(),
    "ul": set(), "ol": {"start"}, "li": set(), "blockquote": set(), "hr": set(), "table": set(),
    "thead": set(), "tbody": set(), "tr": set(), "th": {"style"}, "td": {"style"},
}  # fmt: skip


VOID = {"meta", "input", "br", "hr"}


class Seen(HTMLParser):
    """What a page consists of. Anything that could run or load fails at once."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.titles: list[str] = []
        self.tags: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        assert tag in ALLOWED, tag
        names = {name for name, _ in attrs}
        assert names <= ALLOWED[tag], (tag, names)
        given = dict(attrs)
        assert given.get("href", "#c0m1").startswith("#c"), given
        assert given.get("style", "text-align:left").startswith("text-align:"), given
        self.titles += [given["title"]] if "title" in given else []
        self.tags.append(tag)
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert tag in VOID or self._open.pop() == tag

    def handle_data(self, data):
        if "style" not in self._open:
            self.texts.append(data)

    def handle_comment(self, data):
        raise AssertionError(data)


def page(conversation: Conversation, options: Options = Options(branches=True)) -> str:  # noqa: B008
    return write_html(chats(conversation), options).text


def token(text: str, logprob: float = -0.1, **more: object) -> TokenRecord:
    likely = Alternatives([(7, -0.1), (8, -3.0)])
    return TokenRecord(7, text, logprob, 1, likely, Settings(), 1.5, -0.05, **more)


def with_tokens(*texts: str) -> Conversation:
    conversation = Conversation()
    conversation.add(UserMessage("Hello"))
    tokens = TokenList(token(text) for text in texts)
    conversation.add(Reply("m", None, 1, Settings(), tokens=tokens, reason="stop"))
    return conversation


@given(trees())
def test_nothing_in_a_page_runs_or_loads(conversation):
    if not any(node for node in conversation.root.versions):
        return
    text = page(conversation)
    Seen(text)
    assert visible(text.replace("\t", "")) == text.replace("\t", "")


@pytest.mark.parametrize("text", NASTY)
def test_what_was_said_is_there_as_text(text):
    conversation = talk(text or "x", text, system=text)
    conversation.note(conversation.tip, text)
    seen = Seen(page(conversation))
    shown = visible(text).strip()
    assert shown in "".join(seen.texts).expandtabs(1).replace("\t", " ") or "\t" in text


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](data:text/html,<script>)",
    "![x](http://evil.example/a.png)",
    "<http://evil.example>",
    "[x][y]\n\n[y]: http://evil.example 'onclick=alert(1)'",
    '```"><script>alert(1)</script>\nx\n```',
    "| a |\n|---|\n| <svg onload=alert(1)> |",
    '" onmouseover="alert(1)',
    "</title></style></div></main><script>",
    "&#60;script&#62;",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_harmless(text):
    Seen(page(talk(text, text, system=text)))
    Seen(page(with_tokens(text, text)))


def test_markdown_is_rendered():
    html = markdown_html("# A\n\n**b** `c` [d](http://e.example)\n\n- f\n\n| g |\n|---|\n| h |")
    for part in ("<h1>A</h1>", "<strong>b</strong>", "<code>c</code>", "<li>f</li>", "<td>h</td>",
                 "<u>d</u> <small>(http://e.example)</small>"):  # fmt: skip
        assert part in html


@pytest.mark.parametrize("text", ["[" * 100_000, "<" * 50_000, "> " * 5_000, "*_" * 20_000])
def test_text_that_is_hard_to_parse(text):
    assert len(markdown_html(text)) > len(text) / 2


def test_a_token_tells_what_was_recorded():
    seen = Seen(page(with_tokens(" Paris", "\n")))
    title = next(title for title in seen.titles if "Paris" in title)
    assert title.split("\n") == [
        "·Paris #7",
        "90.5% by the model · 95.1% under the settings · rank 2 · entropy 1.50 bits",
        " 90.5%  ·Paris",
        "  5.0%  #8",
    ]
    assert "↵\n" in seen.texts


def test_names_of_tokens_that_were_not_drawn():
    options = Options(names=lambda reply, token_id: f"<{token_id}>")
    assert "  5.0%  <8>" in "".join(Seen(page(with_tokens("a"), options)).titles)


def test_levels_of_each_measure():
    conversation = with_tokens("a")
    conversation.last_reply.tokens.append(token("b", -5.0))
    text = page(conversation)
    assert '<span class="p0 r1 e2 d0" title=' in text
    assert '<span class="p4 r1 e2 d4" title=' in text
    for measure in ("probability", "rank", "entropy", "disagreement"):
        assert f'id="{measure}"' in text
        assert f"body:has(#{measure}:checked) .{measure[0]}4" in text


def test_branches_and_marks():
    conversation = talk("Hello", "Hi")
    version(conversation, "Ho", "bad")
    text = "".join(Seen(page(conversation)).texts)
    assert "version 2 of 2" in text
    assert "− bad" in text
    assert "Another branch, after message 1" in text
    assert "Hi" not in "".join(Seen(page(conversation, Options())).texts)
