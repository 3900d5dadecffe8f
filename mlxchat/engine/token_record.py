"""What is kept of each token of a reply. No mlx here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mlxchat.engine.alternatives import Alternatives
from mlxchat.settings.parameters import Settings

ALTERNATIVES = 20
"""How many of the most likely tokens are kept for every sampled one."""
UNKNOWN_TOKEN = -1
"""The id in the record of a piece of text whose tokens are not known: a server may send no more
than the text, and how likely it was is no number (NaN) then. An id below it stands for a token that
a server named without a number; it means something while the program runs, and is not saved."""
UNKNOWN_RANK = -1


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """One sampled token. Log-probabilities are natural, after penalties and before filters."""

    token_id: int
    text: str
    """The text that became readable with this token; can be empty in mid-character."""
    logprob: float
    rank: int
    """0 for the most likely token. Where the entropy is not known, it can be the number of
    alternatives: it was none of them."""
    alternatives: Sequence[tuple[int, float]]
    """The most likely tokens as (id, log-probability), most likely first."""
    settings: Settings
    """The settings in force when it was drawn."""
    entropy: float = 0.0
    """Of the prediction, in bits; NaN where a server did not send what it takes."""
    drawn_logprob: float | None = None
    """Natural log of the probability with which the sampler drew it, after all filters and the
    temperature; NaN where a server drew it and that is not known, None where the token was not
    drawn but chosen."""
    from_draft: bool = False
    model_logprob: float | None = None
    """Before bias and penalties, kept where the settings have some; None where nobody kept it."""

    @property
    def is_text(self) -> bool:
        """Whether it is a piece of text, and nobody sent how likely its tokens were."""
        return self.token_id == UNKNOWN_TOKEN and math.isnan(self.logprob)

    @property
    def kept_id(self) -> int:
        """The id that is saved: one below UNKNOWN_TOKEN means nothing to another program."""
        return max(self.token_id, UNKNOWN_TOKEN)

    @property
    def kept_alternatives(self) -> Alternatives:
        """Those that are saved: as with the id."""
        found = self.alternatives
        if isinstance(found, Alternatives) and not any(token_id < 0 for token_id in found.ids):
            return found
        return Alternatives(pair for pair in found if pair[0] >= 0)

    @property
    def own_logprob(self) -> float:
        """The model's own, before bias and penalties, as far as `own_known`."""
        return self.logprob if self.model_logprob is None else self.model_logprob

    @property
    def own_known(self) -> bool:
        """Whether it is known what the model said before bias and penalties."""
        return self.model_logprob is not None or not self.settings.processes_logits

    @property
    def prob(self) -> float:
        """The model's own probability for it, as far as `own_known`."""
        return math.exp(self.own_logprob)

    @property
    def drawn_prob(self) -> float | None:
        """The probability with which the sampler drew it."""
        return None if self.drawn_logprob is None else math.exp(self.drawn_logprob)
