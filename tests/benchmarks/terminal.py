"""A program in a real pseudo-terminal of 120 columns and 40 rows."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence

COLUMNS, ROWS = 120, 40
CHUNK = 1 << 16
PATIENCE = 120.0
"""Seconds after which a benchmark gives up; never a measure of speed."""


class Terminal:
    """Starts a program and reads what it paints, with the moment at which each part came."""

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        given = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        for name in ("COLUMNS", "LINES", "NO_COLOR"):
            given.pop(name, None)
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            argv,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**given, **(environment or {})},
            start_new_session=True,
        )
        os.close(slave)

    def send(self, text: str) -> float:
        """Type something; the moment before."""
        now = time.perf_counter()
        os.write(self._master, text.encode())
        return now

    def read(self, seconds: float) -> bytes:
        """What comes within this time, as soon as something comes; empty at its end."""
        if not select.select([self._master], [], [], max(0.0, seconds))[0]:
            return b""
        try:
            return os.read(self._master, CHUNK)
        except OSError:
            return b""

    def wait_for(self, *texts: str, seconds: float = PATIENCE) -> float:
        """Wait until each of these texts was painted; the moment of the last."""
        seen = b""
        missing = [text.encode() for text in texts]
        deadline = time.perf_counter() + seconds
        while time.perf_counter() < deadline:
            chunk = self.read(0.5)
            now = time.perf_counter()
            seen += chunk
            missing = [text for text in missing if text not in seen]
            if not missing:
                return now
            if not chunk and self._process.poll() is not None:
                break
        raise AssertionError(f"{texts} did not appear; the last: {seen[-2000:]!r}")

    def wait(self, seconds: float = PATIENCE) -> int:
        """Read on until the program ends; its exit code."""
        deadline = time.perf_counter() + seconds
        while self._process.poll() is None and time.perf_counter() < deadline:
            self.read(0.1)
        code = self._process.poll()
        if code is None:
            raise AssertionError(f"the program did not end within {seconds} s")
        return code

    def close(self) -> None:
        """End the program, whatever it does."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        os.close(self._master)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
