"""A very small Llama in GGUF format, and a stand-in for the installer that delivers it."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlxchat.engine import backend
from mlxchat.engine.demo import fetch

WIDTH, LAYERS, HEADS = 32, 2, 4
TEMPLATE = (
    "{% for message in messages %}{{ message['content'] }}<end>{% endfor %}"
    "{% if add_generation_prompt %}<start>{% endif %}"
)

# Writes its parts slowly, has a helper that leaves a sign of life ten times a second meanwhile,
# and notes that it was called.
INSTALLER = """
import os, shutil, subprocess, sys, time
source, calls, seconds, member, target = sys.argv[1:6]
with open(calls, "a") as log:
    log.write("called\\n")
signs = 'while :; do echo >> "$0"; sleep 0.1; done'
helper = subprocess.Popen(["sh", "-c", signs, calls + ".signs"])
content = open(source, "rb").read()
path = os.path.join(target, member)
os.makedirs(os.path.dirname(path))
with open(path, "wb") as file:
    for part in range(10):
        file.write(content[part * len(content) // 10 : (part + 1) * len(content) // 10])
        file.flush()
        time.sleep(float(seconds) / 10)
helper.kill()
"""


@dataclass(frozen=True)
class SmallDemo:
    """The small file, and where its installer notes each call."""

    gguf: Path
    script: Path
    calls: Path
    sha256: str

    def installer(self, seconds: float = 0.0, name: str = "stand-in") -> fetch.Installer:
        """An installer that takes so long to deliver the file."""
        arguments = (str(self.gguf), str(self.calls), str(seconds), fetch.MEMBER)
        command = (sys.executable, str(self.script), *arguments)
        return fetch.Installer(name, command, self.gguf.stat().st_size)

    def call_count(self) -> int:
        """How often an installer was started."""
        return len(self.calls.read_text().split()) if self.calls.exists() else 0

    def signs_of_life(self) -> int:
        """How many an installer's helper has left."""
        signs = Path(f"{self.calls}.signs")
        return signs.stat().st_size if signs.exists() else 0

    def program(self, seconds: float, report_seconds: float) -> str:
        """A Python program that makes the demo model out of the small file."""
        return f"""
import sys, time
from pathlib import Path
from mlxchat.engine.demo import ensure_demo_model, fetch
from tests.small_gguf import SmallDemo
small = SmallDemo(*(Path(p) for p in {[str(p) for p in (self.gguf, self.script, self.calls)]!r}),
                  {self.sha256!r})
fetch.GGUF_SHA256, fetch.GGUF_BYTES = small.sha256, small.gguf.stat().st_size
fetch.installers = lambda: iter([small.installer({seconds})])
def report(progress):
    print(progress.stage, flush=True)
    time.sleep({report_seconds})
print(ensure_demo_model(report, lambda: False), flush=True)
"""


def build_small_demo(folder: Path) -> SmallDemo:
    """Write the small file and its installer."""
    backend.prepare()
    import mlx.core as mx

    path = folder / "small.gguf"
    mx.random.seed(3)
    tokens = ["<end>", "<start>", *(chr(code) for code in range(33, 127)), "ab", "abc"]
    mx.save_gguf(str(path), _weights(len(tokens)), _metadata(tokens))
    script = folder / "installer.py"
    script.write_text(INSTALLER)
    return SmallDemo(path, script, folder / "calls", hashlib.sha256(path.read_bytes()).hexdigest())


def _weights(vocabulary: int) -> dict[str, Any]:
    import mlx.core as mx

    square = ("attn_q", "attn_k", "attn_v", "attn_output")
    shapes: dict[str, tuple[int, ...]] = {
        "token_embd": (vocabulary, WIDTH),
        "output_norm": (WIDTH,),
    }
    for layer in range(LAYERS):
        blk = f"blk.{layer}"
        shapes |= {f"{blk}.{name}": (WIDTH, WIDTH) for name in square}
        shapes |= {f"{blk}.{name}": (WIDTH,) for name in ("attn_norm", "ffn_norm")}
        shapes |= {f"{blk}.{name}": (2 * WIDTH, WIDTH) for name in ("ffn_gate", "ffn_up")}
        shapes[f"{blk}.ffn_down"] = (WIDTH, 2 * WIDTH)
    return {f"{name}.weight": mx.random.normal(shape) for name, shape in shapes.items()}


def _metadata(tokens: list[str]) -> dict[str, Any]:
    import mlx.core as mx

    numbers = {
        "llama.embedding_length": WIDTH,
        "llama.feed_forward_length": 2 * WIDTH,
        "llama.block_count": LAYERS,
        "llama.attention.head_count": HEADS,
        "llama.attention.head_count_kv": HEADS,
        "llama.context_length": 256,
        "llama.vocab_size": len(tokens),
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 0,
        "tokenizer.ggml.padding_token_id": 0,
        "tokenizer.ggml.unknown_token_id": 0,
    }
    kinds = [3, 3, *(1 for _ in tokens[2:])]
    return {
        **{key: mx.array(value, mx.uint32) for key, value in numbers.items()},
        "llama.attention.layer_norm_rms_epsilon": mx.array(1e-5, mx.float32),
        "llama.rope.freq_base": mx.array(10000.0, mx.float32),
        "tokenizer.ggml.token_type": mx.array(kinds, mx.int32),
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.merges": ["a b", "ab c"],
        "tokenizer.chat_template": TEMPLATE,
    }
