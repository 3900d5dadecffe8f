"""Settings as the arguments of mlx_lm's samplers: only those that have an effect."""

from __future__ import annotations

from collections.abc import Callable

from mlxchat.engine.interface import WordIds
from mlxchat.settings.parameters import PARAMETERS, SMALLEST_TEMP, SMALLEST_TOP_P, Number, Settings

Arguments = dict[str, Number | dict[int, float]]
LookUp = Callable[[Settings], WordIds]
"""Finds the tokens of the words in the settings."""

XTC_THRESHOLD = 0.1
CONTEXT_SIZE = 20
"""mlx_lm's own defaults."""
PENALTIES = ("repetition", "presence", "frequency")


def sampler_arguments(settings: Settings, vocabulary_size: int | None) -> Arguments:
    """What mlx_lm.sample_utils.make_sampler takes; empty where the most likely token is taken."""
    if settings.temp < SMALLEST_TEMP:
        return {}
    arguments: Arguments = {"temp": settings.temp}
    if 0 < settings.top_p < 1:
        arguments["top_p"] = max(settings.top_p, SMALLEST_TOP_P)
    if settings.min_p > 0:
        arguments["min_p"] = settings.min_p
        if settings.min_tokens_to_keep > 1:
            keep = settings.min_tokens_to_keep
            arguments["min_tokens_to_keep"] = min(keep, vocabulary_size or keep)
    if settings.xtc_probability > 0:
        arguments["xtc_probability"] = settings.xtc_probability
        if settings.xtc_threshold != XTC_THRESHOLD:
            arguments["xtc_threshold"] = settings.xtc_threshold
    if settings.top_k > 0 and not (vocabulary_size and settings.top_k >= vocabulary_size):
        arguments["top_k"] = settings.top_k
    return arguments


def no_words(settings: Settings) -> WordIds:  # noqa: ARG001
    """What to look words up with where no vocabulary is at hand."""
    return WordIds()


def penalty_arguments(settings: Settings, look_up: LookUp) -> Arguments:
    """What mlx_lm.sample_utils.make_logits_processors takes; empty where nothing is on."""
    arguments: Arguments = {}
    if settings.logit_bias and (bias := dict(look_up(settings).bias)):
        arguments["logit_bias"] = bias
    for kind in PENALTIES:
        penalty, size = f"{kind}_penalty", f"{kind}_context_size"
        value, looked_at = getattr(settings, penalty), getattr(settings, size)
        if value != PARAMETERS[penalty].off:
            arguments[penalty] = value
            if looked_at != CONTEXT_SIZE:
                arguments[size] = looked_at
    return arguments
