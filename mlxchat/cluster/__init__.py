"""One model on several machines: mlx's own distributed engine, started, watched and ended."""
