"""Standard output in UTF-8, whatever the terminal's locale says."""

from __future__ import annotations

from typing import TextIO


def write_utf8(out: TextIO, text: str) -> None:
    """Write text at once; half characters become question marks. Raises OSError."""
    if hasattr(out, "buffer"):
        out.flush()
        out.buffer.write(text.encode("utf-8", "replace"))
        out.buffer.flush()
    else:
        out.write(text)
