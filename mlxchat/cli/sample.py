"""`mlxchat sample`: several replies to one prompt, or to each prompt of a file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mlxchat.cli.completers import completed
from mlxchat.cli.engines import engine_for
from mlxchat.cli.interrupts import catching_interrupts, cut_off
from mlxchat.cli.oneshot import new_session
from mlxchat.cli.options import (
    add_model_argument,
    add_options,
    check_models,
    checked,
    given_flags,
    given_settings,
    given_system,
    model_spec,
    named_adapters,
    plain_text,
    whole,
)
from mlxchat.cli.parser import Parser, complain, complain_of_configuration
from mlxchat.cli.prompt_input import prompt_text
from mlxchat.cli.sample_output import SampleOutput
from mlxchat.cli.sample_run import SampleRun
from mlxchat.commands.export_file import check_writable, read_file
from mlxchat.commands.samples import USUAL
from mlxchat.conversation.exports.prompt_lines import Prompt, read_prompts
from mlxchat.engine.adapter_folder import find_adapter
from mlxchat.engine.catalog import DEFAULT_MODEL
from mlxchat.engine.interface import Message, ModelSpec
from mlxchat.errors import INTERRUPTED, MODEL_ERROR, OK, WRONG_USE, MlxchatError
from mlxchat.session.known_adapters import KnownAdapters
from mlxchat.session.samples import MOST_SAMPLES
from mlxchat.settings.sweep import ADAPTER_EXAMPLES, EXAMPLES, parse_axis, points

EXAMPLE = """\
examples:
  mlxchat sample --demo -p "Tell me a joke." -n 10 --seed 21 --temp 0.7
  mlxchat sample ./fused -p "Hello" -n 4 --sweep temp=0.2:1.4:0.3
  mlxchat sample ./fused -p "Hello" --sweep temp=0.5,1 --sweep min_p=0,0.1
  mlxchat sample ./model --adapter pirate=./adapters -p "Hello" \\
                 --sweep adapter=base,pirate@0.5
  mlxchat sample ./fused --prompts data/valid.jsonl --jsonl --output out.jsonl

Samples are written as one batch over a prompt that is read once. The first has
the seed that is given, each next one the seed after it, at every point of a
sweep anew; with the same seed the same texts come again.
"""


def run(arguments: Sequence[str]) -> int:
    """Do what stands after `mlxchat sample`; the exit code."""
    own = parser()
    parsed = own.parse_args(arguments)
    check_models(own, parsed)
    if (parsed.prompt is None) == (parsed.prompts is None):
        own.error("give one of --prompt and --prompts")
    parsed.n = parsed.n or (USUAL if parsed.prompts is None else 1)
    try:
        prompts = _prompts(parsed)
        _check_adapters(parsed)
        if parsed.output:
            check_writable(Path(parsed.output), force=parsed.force)
    except MlxchatError as error:
        complain(error)
        return WRONG_USE
    complain_of_configuration()
    _complain_of_empty(prompts)
    return _sample(parsed, prompts)


def parser() -> argparse.ArgumentParser:
    """The parser of `mlxchat sample [MODEL] [flags]`."""
    made = Parser(
        prog="mlxchat sample",
        description="Write several replies to one prompt at once, and sum up how they differ.",
        epilog=EXAMPLE,
    )
    add_model_argument(made)
    _add_own(made.add_argument_group("samples"))
    add_options(made, groups=("model", "prompt", "sampler", "cache"))
    return made


def _add_own(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "-n", type=checked(whole(1, MOST_SAMPLES)), metavar="N",
        help="how many, at each point of a sweep (default 10; 1 with --prompts)",
    )  # fmt: skip
    sweep = group.add_argument(
        "--sweep", action="append", type=checked(parse_axis), default=[], metavar="AXIS",
        help=f"a parameter that takes several values: {EXAMPLES}; or {ADAPTER_EXAMPLES}; give it "
        "twice for two",
    )  # fmt: skip
    completed(sweep, "axis")
    prompts = group.add_argument(
        "--prompts", metavar="FILE", type=plain_text,
        help="a prompt for each line of a file in mlx_lm.lora's chat format; the answers in it are "
        "shown, with their perplexity under each adapter",
    )  # fmt: skip
    completed(prompts, "file")
    form = group.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON document")
    form.add_argument(
        "--jsonl", action="store_true", help="a line of JSON for each sample, as messages"
    )
    output = group.add_argument(
        "--output", metavar="FILE", help="write there, not to standard output"
    )
    completed(output, "file")
    group.add_argument("--force", action="store_true", help="write over a file that is there")


def _check_adapters(parsed: argparse.Namespace) -> None:
    """Raises MlxchatError for what cannot be swept, or is not there, before a model is loaded."""
    points(parsed.sweep)
    named, spec = named_adapters(parsed), model_spec(parsed) or ModelSpec(DEFAULT_MODEL)
    KnownAdapters.of(named, spec.adapter_path).check_sweep(parsed.sweep)
    for path in named.values():
        find_adapter(path)


def _prompts(parsed: argparse.Namespace) -> list[Prompt]:
    """What is to be answered; MlxchatError where that is nothing."""
    if parsed.prompts is not None:
        found = read_prompts(read_file(Path(parsed.prompts)), parsed.prompts)
    else:
        found = [Prompt([Message("user", prompt_text(parsed.prompt, sys.stdin))])]
    return [_under_system(prompt, given_system(parsed)) for prompt in found]


def _complain_of_empty(prompts: Sequence[Prompt]) -> None:
    """Say which answers say nothing: they have no perplexity."""
    empty = [number for number, prompt in enumerate(prompts, 1) if prompt.reference == ""]
    if empty:
        others = f" (of {len(empty)} empty ones)" if empty[1:] else ""
        told = f"The answer to prompt {empty[0]}{others} is empty, so it has no perplexity"
        complain(MlxchatError(f"{told}: write one, or leave the line's answer away."))


def _under_system(prompt: Prompt, system: str | None) -> Prompt:
    """The prompt under a system prompt, where it has none of its own."""
    if not system or prompt.messages[0].role == "system":
        return prompt
    return prompt._replace(messages=[Message("system", system), *prompt.messages])


def _sample(parsed: argparse.Namespace, prompts: Sequence[Prompt]) -> int:
    output = SampleOutput(parsed)
    session = new_session(engine_for(parsed), "", given_settings(parsed), "")
    session.adapters = named_adapters(parsed)
    session.flags = given_flags(parsed)
    failed = False
    with catching_interrupts() as interrupts:
        run = SampleRun(session, interrupts)
        try:
            run.load(model_spec(parsed) or ModelSpec(DEFAULT_MODEL))
            for number, prompt in enumerate(prompts, 1):
                place = f"prompt {number} of {len(prompts)} · " if len(prompts) > 1 else ""
                samples = run.sample(prompt, parsed, place)
                output.add(samples)
                failed = failed or bool(samples.failure)
                if interrupts.pressed:
                    break
            output.close()
        except MlxchatError as error:
            complain(error)
            return INTERRUPTED if interrupts.pressed else MODEL_ERROR
        except OSError as error:
            return cut_off(error)
        finally:
            session.engine.close()
    return INTERRUPTED if interrupts.pressed else MODEL_ERROR if failed else OK
