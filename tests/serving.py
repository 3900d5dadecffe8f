"""A server on this machine that answers what a test tells it to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[["Handler"], None]

MODELS = {"object": "list", "data": [{"id": "/there/fused", "object": "model", "created": 1}]}


class Handler(BaseHTTPRequestHandler):
    """One request; a test's answer writes to it."""

    server: Server
    body: dict[str, Any]

    def do_GET(self) -> None:
        self.body = {}
        self.server.asked.append((self.path, self.headers, self.body))
        self.server.models(self)

    def do_POST(self) -> None:
        self.body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, self.headers, self.body))
        self.server.answer(self)

    def begin(self, kind: str = "text/event-stream", status: int = 200) -> None:
        """The head of an answer."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.end_headers()

    def send(self, data: bytes | str) -> None:
        """Some bytes, at once."""
        self.wfile.write(data if isinstance(data, bytes) else data.encode())
        self.wfile.flush()

    def event(self, data: object) -> None:
        """A server-sent event."""
        self.send(f"data: {data if isinstance(data, str) else json.dumps(data)}\n\n")

    def say(self, *texts: str, reason: str | None = None) -> None:
        """Pieces of a chat's reply."""
        for text in texts:
            self.event({"choices": [{"index": 0, "delta": {"content": text}}]})
        if reason:
            self.event({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})

    def json(self, content: object, status: int = 200) -> None:
        """An answer that is no stream."""
        self.begin("application/json", status)
        self.send(json.dumps(content))

    def gone(self) -> bool:
        """Whether the other side has closed the connection; waits for it."""
        self.connection.settimeout(10)
        return not self.connection.recv(1)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal."""


class Server(ThreadingHTTPServer):
    """Keeps what was asked of it as (path, headers, body) in `asked`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, Any, dict[str, Any]]] = []
        self.models: Answer = lambda handler: handler.json(MODELS)
        self.answer: Answer = hello

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """What was posted."""
        return [body for _, _, body in self.asked if body]


def hello(handler: Handler) -> None:
    """`Hello there`."""
    handler.begin()
    handler.say("Hello", " there", reason="stop")
    usage = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
    handler.event(
        {"choices": [], "usage": {**usage, "prompt_tokens_details": {"cached_tokens": 4}}}
    )
    handler.event("[DONE]")


@contextmanager
def serving() -> Iterator[Server]:
    """A server for a while."""
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
