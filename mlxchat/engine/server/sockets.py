"""What finds out that the other machine is gone, where nothing says so.

A slow prompt can take minutes without a byte, so silence alone ends no request: the systems ask
each other whether they are still there.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any

IDLE_SECONDS, AGAIN_SECONDS, TIMES = 15, 5, 4
"""How long a connection is quiet before it is asked, how often then, and how often in vain: a
machine that vanished is noticed after some 35 seconds."""
NAMES = {
    "TCP_KEEPIDLE": IDLE_SECONDS,
    "TCP_KEEPALIVE": IDLE_SECONDS,  # macOS's name of it
    "TCP_KEEPINTVL": AGAIN_SECONDS,
    "TCP_KEEPCNT": TIMES,
}
OPTIONS = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    *(
        (socket.IPPROTO_TCP, getattr(socket, name), value)
        for name, value in NAMES.items()
        if hasattr(socket, name)
    ),
)
CONNECTED = "connection.connect_tcp.complete"


async def keep_alive(event: str, info: Mapping[str, Any]) -> None:
    """Let a connection that was just made, to a proxy too, notice that the other side is gone: a
    `trace` of the HTTP library, whose own way to say it would leave the proxies out that the
    environment names."""
    if event == CONNECTED:
        connected = info["return_value"].get_extra_info("socket")
        for option in OPTIONS:
            connected.setsockopt(*option)
