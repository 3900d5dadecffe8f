"""The demo model, SmolLM2-135M-Instruct: a real instruct model that needs no model hub."""

from mlxchat.engine.demo.obtain import ensure_demo_model
from mlxchat.engine.demo.store import demo_model_path

__all__ = ["demo_model_path", "ensure_demo_model"]
