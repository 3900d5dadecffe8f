"""What mlx runs on, and what is said where it cannot run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlxchat.engine import backend
from mlxchat.errors import MlxchatError


def told_by(program: str, **environment: str) -> str:
    """What a program in a process of its own prints."""
    ended = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env=os.environ | environment,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def test_describe_agrees_with_mlx() -> None:
    found = backend.describe()
    import mlx.core as mx

    assert found.name == backend.name() == backend.likely()
    assert (found.name == "cpu") == (mx.default_device().type == mx.cpu)
    assert (found.name == "metal") == mx.metal.is_available()
    assert found.device
    assert found.memory
    assert found.memory > 2**28
    assert found.mlx == mx.__version__


def test_likely_imports_no_mlx() -> None:
    program = (
        "import sys; from mlxchat.engine import backend; "
        "print(backend.likely(), 'mlx.core' in sys.modules)"
    )
    assert told_by(program) == f"{backend.name()} False"


@pytest.mark.skipif(sys.platform != "linux", reason="mlx has another BLAS there")
def test_openblas_is_loaded_before_mlx_where_it_is_installed() -> None:
    if backend.blas() is None:
        pytest.skip("libopenblas0 is not installed: products take 20 times as long")
    program = (
        "from mlxchat.engine import backend; backend.prepare(); "
        "print('openblas' in open('/proc/self/maps').read())"
    )
    assert told_by(program) == "True"


def test_no_openblas_is_no_failure() -> None:
    program = (
        "from mlxchat.engine import backend; backend.OPENBLAS = ('libabsent.so.0',); "
        "backend.prepare(); print(backend.blas())"
    )
    assert told_by(program) == "None"


def test_without_a_compiler_sampling_still_works(tmp_path: Path) -> None:
    program = (
        "from mlxchat.engine import backend; backend.prepare()\n"
        "import mlx.core as mx\n"
        "print(mx.compile(lambda x: mx.exp(x) * 2 + 1)(mx.zeros(3)).tolist(),"
        " backend.describe().compiles)"
    )
    compiles = backend.name() != "cpu"
    assert told_by(program, PATH=str(tmp_path)) == f"[3.0, 3.0, 3.0] {compiles}"


@pytest.mark.parametrize(("platform", "extra"), [("linux", "mlxchat[cpu]"), ("darwin", "mlx")])
def test_a_missing_backend_names_what_to_install(
    platform: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backend, "_prepared", False)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setitem(sys.modules, "mlx.core", None)
    with pytest.raises(MlxchatError, match="pip install") as caught:
        backend.prepare()
    assert extra in str(caught.value)
