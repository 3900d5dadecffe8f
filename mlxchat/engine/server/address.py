"""Where a server is."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from mlxchat.errors import MlxchatError
from mlxchat.render.one_line import quoted

DEFAULT_MODEL = "default_model"
"""mlx_lm.server's name for the model that it was started with."""
EXAMPLE = "http://127.0.0.1:8080"
ENDINGS = ("/chat/completions", "/completions", "/models", "/v1")
"""What may stand behind an address that was copied out of another program."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is. It holds no key and no password."""

    base: str
    """`http://127.0.0.1:8080`, or with the folder that its interface lies in."""

    def __str__(self) -> str:
        return self.base

    @property
    def host(self) -> str:
        """The host alone."""
        return urlsplit(self.base).hostname or ""

    @property
    def is_https(self) -> bool:
        """Whether it is reached over TLS."""
        return self.base.startswith("https:")

    @property
    def is_here(self) -> bool:
        """Whether that is this machine."""
        host = self.host
        try:
            found = ip_address(host)
        except ValueError:
            return host == "localhost" or host.endswith(".localhost")
        return found.is_loopback or found.is_unspecified

    @property
    def place(self) -> str:
        """The host with its port, where it names one: what a key is kept under."""
        return urlsplit(self.base).netloc

    def url(self, path: str) -> str:
        """The URL of a path of the interface, such as `models`."""
        return f"{self.base}/v1/{path}"


def parse_address(text: str) -> Address:
    """The address of `http://host:8080`, of `host:8080`, or with `/v1` behind it. Raises
    MlxchatError for anything else."""
    typed = text.strip()
    try:
        parts = urlsplit(typed if "://" in typed else f"http://{typed}")
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise _refused(text) from None
    if "@" in parts.netloc:
        raise MlxchatError(
            "takes no password: put the server's key into the environment as MLXCHAT_API_KEY"
        )
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
        raise _refused(text)
    if not parts.netloc.isascii() or any(character.isspace() for character in typed):
        raise _refused(text)
    return Address(f"{parts.scheme}://{parts.netloc}{_folder(parts.path)}")


def _folder(path: str) -> str:
    path = path.rstrip("/")
    for ending in ENDINGS:
        path = path.removesuffix(ending)
    return path


def _refused(text: str) -> MlxchatError:
    return MlxchatError(f"needs a server's address such as {EXAMPLE}, not {quoted(text)}")
