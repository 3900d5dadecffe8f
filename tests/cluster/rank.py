"""What a rank looks like from outside, for tests of what is around it: it answers at once.

It stands where a rank's Python is named, and is given what mlx_lm.server is given.
"""

from __future__ import annotations

import os
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()


def as_python(file: Path) -> Path:
    """A program that runs this in the place of a Python with mlx_lm."""
    file.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{__file__}" "$@"\n')
    file.chmod(0o755)
    return file


if __name__ == "__main__":
    if os.environ["MLX_RANK"] == "0":
        port = int(sys.argv[sys.argv.index("--port") + 1])
        HTTPServer(("127.0.0.1", port), Answers).serve_forever()
    time.sleep(600)
