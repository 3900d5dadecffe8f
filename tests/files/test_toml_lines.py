"""On which line each key of a TOML text stands."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlxchat.files.toml_lines import lines_of

TEXT = '''\
# a comment

model = "x"
"quoted key" = 1
a.b.c = 2

[sampler] # more
temp = 0.5
stop_strings = [
  "a", # [keys]
  "temp = 1",
]
text = """
top_p = 3
# [cache]
"""
inline = { x = 1, y = [2, 3] }

  [ tables . inner ]
    key = 1

[[many]]
first = 1

[[many]]
second = 2
'''


def test_every_key_has_its_line():
    assert lines_of(TEXT) == {
        ("model",): 3,
        ("quoted key",): 4,
        ("a",): 5,
        ("a", "b"): 5,
        ("a", "b", "c"): 5,
        ("sampler",): 7,
        ("sampler", "temp"): 8,
        ("sampler", "stop_strings"): 9,
        ("sampler", "text"): 13,
        ("sampler", "inline"): 17,
        ("sampler", "inline", "x"): 17,
        ("sampler", "inline", "y"): 17,
        ("tables", "inner"): 19,
        ("tables", "inner", "key"): 20,
        ("many",): 22,
        ("many", "first"): 23,
        ("many", "second"): 26,
    }


@pytest.mark.parametrize(
    "text", ["", "\n\n", "# only this", "[a]", "a = 1", "# a\u2028b = [\na = 1\r\n"]
)
def test_small_texts(text):
    assert len(lines_of(text)) <= 1


@given(st.lists(st.sampled_from(["", "# [x]", "[t{}]", "k{} = 1", 'k{} = """\n[x]\n"""',
                                 "k{} = [\n1,\n]", "k{} = '''\n'''"]), max_size=12))  # fmt: skip
def test_each_line_has_the_key_that_is_told(parts):
    text = "\n".join(part.format(number) for number, part in enumerate(parts))
    assert tomllib.loads(text) is not None
    lines = text.split("\n")
    found = lines_of(text)
    names = [number for number, part in enumerate(parts) if "{}" in part]
    assert {path[-1] for path in found} == {parts[n][:3].strip("[]{ ")[0] + str(n) for n in names}
    for path, number in found.items():
        assert path[-1] in lines[number - 1]
