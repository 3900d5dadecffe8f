"""Memory of this process, as the system counts it."""

from __future__ import annotations

import os
import resource
import subprocess
from pathlib import Path


def resident_bytes() -> int:
    """What is resident now."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        told = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(os.getpid())], capture_output=True, text=True, check=True
        )
        return int(told.stdout) * 1024
    return pages * resource.getpagesize()
