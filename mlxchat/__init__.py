"""mlxchat: a terminal workbench for language models on MLX."""

__version__ = "0.1.0"
