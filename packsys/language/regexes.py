"""Regular expressions that cannot hang: the one door to RE2.

RE2 takes time linear in the text for each search, and so it lacks what cannot be done in linear time: references back
to a group, and looking ahead or behind. A search for all matches can still take the square of the text's length
(``a*b|a`` looks for a ``b`` from each ``a`` on), so the product of text and matches is bounded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

import re2  # type: ignore[import-untyped]  # it has no type hints

from packsys.language.bounds import too_much
from packsys.values import Failure, failure

MAX_PATTERN: Final = 1_000
"""Characters of a regular expression."""

MAX_SEARCHED: Final = 100_000
"""Characters of a text that one is searched for in."""

MAX_WORK: Final = 1_000_000_000
"""Characters of the text times matches: about a second of one core (measured on 2 shared cores)."""

_MEMORY: Final = 1 << 20  # bytes of a compiled expression and its automaton
_FLAGS: Final = frozenset("gims")
_LACKING: Final = (
    (re.compile(r"\\[1-9]|\\k|\(\?P="), "a reference back to a group"),
    (re.compile(r"\(\?<?[=!]"), "looking ahead or behind"),
    (re.compile(r"\(\?>|[*+?}]\+"), "an atomic group or a possessive repetition"),
    (re.compile(r"\(\?\("), "a condition"),
)


def matches(pattern: str, text: str, flags: str = "") -> Iterator[Any]:
    """Gives the matches of an expression in a text, which do not overlap, as ``re`` does.

    ``flags`` are letters: ``i`` for any case, ``m`` for ``^`` and ``$`` at each line, ``s`` for a ``.`` that takes line
    ends as well; ``g`` is known and changes nothing. Raises :class:`~packsys.values.Failure` for an expression that RE2
    does not know, naming what it lacks, and for too much work.
    """
    if len(text) > MAX_SEARCHED:
        raise too_much("The text has too many characters for a regular expression", len(text), MAX_SEARCHED)
    most = MAX_WORK // max(1, len(text))
    for count, match in enumerate(_compiled(pattern, flags).finditer(text), 1):
        if count > most:
            raise too_much("The regular expression matches too often for so long a text", count, most)
        yield match


@lru_cache(maxsize=256)
def _compiled(pattern: str, flags: str) -> Any:
    if len(pattern) > MAX_PATTERN:
        raise too_much("The regular expression has too many characters", len(pattern), MAX_PATTERN)
    try:
        return re2.compile(_inline(pattern, flags), _options())
    except re2.error as problem:
        raise _refused(pattern, problem) from None


def _options() -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    return options


def _inline(pattern: str, flags: str) -> str:
    unknown = sorted(set(flags) - _FLAGS)
    if unknown:
        raise failure("Value", f"A regular expression has the flags i, m, s and g, and not {unknown[0]!r}.")
    inner = "".join(sorted(set(flags) - {"g"}))
    return f"(?{inner}){pattern}" if inner else pattern


def _refused(pattern: str, problem: Exception) -> Failure:
    shown = json.dumps(pattern if len(pattern) <= 60 else pattern[:60] + "…", ensure_ascii=False)
    for lacking, what in _LACKING:
        if lacking.search(pattern):
            message = f"The regular expression {shown} uses {what}: write it without, for that can take any time."
            return failure("Value", message)
    detail = problem.args[0].decode("utf-8", "replace") if isinstance(problem.args[0], bytes) else str(problem)
    return failure("Value", f"The text {shown} is no regular expression: {detail}.")
