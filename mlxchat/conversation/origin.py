"""What loads a model again, from anywhere on this machine."""

from __future__ import annotations

from dataclasses import replace

from mlxchat.engine.interface import DEMO, ModelInfo, ModelSpec
from mlxchat.files.recent import absolute, absolute_path


def origin_of(spec: ModelSpec, info: ModelInfo) -> ModelSpec:
    """`spec` with absolute folders, the demo's among them, and with the prefill step that was
    used; a hub repository stays as it is."""
    return replace(
        spec,
        model=str(info.path) if spec.model == DEMO else absolute(spec.model),
        adapter_path=spec.adapter_path and absolute_path(spec.adapter_path),
        draft_model=spec.draft_model and absolute(spec.draft_model),
        prefill_step_size=info.prefill_step_size,
    )
