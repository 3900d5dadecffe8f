"""`mlxchat cluster`: one model on several machines, and the app on it."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from mlxchat.cli.options import (
    add_model_argument,
    add_options,
    check_one_model,
    checked,
    model_spec,
    whole,
)
from mlxchat.cli.parser import Parser, complain
from mlxchat.cli.progress import ProgressLine
from mlxchat.cluster.cluster import Cluster
from mlxchat.cluster.demo import dividable_copy
from mlxchat.cluster.hostfile import check_hostfile, read_hostfile, write_hostfile
from mlxchat.cluster.hostfile_check import BACKENDS
from mlxchat.cluster.launch import LOCAL, REMOTE_PORT, Launch, free_port
from mlxchat.cluster.logs import ENDING
from mlxchat.cluster.memory import shape_of, smallest_mac
from mlxchat.cluster.plan import WAYS, choose_sharding
from mlxchat.engine.demo import ensure_demo_model
from mlxchat.engine.server.address import parse_address
from mlxchat.errors import INTERRUPTED, MODEL_ERROR, OK, WRONG_USE, MlxchatError
from mlxchat.files.folders import cache_folder

USAGE = """\
mlxchat cluster [MODEL | --demo] (--local N | --hostfile FILE) [flags]
       mlxchat cluster --write FILE HOST [HOST ...]
       mlxchat cluster (--check FILE | --fits FOLDER)"""
EXAMPLES = """\
examples:
  mlxchat cluster --local 2 --demo      two ranks on this machine, to try it out
  mlxchat cluster --write hosts.json studio-1 studio-2
  mlxchat cluster --check hosts.json
  mlxchat cluster --fits ./model        how much memory each machine needs
  mlxchat cluster ./model --hostfile hosts.json --temp 0.7
  mlxchat cluster ./model --hostfile hosts.json --serve-only

Every machine needs the model under the same name, and a Python with mlx_lm
under the same path (--python). What is started ends with the app.
"""

LOCAL_MOST = 64
RANKS = (1, 2, 4, 8)
"""For how many machines --fits reckons."""
CONTEXT = 8192
"""Tokens of the context that it reckons with."""
STATE_SECONDS = 1.0
"""Between two looks at the ranks while the server is alone."""

ASKED_ELSEWHERE = "with --serve-only, mlxchat --server URL -p TEXT asks it"
NO_USE = {
    "adapter_path": "a divided model takes no adapter: fuse it first (mlx_lm.fuse)",
    "adapter": "a divided model takes no adapter: fuse it first (mlx_lm.fuse)",
    "draft_model": "a divided model takes no draft model",
    "num_draft_tokens": "a divided model takes no draft model",
    "max_kv_size": "mlx_lm.server has no --max-kv-size",
    "ignore_chat_template": "mlx_lm.server always uses the chat template",
    "server": "the cluster has a server of its own",
    "prompt": ASKED_ELSEWHERE,
    "json": ASKED_ELSEWHERE,
    "stream": ASKED_ELSEWHERE,
    "verbose": ASKED_ELSEWHERE,
}
"""Flags of the app that are refused before anything is started, and why."""


def run(arguments: Sequence[str]) -> int:
    """Do what stands after `mlxchat cluster`; the exit code."""
    own = parser()
    parsed = own.parse_args(arguments)
    try:
        if parsed.check:
            return _check(Path(parsed.check))
        if parsed.fits:
            return _fits(Path(parsed.fits))
        if parsed.write:
            return _write(own, parsed)
        _check_use(own, parsed)
        return _run(parsed)
    except MlxchatError as error:
        complain(error)
        return MODEL_ERROR


def parser() -> argparse.ArgumentParser:
    """The parser of `mlxchat cluster [MODEL] [flags]`."""
    made = Parser(
        prog="mlxchat cluster",
        usage=USAGE,
        description="Divide one model among several machines, and chat with it.",
        epilog=EXAMPLES,
    )
    add_model_argument(made)
    _add_own(made)
    add_options(made, hidden=NO_USE)
    return made


def _add_own(made: Parser) -> None:
    what = made.add_argument_group("what to do").add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--local", metavar="N", type=checked(whole(2, LOCAL_MOST)),
        help="run N ranks on this machine",
    )  # fmt: skip
    what.add_argument("--hostfile", metavar="FILE", help="run a rank on each machine of the file")
    what.add_argument("--check", metavar="FILE", help="say what is wrong with a hostfile")
    what.add_argument(
        "--write", nargs="+", metavar=("FILE", "HOST"),
        help="write the hostfile of machines that ssh knows by these names",
    )  # fmt: skip
    what.add_argument(
        "--fits", metavar="FOLDER", help="say how much memory each machine needs for a model"
    )
    group = made.add_argument_group("cluster")
    group.add_argument(
        "--sharding", choices=WAYS,
        help="how the model is divided: every layer among all ranks, or some layers to each "
        "(default: the first that the model can do)",
    )  # fmt: skip
    group.add_argument(
        "--backend", choices=BACKENDS, default="ring", help="for --write (default ring)"
    )
    group.add_argument(
        "--port", metavar="PORT", type=checked(whole(1, 65535)),
        help=f"where the server answers (default {REMOTE_PORT}; a free one with --local)",
    )  # fmt: skip
    group.add_argument(
        "--python", metavar="PATH", default=sys.executable,
        help="the Python of every rank (default: the path of this one)",
    )  # fmt: skip
    group.add_argument(
        "--serve-only", action="store_true", help="print the server's address; open no app"
    )


def _check(file: Path) -> int:
    problems = check_hostfile(file)
    for problem in problems:
        print(f"{file}, {problem}.")
    if not problems:
        hosts = read_hostfile(file).hosts
        print(f"{file} is good: {len(hosts)} ranks, the server on {hosts[0].ssh}.")
    return WRONG_USE if problems else OK


def _fits(folder: Path) -> int:
    shape = shape_of(folder.expanduser())
    print(f"{'machines':<10}{'of each, with an empty context':<34}with {CONTEXT} tokens")
    for ranks in RANKS:
        empty, full = (shape.rank(ranks, "tensor", tokens) for tokens in (0, CONTEXT))
        print(f"{ranks:<10}{_needs(empty):<34}{_needs(full)}")
    print(f"{shape.cache} bytes for each token; reckoned, see docs/machines.md.")
    return OK


def _needs(size: int) -> str:
    mac = smallest_mac(size)
    return f"{size / 1e9:.1f} GB" + (f" (a Mac of {mac} GB)" if mac else " (no Mac)")


def _write(own: Parser | argparse.ArgumentParser, parsed: argparse.Namespace) -> int:
    file, *names = parsed.write
    if not names:
        own.error("--write needs the names of the machines behind the file")
    made = write_hostfile(Path(file), names, parsed.backend)
    for number, host in enumerate(made.hosts):
        print(f"rank {number}  {host.ssh}  {', '.join(host.ips)}")
    return OK


def _check_use(own: argparse.ArgumentParser, parsed: argparse.Namespace) -> None:
    """End the program where what is asked for cannot be done."""
    check_one_model(own, parsed)
    for name, why in NO_USE.items():
        if getattr(parsed, name, None):
            own.error(f"--{name.replace('_', '-')}: {why}")
    if not (parsed.model or parsed.model_argument or parsed.demo):
        own.error("name a model: MODEL, --model or --demo")
    spec = model_spec(parsed)
    if spec and spec.adapter_path:
        own.error(f"the configured adapter_path: {NO_USE['adapter']}")
    if parsed.demo and parsed.hostfile:
        own.error("--demo is on this machine alone: use it with --local")
    if not parsed.serve_only and not (sys.stdin.isatty() and sys.stdout.isatty()):
        own.error("the app needs a terminal; --serve-only does without one")


def _run(parsed: argparse.Namespace) -> int:
    signal.signal(signal.SIGTERM, _leave)
    line = ProgressLine(sys.stderr)
    try:
        launch = _launch(parsed, line)
    finally:
        line.clear()
    cluster = Cluster(launch, cache_folder() / "cluster" / f"{launch.port}{ENDING}")
    try:
        cluster.start()
        cluster.wait(line.show)
        line.clear()
        return _serve(cluster, line) if parsed.serve_only else _open_app(cluster, parsed)
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        line.clear()
        cluster.stop()


def _leave(*_: object) -> NoReturn:
    """What ends the program in order when it is told to end."""
    sys.exit(128 + signal.SIGTERM)


def _launch(parsed: argparse.Namespace, line: ProgressLine) -> Launch:
    """What to start. Raises MlxchatError where it cannot be."""
    file = Path(parsed.hostfile) if parsed.hostfile else None
    hosts = read_hostfile(file) if file else None
    ranks = len(hosts.hosts) if hosts else parsed.local
    model = _model(parsed, line)
    line.clear()
    line.show("asking mlx_lm how it can divide the model")
    return Launch(
        model=model,
        ranks=ranks,
        sharding=choose_sharding(model, ranks, parsed.sharding, parsed.trust_remote_code),
        host=hosts.address if hosts else LOCAL,
        port=parsed.port or (REMOTE_PORT if hosts else free_port()),
        hostfile=file,
        python=parsed.python,
        options=_server_options(parsed),
    )


def _model(parsed: argparse.Namespace, line: ProgressLine) -> str:
    """The model as the ranks are told of it."""
    if parsed.demo:
        demo = ensure_demo_model(line.show_load, lambda: False)
        return str(dividable_copy(demo, cache_folder() / "cluster" / demo.name))
    named: str = parsed.model or parsed.model_argument
    folder = Path(named).expanduser()
    return str(folder.resolve()) if folder.is_dir() else named


def _server_options(parsed: argparse.Namespace) -> tuple[str, ...]:
    """The app's flags that are mlx_lm.server's to know."""
    given: list[str] = []
    if parsed.trust_remote_code:
        given += ["--trust-remote-code"]
    if parsed.use_default_chat_template:
        given += ["--use-default-chat-template"]
    if parsed.chat_template_config:
        given += ["--chat-template-args", json.dumps(parsed.chat_template_config)]
    spec = model_spec(parsed)
    assert spec is not None
    if spec.prefill_step_size:
        given += ["--prefill-step-size", str(spec.prefill_step_size)]
    if spec.kv_bits:
        given += ["--kv-bits", str(spec.kv_bits), "--kv-group-size", str(spec.kv_group_size)]
        given += ["--quantized-kv-start", str(spec.quantized_kv_start)]
    return tuple(given)


def _serve(cluster: Cluster, line: ProgressLine) -> int:
    """Let others use the server, until Ctrl+C or until a rank ends."""
    print(f"{cluster.launch.url} answers; Ctrl+C ends it.", flush=True)
    cluster.hear_anew()
    print(*(rank.words for rank in cluster.ranks), sep="\n", flush=True)
    while not cluster.is_over(STATE_SECONDS):
        line.show(" · ".join(rank.brief for rank in cluster.ranks))
        if cluster.failure:
            break
    raise MlxchatError(f"{cluster.failure} {cluster.last_words()}")


def _open_app(cluster: Cluster, parsed: argparse.Namespace) -> int:
    from mlxchat.cli.screen import run_app
    from mlxchat.cluster.engine import ClusterEngine

    engine = ClusterEngine(cluster)
    known_to_the_ranks = {
        "demo": False,
        "trust_remote_code": False,
        "use_default_chat_template": False,
        "chat_template_config": None,
        "prefill_step_size": None,
        "kv_bits": None,
    }
    where = {"server": parse_address(cluster.launch.url), "model": cluster.launch.model}
    given = {**vars(parsed), **known_to_the_ranks, **where, "model_argument": None}
    for name in ("kv_group_size", "quantized_kv_start"):
        given.pop(name, None)
    return run_app(argparse.Namespace(**given), engine)
