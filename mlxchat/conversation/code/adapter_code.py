"""The adapter of a reply in code for mlx_lm, which knows one strength and no checkpoints."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from mlxchat.conversation.code.source_text import literal
from mlxchat.conversation.entries import Reply
from mlxchat.engine.adapter_folder import checkpoint_iteration
from mlxchat.engine.interface import ModelSpec

AT_STRENGTH = """\
for layer in model.modules():
    if "lora_b" in layer:
        layer.scale *= {strength}"""

OF_CHECKPOINT = """\
# mlx_lm loads adapters.safetensors only: the checkpoint in its place.
adapter = tempfile.mkdtemp()
shutil.copy({config}, adapter)
shutil.copy({weights}, f"{{adapter}}/adapters.safetensors")
"""


def strength_of(reply: Reply) -> float:
    """The strength of the adapter at the first draw; 0 without one."""
    settings = reply.drawn[0].settings if reply.drawn else reply.settings
    return settings.adapter_strength if _has_adapter(reply) else 0.0


def is_checkpoint(path: str | None) -> bool:
    """Whether an adapter is a checkpoint's file."""
    return path is not None and checkpoint_iteration(PurePath(path).name) is not None


def adapter_folder(spec: ModelSpec) -> str:
    """The folder of its adapter, for a flag that takes folders only."""
    path = spec.adapter_path or ""
    return str(PurePath(path).parent) if is_checkpoint(path) else path


def before_load(spec: ModelSpec) -> str:
    """What a script does before it loads the model with a checkpoint; nothing for a folder."""
    if not is_checkpoint(spec.adapter_path):
        return ""
    path = PurePath(spec.adapter_path or "")
    config = literal(str(path.parent / "adapter_config.json"))
    return OF_CHECKPOINT.format(config=config, weights=literal(str(path)))


def load_argument(spec: ModelSpec) -> str:
    """The argument of mlx_lm's load that names the adapter."""
    name = "adapter" if is_checkpoint(spec.adapter_path) else literal(spec.adapter_path or "")
    return f"adapter_path={name}"


def after_load(reply: Reply) -> list[str]:
    """What a script does once the model is loaded; nothing at the trained scale."""
    strength = strength_of(reply)
    return [] if strength in (0, 1) else [AT_STRENGTH.format(strength=repr(strength))]


def script_limits(reply: Reply) -> Iterator[str]:
    """What a script does otherwise, as comments."""
    if _changed(reply):
        yield "# The adapter's strength was changed while it was written: this is the first one."
    if after_load(reply):
        yield "# A DoRA adapter's magnitudes stay as they were trained: another reply may come."


def line_limits(reply: Reply, spec: ModelSpec) -> Iterator[str]:
    """What a line for a shell does otherwise; words, commas and points only."""
    if after_load(reply) or _changed(reply):
        yield "mlx_lm.generate has no flag for the strength of an adapter, this line has it whole."
    if strength_of(reply) and is_checkpoint(spec.adapter_path):
        yield "mlx_lm.generate takes no checkpoint, copy it to adapters.safetensors for this line."


def _changed(reply: Reply) -> bool:
    strengths = {record.settings.adapter_strength for record in reply.drawn}
    return _has_adapter(reply) and len(strengths) > 1


def _has_adapter(reply: Reply) -> bool:
    return bool(reply.spec.adapter_path if reply.spec else reply.adapter)
