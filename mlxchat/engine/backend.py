"""The ground that mlx runs on: which backend, which device, which BLAS, how much memory."""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

from mlxchat.errors import MlxchatError

Name = Literal["metal", "cuda", "cpu"]

# Debian and Fedora install the first; the second comes with development packages.
OPENBLAS = ("libopenblas.so.0", "libopenblas.so")
CUDA_PACKAGES = ("mlx-cuda-12", "mlx-cuda-13", "mlx-cuda")

_lock = threading.Lock()
_prepared = False
_blas: str | None = None


@dataclass(frozen=True, slots=True)
class Backend:
    """What mlx runs on. Memory is in bytes, None where it is not known."""

    name: Name
    device: str
    memory: int | None
    """Memory that models can use: the device's own, or the machine's."""
    working_set: int | None
    """The most that the system recommends to keep in use; Metal only."""
    blas: str | None
    """The BLAS that was loaded for the CPU backend, or None for mlx's own."""
    compiles: bool
    """Whether mx.compile works: a CPU backend needs g++ for it."""
    mlx: str | None
    mlx_lm: str | None


def prepare() -> None:
    """Make mlx ready. Call it before the first `import mlx.core`; further calls are free.

    Raises MlxchatError where mlx is missing or has no backend.
    """
    global _prepared, _blas
    with _lock:
        if _prepared:
            return
        if sys.platform == "linux" and not _expects_cuda():
            _blas = _load_openblas()
        _import_mlx()
        _prepared = True


def name() -> Name:
    """The backend that mlx computes on."""
    prepare()
    import mlx.core as mx

    if mx.default_device().type == mx.cpu:
        return "cpu"
    return "metal" if mx.metal.is_available() else "cuda"


def likely() -> Name:
    """The backend that mlx will most likely have, told without importing it."""
    if _prepared:
        return name()
    if sys.platform == "darwin" and platform.machine() == "arm64":
        return "metal"
    return "cuda" if _expects_cuda() else "cpu"


def blas() -> str | None:
    """The BLAS library that `prepare` loaded, or None."""
    prepare()
    return _blas


def trim_heap() -> None:
    """Give the system back what the C library keeps of arrays that are gone: glibc keeps a whole
    model of mlx's CPU backend. Does nothing where the C library has no such call."""
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)


def package_version(package: str) -> str | None:
    """The installed version of a package, or None; imports nothing."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def describe() -> Backend:
    """What mlx runs on. Raises MlxchatError where it cannot run at all."""
    backend = name()
    facts = _device_facts()
    return Backend(
        name=backend,
        device=str(facts.get("device_name") or platform.machine()),
        memory=_as_bytes(facts.get("memory_size"))
        or _as_bytes(facts.get("total_memory"))
        or _ram(),
        working_set=_as_bytes(facts.get("max_recommended_working_set_size")),
        blas=_blas,
        compiles=backend != "cpu" or has_compiler(),
        mlx=package_version("mlx"),
        mlx_lm=package_version("mlx-lm"),
    )


def _expects_cuda() -> bool:
    installed = any(package_version(package) for package in CUDA_PACKAGES)
    return installed and os.path.exists("/dev/nvidiactl")


def openblas(mode: int = ctypes.RTLD_LOCAL) -> str | None:
    """The OpenBLAS library of this machine, loaded; None where there is none."""
    for library in OPENBLAS:
        try:
            ctypes.CDLL(library, mode=mode)
        except OSError:
            continue
        return library
    return None


def _load_openblas() -> str | None:
    """Put OpenBLAS before the reference BLAS that mlx's CPU wheel carries: 20 times as fast."""
    return openblas(ctypes.RTLD_GLOBAL)


def _import_mlx() -> None:
    try:
        import mlx.core as mx
    except ImportError as error:
        raise MlxchatError(_missing_backend()) from error
    if mx.default_device().type == mx.cpu and not has_compiler():
        mx.disable_compile()


def _missing_backend() -> str:
    if sys.platform == "darwin":
        return "mlx cannot be loaded: install it anew with pip install --force-reinstall mlx."
    return (
        "mlx has no backend here: pip install 'mlxchat[cpu]', or 'mlxchat[cuda12]' or "
        "'mlxchat[cuda13]' for an NVIDIA GPU."
    )


def has_compiler() -> bool:
    """Whether mx.compile works on a CPU."""
    # g++ is the name that mlx calls.
    return shutil.which("g++") is not None


def _device_facts() -> Mapping[str, str | int]:
    import mlx.core as mx

    try:
        facts: Mapping[str, str | int] = mx.device_info()
    except (RuntimeError, ValueError):
        return {}
    return facts


def _as_bytes(value: str | int | None) -> int | None:
    return value if isinstance(value, int) and value > 0 else None


def _ram() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return None
