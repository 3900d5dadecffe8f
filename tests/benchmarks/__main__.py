"""Runs the benchmarks, each in a process of its own: all of them, or those that are named."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.benchmarks.setting import ROOT

FOLDER = Path(__file__).parent
ALL = sorted(path.stem.removeprefix("bench_") for path in FOLDER.glob("bench_*.py"))
PRINT_JSON = ("render", "transcript")
"""Benchmarks of one layer: they have no tiny sizes, and --json prints there."""


def run(name: str, out: Path, *, small: bool, as_json: bool) -> tuple[int, Any]:
    """Run one benchmark; its exit code and, where they are asked for, its figures."""
    program = [sys.executable, "-m", f"tests.benchmarks.bench_{name}"]
    if name not in PRINT_JSON:
        flags = ["--json", str(out), *(["--small"] if small else [])]
        code = subprocess.run([*program, *flags], cwd=ROOT).returncode
        return code, json.loads(out.read_text("utf-8")) if out.exists() else None
    print(f"\n{name}", flush=True)
    code = subprocess.run(program, cwd=ROOT).returncode
    if code or not as_json:
        return code, None
    again = subprocess.run([*program, "--json"], cwd=ROOT, capture_output=True, check=True)
    return code, json.loads(again.stdout)


def main() -> int:
    """0 where everything ran and every bound held."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(ALL))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    parser.add_argument("--small", action="store_true", help="tiny sizes: does it run at all")
    options = parser.parse_args()
    if unknown := set(options.names) - set(ALL):
        parser.error(
            f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(ALL)}"
        )
    names = options.names or [n for n in ALL if not (options.small and n in PRINT_JSON)]
    figures: dict[str, Any] = {}
    failed = []
    with tempfile.TemporaryDirectory(prefix="mlxchat-bench-") as folder:
        for name in names:
            out = Path(folder) / f"{name}.json"
            code, figures[name] = run(
                name, out, small=options.small, as_json=options.json is not None
            )
            if code:
                failed.append(name)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    if failed:
        print(f"\nA bound was missed, or it broke off: {', '.join(failed)}.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
