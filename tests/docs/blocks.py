"""Reads the code blocks of a Markdown file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Command:
    """Is one command of a console block, and what the document says that it prints."""

    line: str
    shown: str


def blocks(document: Path, language: str) -> list[str]:
    """Gives the text of every block in a language."""
    return [text for found, text in _FENCE.findall(document.read_text()) if found == language]


def commands(document: Path) -> Iterator[Command]:
    """Gives every command of every console block; a comment behind two blanks is not part of it."""
    for block in blocks(document, "console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, _, shown = part.partition("\n")
            yield Command(re.split(r"\s{2,}# ", line)[0].strip(), shown.strip())
