"""The characters of a text as people count them: grapheme clusters (Unicode Standard Annex 29).

A letter with its accents is one, and so is a family of emoji, whatever number of code points it takes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate

from wcwidth import iter_graphemes

# Blocks whose code points never join with one another: Latin, Greek, Cyrillic, dashes and quotes, Kana, Han and Hangul
# syllables. A text of these needs no search for clusters. A carriage return joins with the line feed behind it.
_SINGLE = re.compile(
    "[\0-\x0c\x0e-\u02ff\u0370-\u0482\u048a-\u058f\u2010-\u2027\u3001-\u3020\u3041-\u3096\u30a0-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff60]*"
)


def characters(text: str) -> Sequence[str]:
    """Cuts a text into its characters; a plain text is its own list of them."""
    return text if _SINGLE.fullmatch(text) else [*iter_graphemes(text)]


def position(text: str, search: str, start: int) -> int | None:
    """Finds a text in another, from a position on: the position of its first character, from 1.

    What is found begins and ends where characters do: there is no ``e`` in ``é``, however it is written.
    """
    found = characters(text)
    if isinstance(found, str):
        place = found.find(search, start - 1)
        return None if place < 0 else place + 1
    edges = {offset: index for index, offset in enumerate(accumulate(map(len, found), initial=0))}
    offset = sum(map(len, found[: start - 1])) - 1
    while (offset := text.find(search, offset + 1)) >= 0:
        if offset in edges and offset + len(search) in edges:
            return edges[offset] + 1
    return None
