"""Samples as text to read, as JSON, and as lines of JSON that mlx_lm.lora and `mlxchat import`
read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from mlxchat.conversation.exports.chat_lines import Line, json_lines
from mlxchat.conversation.exports.reply_json import origin_object
from mlxchat.conversation.exports.score_text import (
    mean_objects,
    score_objects,
    score_words,
    scores_so_far,
)
from mlxchat.conversation.plain import to_plain
from mlxchat.conversation.samples import Fold, Sample, Samples, Summary
from mlxchat.conversation.scores import FileScores
from mlxchat.engine.interface import Message

# Text


def samples_text(samples: Samples, *, with_prompt: bool = False) -> str:
    """The samples with their numbers, repeated ones folded, then what they come to. The prompt and
    the answer that is known come first, where that is wanted."""
    blocks = list(_prompt_blocks(samples)) if with_prompt else []
    blocks += [_block(fold) for fold in samples.folds]
    return "\n\n".join([*blocks, *(_sum(summary) for summary in samples.summaries)]) + "\n"


def _prompt_blocks(samples: Samples) -> Iterator[str]:
    for message in samples.messages:
        yield f"[{message.role}]\n{message.content}"
    if samples.reference is not None:
        yield f"[reference · {score_words(list(samples.scores.values()))}]\n{samples.reference}"


def _block(fold: Fold) -> str:
    return f"[{fold.title} · {' · '.join(fold.first.facts)}]\n{fold.first.reply.text}"


def _sum(summary: Summary) -> str:
    label = f"{summary.point.label}: " if summary.point.label else ""
    return f"{label}{summary.sentence}"


# JSON


def samples_json(every: Sequence[Samples], file: FileScores) -> str:
    """All of them as one JSON document: an object for each prompt, and the means over the file."""
    document: dict[str, Any] = {"prompts": [_prompt_object(samples) for samples in every]}
    if file.references:
        document["perplexity"] = mean_objects(file)
    return json.dumps(document, ensure_ascii=False, indent=1)


def samples_lines(samples: Samples, file: FileScores) -> str:
    """A line for each sample: the conversation with it as the last message, and what made it. The
    means over the file up to here are in each: a line of their own would be no training data."""
    return json_lines(_line(samples, sample, file) for sample in samples.samples)


def _prompt_object(samples: Samples) -> dict[str, Any]:
    found: dict[str, Any] = {"messages": list(map(_row, samples.messages))}
    if samples.reference is not None:
        scores = score_objects(list(samples.scores.values()))
        found |= {"reference": to_plain(samples.reference), "scores": scores}
    if samples.one_by_one:
        found["one_by_one"] = samples.one_by_one
    found["samples"] = [_sample_object(sample) for sample in samples.samples]
    found["summary"] = [_summary_object(summary) for summary in samples.summaries]
    return found


def _line(samples: Samples, sample: Sample, file: FileScores) -> Line:
    rows = [*samples.messages, Message("assistant", sample.reply.text)]
    known: Line = {}
    if samples.reference is not None:
        scores = scores_so_far(list(samples.scores.values()), file)
        known = {"reference": to_plain(samples.reference), "scores": scores}
    facts = {name: value for name, value in _sample_object(sample).items() if name != "text"}
    return {"messages": list(map(_row, rows)), **known, **facts}


def _row(message: Message) -> dict[str, str]:
    return {"role": message.role, "content": to_plain(message.content)}


def _sample_object(sample: Sample) -> dict[str, Any]:
    reply = sample.reply
    return {
        "number": sample.number,
        "text": to_plain(reply.text),
        **origin_object(reply),
        "tokens": sample.tokens,
        "end": reply.reason,
    }


def _summary_object(summary: Summary) -> dict[str, Any]:
    return {
        "sweep": dict(summary.point.values),
        "samples": summary.count,
        "different": summary.different,
        "ends": dict(summary.endings),
        "tokens": list(summary.lengths),
    }
