"""Server-sent events, read from the bytes of an answer as they come.

httpx2's own reader drops comments, and in those mlx_lm.server tells how much of a prompt it has
read.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlxchat.errors import MlxchatError

LARGEST_EVENT = 2**20
"""Bytes. mlx_lm.server's are some hundred."""


class EventStream:
    """Takes bytes, and gives what is whole in them: data as str, comments as bytes."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[str | bytes]:
        """The data of each event that ends in this chunk, and each comment without its colon.

        Bytes that are no UTF-8 become replacement characters. Raises MlxchatError where an event
        has no end.
        """
        *ends, rest = chunk.split(b"\n")
        for end in ends:
            line, self._rest = bytes(self._rest + end), bytearray()
            yield from self._line(line.removesuffix(b"\r"))
        self._rest += rest
        if len(self._rest) + self._size > LARGEST_EVENT:
            raise MlxchatError(
                "The server sends events without an end: it does not speak as mlx_lm.server does."
            )

    def _line(self, line: bytes) -> Iterator[str | bytes]:
        if line.startswith(b":"):
            yield line[1:].strip()
        elif line.startswith(b"data:"):
            self._data.append(line[5:].removeprefix(b" "))
            self._size += len(line)
        elif not line and self._data:
            data, self._data, self._size = b"\n".join(self._data), [], 0
            yield data.decode("utf-8", "replace")
