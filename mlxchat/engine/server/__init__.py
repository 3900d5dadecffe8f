"""The engine over HTTP: a running mlx_lm.server, or another server that speaks OpenAI's language.

No mlx here: the model is on the other machine.
"""
