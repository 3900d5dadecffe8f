"""Words as tokens where the vocabulary spells spaces in SentencePiece's way."""

from __future__ import annotations

import pytest
from mlx_lm.tokenizer_utils import TokenizerWrapper
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from mlxchat.engine.words import Words
from mlxchat.settings.parameters import Settings

PIECES = ["<unk>", "</s>", "▁", "▁Paris", "Paris", "▁is", "izes", "▁nice"]


@pytest.fixture
def words() -> Words:
    tokenizer = Tokenizer(models.WordLevel({p: n for n, p in enumerate(PIECES)}, "<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", eos_token="</s>", clean_up=False
    )
    return Words(TokenizerWrapper(fast))


def ids(*pieces: str) -> dict[int, float]:
    return {PIECES.index(piece): 1.0 for piece in pieces}


@pytest.mark.parametrize(
    ("word", "pieces"),
    [
        ("Paris", ("▁Paris", "Paris")),
        (" Paris", ("▁Paris",)),
        ("is", ("▁is",)),
        ("▁nice", ("▁nice",)),
        ("</s>", ("</s>",)),
    ],
)
def test_the_forms_of_a_word(words: Words, word: str, pieces: tuple[str, ...]):
    assert words.bias(((word, 1.0),)) == ids(*pieces)


def test_end_tokens_join_the_models_own(words: Words):
    assert words.end_tokens(("▁is", " nice", "6")) == {1, 5, 7, 6}
    assert words.end_tokens(()) == {1}


def test_what_is_not_found_is_told_once(words: Words):
    settings = Settings(logit_bias=((99, 1.0), ("Paris", 1.0)), extra_eos_token=("77",))
    told = words.news(settings)
    assert told is not None
    assert told["logit_bias"] == (
        "This model has no token 99 (the last one is 7): it is left out.",
    )
    assert "no token 77" in told["extra_eos_token"][0]
    assert words.news(settings) is None
    assert words.news(Settings()) == {}
    assert words.bias(settings.logit_bias) == ids("▁Paris", "Paris")
