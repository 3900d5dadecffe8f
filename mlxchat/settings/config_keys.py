"""The one declaration of what can be configured.

The file, its template, environment variables, flags and `mlxchat config` all read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mlxchat.settings.file_values import Reader, of_parameter, one_of, switch, text, whole
from mlxchat.settings.parameters import PARAMETERS, AnyParameter
from mlxchat.settings.speed import SPEED, SpeedParameter

PREFIX = "MLXCHAT_"
OTHER_VARIABLES = frozenset({"MLXCHAT_API_KEY"})
"""Variables that begin so and set nothing of this file: a key stands in none."""
TOP, SAMPLER, CACHE = "", "sampler", "cache"
COMMAND_KEYS = "keys"
"""The table of the app's keys, by command; its entries are no ConfigKeys."""
TABLES = {
    SAMPLER: "What the sampler starts with; without these it is what the model's authors recommend",
    CACHE: "Speed and memory",
    COMMAND_KEYS: 'The keys of the app: "ctrl+x", "f5", "alt+r", or "" for none',
}
"""The tables of the file, and what is in each."""


@dataclass(frozen=True, slots=True)
class ConfigKey:
    """One thing that can be configured."""

    name: str
    table: str
    help: str
    read: Reader
    """The value out of what a file or the environment has; raises MlxchatError."""
    default: Any = None
    """What holds where nobody says anything; None where something else decides."""
    example: Any = None
    """A value for the template, as TOML has it; None: the default."""

    @property
    def variable(self) -> str:
        """The environment variable."""
        return PREFIX + self.name.upper()

    @property
    def place(self) -> str:
        """How it is called in sentences: `sampler.temp`."""
        return f"{self.table}.{self.name}" if self.table else self.name


OF_MODEL = ("adapter_path", "draft_model")
"""Left out where another model is named than the configured one: they fit no other."""


def _top(name: str, help: str, read: Reader, default: Any = None, example: Any = None) -> ConfigKey:
    return ConfigKey(name, TOP, help, read, default, example)


def _cache(
    name: str, help: str, read: Reader, default: Any = None, example: Any = None
) -> ConfigKey:
    return ConfigKey(name, CACHE, help, read, default, example)


def _parameter(declared: AnyParameter | SpeedParameter, table: str) -> ConfigKey:
    default = declared.default if declared.name in SPEED else None
    example = EXAMPLES.get(declared.name, declared.default)
    help = f"{declared.help} ({declared.takes})"
    return ConfigKey(declared.name, table, help, of_parameter(declared), default, example)


EXAMPLES: dict[str, Any] = {
    "seed": 21,
    "logit_bias": [["Paris", -5.0]],
    "stop_strings": ["END"],
    "extra_eos_token": ["<|im_end|>"],
    "kv_bits": 8,
    "draft_model": "./smaller",
}
"""Values for the template where TOML cannot spell the default."""

CONFIG_KEYS: dict[str, ConfigKey] = {
    key.name: key
    for key in (
        _top("model", "What is opened where no model is named: a folder or a Hugging Face "
             "repository", text("model"), example="mlx-community/Llama-3.2-3B-Instruct-4bit"),
        _top("server", "The server whose model is used where no model is named, as --server takes "
             "it: it goes before the configured model", text("server"),
             example="http://desk:8080"),
        _top("adapter_path", "A folder with LoRA or DoRA weights for that model; left out where "
             "another one is named", text("adapter_path"), example="./adapters"),
        _top("system_prompt", "The system prompt of a new session", text("system_prompt"),
             example="Answer in one sentence."),
        _top("context", "What is done where a conversation does not fit the model: ask, window "
             "(the oldest messages fall out of its sight) or stop",
             one_of("context", "ask", "window", "stop"), "ask"),
        _top("theme", "The theme; what /theme chooses then holds until the program ends",
             text("theme"), example="graphite"),
        _top("bare_letters", "Whether q, r and h alone leave, begin anew and help, as in "
             "mlx_lm.chat; otherwise they are messages", switch("bare_letters"), True),
        _top("editing_mode", "The keys of the REPL's prompt: emacs or vi; not in plain lines, "
             "which the system edits (~/.inputrc)",
             one_of("editing_mode", "emacs", "vi"), "emacs"),
        _top("plain", "Whether the REPL writes plain lines, for screen readers", switch("plain"),
             False),
        *(_parameter(declared, SAMPLER) for declared in PARAMETERS.values()),
        *(_parameter(declared, CACHE) for declared in SPEED.values()),
        _cache("kv_group_size", "Group size of that quantization",
               one_of("kv_group_size", 32, 64, 128), 64),
        _cache("quantized_kv_start", "Quantize from this token on",
               whole("quantized_kv_start", 0), 5000),
        _cache("max_kv_size", "Keep at most this many tokens in the key-value cache",
               whole("max_kv_size", 8), example=4096),
        _cache("prefill_step_size", "Prompt tokens read at a time (2048 on a GPU, 128 on a CPU)",
               whole("prefill_step_size", 1), example=2048),
    )
}  # fmt: skip
