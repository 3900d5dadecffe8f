"""A reply as code for mlx_lm."""
