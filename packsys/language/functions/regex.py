"""Regular expressions, as RE2 reads them: in linear time, without references back, looking ahead or behind."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from packsys.language.bounds import Size, check_length, too_much
from packsys.language.functions.registry import deep, may_take, strict, takes
from packsys.language.limits import MAX_WEIGHT
from packsys.language.regexes import matches
from packsys.language.signature import Kind, Shape
from packsys.values import Value, failure

_TEXT, _BOOLEAN, _TEXTS = Shape(Kind.TEXT), Shape(Kind.BOOLEAN), Shape(Kind.LIST, item=Shape(Kind.TEXT))
_GROUP = re.compile(r"\$(?:(\$)|([0-9]{1,2})|\{(\w{1,40})\})")


def _searching(sizes: Sequence[Size]) -> int:
    return 16 * deep(sizes)  # a step a character: a search takes more than a look


@strict(
    "RegexMatch",
    "Tells whether a regular expression is found in a text.",
    takes("text", Kind.TEXT),
    takes("pattern", Kind.TEXT),
    may_take("flags", Kind.TEXT, default=""),
    examples={
        r'RegexMatch("a1", "\d")': True,
        'RegexMatch("Oslo", "^o")': False,
        'RegexMatch("Oslo", "^o", "i")': True,
    },
    result=_BOOLEAN,
    cost=_searching,
)
def regex_match(text: str, pattern: str, flags: str) -> Value:
    """Looks for one match."""
    return next(matches(pattern, text, flags), None) is not None


@strict(
    "RegexExtract",
    "Lists what a regular expression finds in a text: each match, or its groups where it has some.",
    takes("text", Kind.TEXT),
    takes("pattern", Kind.TEXT),
    may_take("flags", Kind.TEXT, default=""),
    examples={r'RegexExtract("a1 b22", "\d+")': ["1", "22"], 'RegexExtract("k=v", "(\\w)=(\\w)")': ["k", "v"]},
    result=_TEXTS,
    cost=_searching,
)
def regex_extract(text: str, pattern: str, flags: str) -> Value:
    """Lists all matches."""
    pieces: list[Value] = []
    for match in matches(pattern, text, flags):
        pieces += match.groups("") or (match[0],)
        if len(pieces) > MAX_WEIGHT:
            raise too_much("The regular expression finds too much", len(pieces), MAX_WEIGHT)
    return pieces


@strict(
    "RegexReplace",
    "Puts another text in the place of each match; $1 or ${name} in it is a group, $0 the match, $$ a dollar sign.",
    takes("text", Kind.TEXT),
    takes("pattern", Kind.TEXT),
    takes("replacement", Kind.TEXT),
    may_take("flags", Kind.TEXT, default=""),
    examples={
        r'RegexReplace("a1b2", "\d", "-")': "a-b-",
        r'RegexReplace("Doe, Jo", "(\w+), (\w+)", "$2 $1")': "Jo Doe",
    },
    result=_TEXT,
    cost=_searching,
)
def regex_replace(text: str, pattern: str, replacement: str, flags: str) -> Value:
    """Replaces all matches."""
    template = _GROUP.split(replacement)
    pieces, done, length = list[str](), 0, len(text)
    for match in matches(pattern, text, flags):
        begin, end = match.span()
        filled = _filled(template, match)
        length += len(filled) - (end - begin)
        check_length(length)
        pieces += (text[done:begin], filled)
        done = end
    return "".join((*pieces, text[done:]))


def _filled(template: Sequence[str | None], match: Any) -> str:
    # A split at _GROUP gives texts, and between them a dollar sign, a number or a name, the other two being None.
    pieces = [template[0] or ""]
    for at in range(1, len(template), 4):
        dollar, number, name = template[at : at + 3]
        pieces += (dollar or _group(match, int(number) if number else name or ""), template[at + 3] or "")
    return "".join(pieces)


def _group(match: Any, wanted: int | str) -> str:
    try:
        return match[wanted] or ""
    except (IndexError, KeyError):
        raise failure("Value", f"The regular expression has no group {wanted}.") from None
