"""Where `mlxchat sample` writes, and in which form."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mlxchat.cli.utf8_output import write_utf8
from mlxchat.commands.export_file import shown, write_export
from mlxchat.conversation.exports.sample_text import samples_json, samples_lines, samples_text
from mlxchat.conversation.exports.score_text import file_text
from mlxchat.conversation.samples import Samples
from mlxchat.conversation.scores import FileScores
from mlxchat.render.safe import visible


class SampleOutput:
    """Text and lines go to standard output as soon as they are there; a JSON document, and a file,
    are written at the end, as a whole."""

    def __init__(self, parsed: argparse.Namespace) -> None:
        self._json: bool = parsed.json
        self._lines: bool = parsed.jsonl
        self._with_prompts = parsed.prompts is not None
        self._file = Path(parsed.output) if parsed.output else None
        self._force: bool = parsed.force
        self._every: list[Samples] = []
        self._scores = FileScores()
        self._texts: list[str] = []

    def add(self, samples: Samples) -> None:
        """The samples of one more prompt."""
        self._every.append(samples)
        self._scores.add(samples.scores.values())
        if not self._json:
            self._put(self._text(samples))

    def close(self) -> None:
        """Write what was not written yet. Raises MlxchatError where the file cannot be."""
        if self._json:
            self._texts = [samples_json(self._every, self._scores) + "\n"]
        elif not self._lines and self._scores.references:
            self._put("\n" + file_text(self._scores))
        text = "".join(self._texts)
        if self._file is not None:
            write_export(text, self._file, force=self._force)
            print(f"Written to {shown(self._file)}.", file=sys.stderr)
        elif text:
            _write(text)

    def _put(self, text: str) -> None:
        if self._file is None:
            _write(text)
        else:
            self._texts.append(text)

    def _text(self, samples: Samples) -> str:
        if self._lines:
            return samples_lines(samples, self._scores)
        break_before = "\n" if len(self._every) > 1 else ""
        return break_before + samples_text(samples, with_prompt=self._with_prompts)


def _write(text: str) -> None:
    write_utf8(sys.stdout, visible(text) if sys.stdout.isatty() else text)
