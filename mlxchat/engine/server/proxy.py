"""Over which proxy a server is reached: the one of the person's environment, and none where the
server is on this machine."""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from mlxchat.engine.server.address import Address

ALL = "all"
"""What an environment calls the proxy of every kind of address."""


def proxy_of(address: Address) -> str:
    """The URL of the proxy that the environment, or the system, names for an address; empty where
    it names none, or excepts the host."""
    parts = urlsplit(address.base)
    if address.is_here or proxy_bypass(parts.netloc):
        return ""
    named = getproxies()
    found = named.get(parts.scheme) or named.get(ALL) or ""
    return found if not found or "://" in found else f"http://{found}"


def shown_proxy(url: str) -> str:
    """A proxy's URL without the name and the password that may stand in it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
