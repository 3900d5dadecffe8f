"""Whether a server answers, asked until it does."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from http.client import HTTPException

ASK_SECONDS = 0.25
"""Between two questions."""
PATIENCE_SECONDS = 5.0
"""For an answer to whether the server is there."""
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""A proxy that the environment names has nothing to do with one's own machines."""


class Waiting:
    """Asks whether the server is there, and then for one token, which needs the whole model."""

    def __init__(self, url: str) -> None:
        self.is_up = False
        """Whether the server is there; the model may still be read."""
        self.is_refused = False
        """Whether the server is there and says that it has no model."""
        self._url = url
        self._over = threading.Event()
        threading.Thread(target=self._ask, name="mlxchat-waiting", daemon=True).start()

    def is_over(self, seconds: float) -> bool:
        """Whether the model has answered, or was refused, after waiting for that as long."""
        return self._over.wait(seconds)

    def give_up(self) -> None:
        """Ask no more."""
        self._over.set()

    def _ask(self) -> None:
        try:
            while not self._over.is_set() and not self._answers("/health", None, PATIENCE_SECONDS):
                self._over.wait(ASK_SECONDS)
            self.is_up = True
            asked = {"prompt": "Hello", "max_tokens": 1}
            # A large model takes as long as it takes; that a rank ends is seen elsewhere.
            while not self._over.is_set() and not self._answers("/v1/completions", asked, None):
                self._over.wait(ASK_SECONDS)
        except urllib.error.HTTPError as error:
            error.close()
            self.is_refused = True
        self._over.set()

    def _answers(self, path: str, body: object, seconds: float | None) -> bool:
        """Whether there is an answer. Raises HTTPError where that is an error."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self._url}{path}", data, headers)
        try:
            with DIRECT.open(request, timeout=seconds) as answer:
                answer.read()
        except urllib.error.HTTPError:
            raise
        except (OSError, HTTPException):
            return False
        return True
