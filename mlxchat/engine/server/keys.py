"""The key that a server asks for: out of the environment, or out of the system's keyring.

It is kept nowhere else, and nothing that is shown holds it.
"""

from __future__ import annotations

import os
from typing import Any

from mlxchat.engine.server.address import Address
from mlxchat.errors import MlxchatError

VARIABLE = "MLXCHAT_API_KEY"
OF_OPENAI = "OPENAI_API_KEY"
"""Read for OpenAI's own server only: nobody else is to see that key."""
OPENAI_HOST = "api.openai.com"
SERVICE = "mlxchat"
"""What its keys are kept under in the keyring, each with the server's host and port as the user."""
HIDDEN = "•••"
SHORTEST, LONGEST_WORD = 8, 15
"""Characters of a key that is one, with a digit and without."""


def key_of_environment(address: Address) -> str:
    """The key that the environment names for this server; empty where it names none. Raises
    MlxchatError for what cannot be one."""
    names = (VARIABLE, OF_OPENAI) if address.host == OPENAI_HOST else (VARIABLE,)
    for name in names:
        if key := os.environ.get(name, "").strip():
            return _checked(key, name)
    return ""


def key_of_keyring(address: Address) -> str:
    """The key that the system's keyring holds for this server; empty where there is none, or no
    keyring."""
    try:
        import keyring

        key = keyring.get_password(SERVICE, address.place)
    except Exception:  # each of its backends has errors of its own
        return ""
    return _checked(key.strip(), "the keyring") if key else ""


def secret_of(key: str) -> str:
    """What nobody is to see: the key, or nothing where it is a placeholder such as `EMPTY` or `x`,
    which servers that ask for none are given, and which any reply may have in it."""
    numbered = any(character.isdigit() for character in key)
    return key if len(key) >= SHORTEST and (numbered or len(key) > LONGEST_WORD) else ""


def without_key(text: str, key: str) -> str:
    """A text of the server with its key made unreadable."""
    return text.replace(key, HIDDEN) if key else text


def rid_of(found: Any, key: str) -> Any:
    """What a server's JSON says with the key made unreadable, where its bytes are listed too."""
    match found:
        case str():
            return without_key(found, key)
        case dict():
            return {without_key(name, key): rid_of(value, key) for name, value in found.items()}
        case [int(), *_]:
            return [] if key in "".join(map(_character, found)) else found
        case list():
            return [rid_of(each, key) for each in found]
    return found


def _character(found: object) -> str:
    return chr(found) if isinstance(found, int) and 0 <= found < 128 else "\0"


def _checked(key: str, source: str) -> str:
    if not key.isascii() or not key.isprintable():
        raise MlxchatError(f"The key in {source} has characters that no key has: set it anew.")
    return key
