"""Loading a model with mlx_lm: weights in steps that can be cancelled, adapter, tokenizer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx.utils import tree_flatten
from mlx_lm.models.cache import make_prompt_cache
from mlx_lm.utils import load_model, load_tokenizer

from mlxchat.engine.adapter_folder import AdapterInfo
from mlxchat.engine.adapters import Adapter, Adapters
from mlxchat.engine.interface import DEMO, IsCancelled, LoadProgress, ModelInfo, ModelSpec, Report
from mlxchat.engine.made_from import made_from, quantization
from mlxchat.engine.prefill import prefill_step
from mlxchat.engine.prompt_cache import CacheKey, LayerCaches, always_trimmable
from mlxchat.engine.resolve import resolve_model
from mlxchat.engine.words import Words
from mlxchat.errors import Cancelled, MlxchatError
from mlxchat.settings.parameters import PARAMETERS, Number, Settings
from mlxchat.settings.speed import Speed

MakeRoom = Callable[[int], None]
"""Called with the bytes that a model's weights are about to take."""

NO_LENGTH = 10**30
"""For the tokenizer, which would write a warning onto the screen: the limit is our business."""
MOST_OF_A_REASON = 160
"""Characters of an error of mlx that are shown."""
EVALUATED_AT_ONCE = 16
"""Tensors read from disk between two looks at the cancel flag."""
_loads = count(1)


def next_identity() -> str:
    """What tells a load of a model from any other."""
    return f"load {next(_loads)}"


@dataclass(frozen=True, slots=True)
class Draft:
    """A loaded model that drafts tokens for another one."""

    path: str
    """A folder's absolute path, or a hub repository."""
    model: Any
    config: Mapping[str, Any]
    identity: str = field(default_factory=next_identity)


@dataclass(slots=True)
class LoadedModel:
    """A model, ready to write, with what was asked for when it was loaded."""

    spec: ModelSpec
    model: Any
    tokenizer: Any
    info: ModelInfo
    adapters: Adapters
    words: Words
    config: Mapping[str, Any]
    draft: Draft | None = None
    identity: str = field(default_factory=next_identity)
    """What tells it from any other load, of the same folder too: their caches are not shared."""

    @property
    def draft_model(self) -> Any | None:
        """The network of its draft model."""
        return self.draft.model if self.draft else None

    def key_of(self, adapter: Adapter | None, strength: float) -> CacheKey:
        """What caches belong to that the model computes with an adapter at a strength; at 0 they
        are those of the model alone."""
        bits = self.spec.kv_bits
        quantized_from = self.spec.quantized_kv_start if bits else 0
        draft = self.draft.identity if self.draft else None
        key = CacheKey(self.identity, None, 1.0, quantized_from, bits, draft)
        if adapter is None or strength == 0:
            return key
        return key._replace(adapter=adapter.identity, adapter_strength=strength)

    def xtc_special_tokens(self, settings: Settings) -> list[int]:
        """What XTC never removes: the line break and the end tokens."""
        end_tokens = self.words.end_tokens(settings.extra_eos_token)
        return [*self.tokenizer.encode("\n"), *end_tokens]

    def new_caches(self) -> LayerCaches:
        """Empty caches for the model and, behind them, for the draft model."""
        caches = make_prompt_cache(self.model, self.spec.max_kv_size)
        if self.draft_model is not None:
            caches += make_prompt_cache(self.draft_model)
        return list(caches)


def load(
    spec: ModelSpec, report: Report, cancelled: IsCancelled, make_room: MakeRoom
) -> LoadedModel:
    """Load what `spec` names, without its speed, for which `switch` is there; raises MlxchatError
    in one sentence, or Cancelled."""
    spec = spec.with_speed(Speed())
    path = resolve_model(spec.model, report, cancelled)
    make_room(bytes_on_disk(path))
    model, config = load_weights(path, spec, report, cancelled)
    adapters = Adapters(model, display_name(spec.model, path))
    adapter = AdapterInfo("")
    if spec.adapter_path:
        report(LoadProgress("loading the adapter"))
        adapter = adapters.load(spec.adapter_path).info
    report(LoadProgress("loading the tokenizer"))
    tokenizer = load_tokenizer_of(path, spec, config)
    info = _describe(path, spec, model, tokenizer, config, adapter)
    info = replace(info, weights_bytes=weights_bytes(model))
    return LoadedModel(spec, model, tokenizer, info, adapters, Words(tokenizer), config)


def bytes_on_disk(folder: Path) -> int:
    """How long the files of a model's weights are, which is about what they take in memory."""
    return sum(file.stat().st_size for file in folder.glob("model*.safetensors"))


def load_weights(
    path: Path, spec: ModelSpec, report: Report, cancelled: IsCancelled
) -> tuple[Any, dict[str, Any]]:
    """A folder's model and its configuration; raises MlxchatError in one sentence, or Cancelled."""
    report(LoadProgress("opening the weights"))
    try:
        model, config = load_model(path, lazy=True, trust_remote_code=spec.trust_remote_code)
        _evaluate(tree_flatten(model.parameters()), report, cancelled)
    except (Cancelled, MlxchatError):
        raise
    except Exception as error:
        raise MlxchatError(_weights_sentence(path, error)) from error
    return model, config


def _evaluate(
    tensors: Iterable[tuple[str, mx.array]], report: Report, cancelled: IsCancelled
) -> None:
    arrays = [array for _, array in tensors]
    for start in range(0, len(arrays), EVALUATED_AT_ONCE):
        if cancelled():
            raise Cancelled
        mx.eval(arrays[start : start + EVALUATED_AT_ONCE])
        done = min(start + EVALUATED_AT_ONCE, len(arrays))
        report(LoadProgress("loading the weights", done, len(arrays), "tensors"))


def _weights_sentence(path: Path, error: Exception) -> str:
    text = str(error)
    first = text.strip().splitlines()[0] if text.strip() else type(error).__name__
    if isinstance(error, json.JSONDecodeError):
        return f"config.json in {path} is not readable as JSON ({first}): copy the model again."
    if "custom module" in text or "trust_remote_code" in text:
        return (
            f"The model in {path} wants to run its own Python code; "
            "if you trust it, start with --trust-remote-code."
        )
    if "not supported" in text and "Model type" in text:
        return f"{first} The installed mlx_lm does not know this model: try a newer mlx_lm."
    if isinstance(error, MemoryError) or "alloc" in text.lower():
        return f"There is not enough memory for the model in {path}: choose a smaller one."
    why = first.split(". ")[0].rstrip(".:")[:MOST_OF_A_REASON]
    return (
        f"The model in {path} could not be loaded, since its files are damaged, incomplete or no "
        f"model's ({why}): copy or download it again."
    )


def load_tokenizer_of(path: Path, spec: ModelSpec, config: dict[str, Any]) -> Any:
    """A folder's tokenizer; raises MlxchatError in one sentence."""
    try:
        tokenizer = load_tokenizer(
            path,
            {"trust_remote_code": spec.trust_remote_code, "model_max_length": NO_LENGTH},
            eos_token_ids=config.get("eos_token_id"),
        )
    except Exception as error:
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise MlxchatError(
            f"The tokenizer in {path} could not be loaded ({first}): copy its tokenizer files "
            "from the original model."
        ) from error
    if spec.use_default_chat_template and not tokenizer.has_chat_template:
        template = getattr(tokenizer, "default_chat_template", None)
        if template:
            tokenizer.chat_template = template
            tokenizer.has_chat_template = True
    return tokenizer


def _describe(
    path: Path,
    spec: ModelSpec,
    model: Any,
    tokenizer: Any,
    config: dict[str, Any],
    adapter: AdapterInfo,
) -> ModelInfo:
    caches = make_prompt_cache(model, spec.max_kv_size)
    return ModelInfo(
        name=display_name(spec.model, path),
        path=path,
        context_limit=most_tokens(spec, model, config),
        vocabulary_size=len(tokenizer),
        recommended=recommended_settings(path),
        think_tags=(tokenizer.think_start, tokenizer.think_end) if tokenizer.has_thinking else None,
        adapter=spec.adapter_path,
        adapter_bytes=adapter.weights_bytes,
        prefill_step_size=prefill_step(spec),
        quantization=quantization(path),
        # Of a repository everybody can read that on its page.
        made_from=made_from(path, model) if Path(spec.model).expanduser().is_dir() else None,
        notes=(*_notes(spec, tokenizer, caches, model), *adapter.notes),
        adapter_notes=adapter.notes,
    )


def _notes(spec: ModelSpec, tokenizer: Any, caches: LayerCaches, model: Any) -> Iterable[str]:
    if spec.ignore_chat_template:
        yield "The chat template is ignored: messages are sent as plain text."
    elif not tokenizer.has_chat_template:
        yield "This model has no chat template: messages are sent as plain text."
    if not tokenizer.eos_token_ids:
        yield (
            "This model names no end token: replies go on until max_tokens or Esc "
            "(extra_eos_token gives it one)."
        )
    if tokenizer.has_thinking:
        yield f"This model reasons between {tokenizer.think_start} and {tokenizer.think_end}" + (
            """: --chat-template-config '{"enable_thinking": false}' switches that off."""
            if "enable_thinking" in str(tokenizer.chat_template)
            else "."
        )
    if not always_trimmable(caches):
        yield (
            "This model's cache cannot be cut: an edit or a retry goes on from the last stored "
            "turn before it, or reads the conversation again."
        )
    if spec.max_kv_size is not None and hasattr(model, "make_cache"):
        yield "This model makes its own cache: --max-kv-size has no effect on it."


def weights_bytes(model: Any) -> int:
    """What a model's weights take in memory."""
    return sum(a.nbytes for _, a in tree_flatten(model.parameters()))


def display_name(model: str, path: Path) -> str:
    """A short name: the repository's last part, or the folder's."""
    if model == DEMO:
        return "SmolLM2-135M-Instruct"
    return (path if Path(model).exists() else Path(model)).expanduser().resolve().name


def most_tokens(spec: ModelSpec, model: Any, config: Mapping[str, Any]) -> int | None:
    """How many tokens of prompt and reply a model may be given, or None where nothing says.

    mlx_lm drops what exceeds --max-kv-size from the front of the cache, the system prompt first,
    and says nothing: so that is a limit like the model's own. A model with sliding windows of its
    own was trained to drop so, and a draft model past its limit only guesses worse.
    """
    limits = [context_limit(config)]
    if spec.max_kv_size is not None and not hasattr(model, "make_cache"):
        # Drafts stand in the cache until they are refused, and one that has wrapped keeps them.
        drafts = spec.num_draft_tokens + 1 if spec.draft_model else 0
        limits.append(max(1, spec.max_kv_size - drafts))
    return min((limit for limit in limits if limit is not None), default=None)


def context_limit(config: Mapping[str, Any]) -> int | None:
    """The most tokens that the configuration allows, or None where it does not say."""
    for part in (config, config.get("text_config") or {}):
        for name in ("max_position_embeddings", "max_seq_len", "n_positions", "seq_length"):
            value = part.get(name)
            if isinstance(value, int) and value > 0:
                return value
    return None


def recommended_settings(path: Path) -> dict[str, Number]:
    """The sampler values of generation_config.json that are usable, by parameter name."""
    try:
        config = json.loads((path / "generation_config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(config, dict):
        return {}
    if config.get("do_sample") is False:
        config["temperature"] = 0.0
    names = {**{name: name for name in PARAMETERS}, "temp": "temperature"}
    values: dict[str, Number] = {}
    for name in ("temp", "top_p", "min_p", "top_k", "repetition_penalty"):
        value = config.get(names[name])
        if isinstance(value, int | float) and not isinstance(value, bool):
            try:
                values[name] = PARAMETERS[name].check(value)  # type: ignore[assignment]
            except MlxchatError:
                continue
    return values
