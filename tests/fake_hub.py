"""A model hub on the loopback interface, with as much of the protocol as a download needs."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class FakeHub:
    """What the hub serves, and what it was asked for."""

    repositories: dict[str, Mapping[str, bytes]] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    forbidden: set[str] = field(default_factory=set)
    broken: bool = False
    chunk_seconds: float = 0.0
    """How long each 64 KiB of a file take."""
    requests: list[str] = field(default_factory=list)
    sent: int = 0
    url: str = ""


@contextmanager
def fake_hub() -> Iterator[FakeHub]:
    """A running hub; `url` is what HF_ENDPOINT should be."""
    hub = FakeHub()

    class Handler(_Handler):
        served = hub

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    served: FakeHub
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        path = self.path.partition("?")[0]
        self.served.requests.append(f"{self.command} {path}")
        parts = path.strip("/").split("/")
        repository = "/".join(parts[2:4] if parts[0] == "api" else parts[:2])
        files = self.served.repositories.get(repository)
        if self.served.broken:
            self._refuse(503, "")
        elif files is None:
            self._refuse(401, "RepoNotFound")
        elif parts[0] == "api" and parts[4] == "revision":
            self._information(repository)
        elif parts[0] == "api":
            self._json([_entry(name, content) for name, content in files.items()])
        elif repository in self.served.gated:
            self._refuse(403, "GatedRepo")
        elif repository in self.served.forbidden:
            self._refuse(403, "")
        else:
            self._file(files["/".join(parts[4:])], body)

    def _information(self, repository: str) -> None:
        siblings = [{"rfilename": name} for name in self.served.repositories[repository]]
        self._json({"id": repository, "modelId": repository, "sha": COMMIT, "siblings": siblings})

    def _refuse(self, status: int, code: str) -> None:
        self.send_response(status)
        if code:
            self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _json(self, content: Any) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _file(self, content: bytes, body: bool) -> None:
        start = 0
        if wanted := self.headers.get("Range"):
            start = int(wanted.removeprefix("bytes=").partition("-")[0])
        self.send_response(206 if wanted else 200)
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(content) - start))
        if wanted:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        if body:
            self._send_slowly(memoryview(content)[start:])

    def _send_slowly(self, content: memoryview) -> None:
        for begin in range(0, len(content), 65536):
            try:
                self.wfile.write(content[begin : begin + 65536])
            except OSError:
                return
            self.served.sent += min(65536, len(content) - begin)
            time.sleep(self.served.chunk_seconds)


def _entry(name: str, content: bytes) -> dict[str, Any]:
    blob = hashlib.sha1(content).hexdigest()
    entry: dict[str, Any] = {"type": "file", "path": name, "size": len(content), "oid": blob}
    if name.endswith(".safetensors"):
        digest = hashlib.sha256(content).hexdigest()
        entry["lfs"] = {"oid": digest, "size": len(content), "pointerSize": 130}
    return entry
