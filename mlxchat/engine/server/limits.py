"""What cannot be done over a server, and why."""

from __future__ import annotations

from collections.abc import Mapping

OTHER_MACHINE = "it needs the model itself, and that is on the server"
NO_TOKENS = "mlx_lm.server streams a reply's text, not its tokens"
BY_REPLAY = "/replay writes a reply again as one answer, with its tokens"
NO_DISTRIBUTION = "a server does not send what else could have come"
ONE_MODEL = "a server has one model at a time"
OWN_OPTION = "the server's own --{option} decides it"
COSTS = "what a prompt costs is known once a server has read it"
NOT_TAKEN = "no effect: a server takes no {name}"
OPENAI_LACKS = "no effect: OpenAI's interface has no {name}"
INEXACT = (
    "to go on from a text takes the model's tokenizer on this machine, and there is none or "
    "another one (--model names the model's folder)"
)
OTHER_SERVER = "only mlx_lm.server is known to go on exactly from a text"
NO_ADAPTER = (
    "only mlx_lm.server puts an adapter on, and only on a model that is asked for by its folder "
    "or repository (--model)"
)
NEXT_REPLY = "counts from the next reply on"

OF_EVERY_SERVER = {
    "min_tokens_to_keep": NOT_TAKEN.format(name="min_tokens_to_keep"),
    "extra_eos_token": NOT_TAKEN.format(name="extra_eos_token")
    + "; stop_strings does much the same",
    "adapter_strength": "no effect: a server puts an adapter on as it was trained",
    "kv_bits": OWN_OPTION.format(option="kv-bits"),
    "draft_model": OWN_OPTION.format(option="draft-model"),
    "num_draft_tokens": OWN_OPTION.format(option="num-draft-tokens"),
    "kv_group_size": OWN_OPTION.format(option="kv-group-size"),
    "quantized_kv_start": OWN_OPTION.format(option="quantized-kv-start"),
    "prefill_step_size": OWN_OPTION.format(option="prefill-step-size"),
    "use_default_chat_template": OWN_OPTION.format(option="use-default-chat-template"),
    "max_kv_size": "no effect: a server keeps its caches by its own rule",
    "next token": NO_DISTRIBUTION,
    "cost": COSTS,
    "moved": NO_TOKENS,
    "score": OTHER_MACHINE,
    "beside": ONE_MODEL,
}
"""Reasons by the name of a parameter, a flag, a command, or what else a person asks for."""

OF_OTHER_SERVERS = {
    name: OPENAI_LACKS.format(name=name)
    for name in (
        "top_k",
        "min_p",
        "xtc_probability",
        "xtc_threshold",
        "repetition_penalty",
        "repetition_context_size",
        "presence_context_size",
        "frequency_context_size",
        "chat_template_config",
    )
}
"""Those of servers that are not mlx_lm's, beside."""
CONTINUATIONS = ("continue", "prefill")
NO_SEED = "only of mlx_lm.server it is known that a seed draws the same again"
NO_NAMES = (
    "the server tells a reply's tokens as numbers, and the model's tokenizer that reads them is "
    "not on this machine (--model names the model's folder)"
)


def limits_of(*, is_mlx: bool, adapts: bool, continues: str) -> Mapping[str, str]:
    """What cannot be done. `continues` says why no reply can be gone on with, or nothing."""
    limits = dict(OF_EVERY_SERVER)
    if not is_mlx:
        limits |= OF_OTHER_SERVERS
    if not adapts:
        limits["adapter"] = NO_ADAPTER
    if continues:
        limits |= dict.fromkeys(CONTINUATIONS, continues)
        limits["replay"] = NO_NAMES if is_mlx else NO_SEED
    if continues and is_mlx:
        limits["tokens"] = NO_TOKENS
    return limits
