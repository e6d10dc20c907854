"""Reads JSON strictly: what two programs could understand differently is refused."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, Never

from packsys.errors import RequestError

DEPTH = 64
"""How deep lists and objects may lie in each other."""

_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"')
_NOT_A_BRACKET = re.compile(r"[^][{}]+")
# An escape is one when the backslashes before it are even in number.
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_SURROGATE = re.compile(r"(?<!\\)(?:\\\\)*\\u[dD][89a-fA-F]")


def loads(raw: bytes) -> Any:
    """Reads a JSON text (RFC 8259) in UTF-8.

    Raises RequestError where JSON is malformed, an object names a field twice, a number is not finite or has
    thousands of digits, text holds NUL or half a surrogate pair (PostgreSQL keeps neither), or lists and objects
    lie more than :data:`DEPTH` deep in each other.
    """
    text = _decoded(raw)
    document = _parsed(text)
    _check_depth(text)
    _check_text(text, document)
    return document


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise RequestError(f"The body is not UTF-8: byte {error.start} does not belong there.") from error


def _parsed(text: str) -> Any:
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise RequestError(f"The body is not JSON: {error.msg} ({place}).") from error
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:
        raise RequestError("The body holds a number with thousands of digits: send it as text.") from error


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        [(twice, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise RequestError(f"An object in the body names the field {twice[:100]!r} twice.")
    return document


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise RequestError(f"The number {digits[:30]} in the body is out of range.")
    return number


def _not_json(name: str) -> Never:
    raise RequestError(f"The body is not JSON: {name} is not a number there.")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_finite, parse_constant=_not_json)


def _check_depth(text: str) -> None:
    if text.count("[") + text.count("{") <= DEPTH:
        return
    brackets = _NOT_A_BRACKET.sub("", _STRING.sub("", text))
    for _ in range(DEPTH):
        brackets = _NOT_A_BRACKET.sub("", brackets.replace("[]", " ").replace("{}", " "))
    if brackets:
        raise _too_deep()


def _too_deep() -> RequestError:
    return RequestError(f"Lists and objects in the body lie more than {DEPTH} deep in each other.")


def _check_text(text: str, document: Any) -> None:
    if "\\u" not in text:
        return
    if _NUL.search(text):
        raise RequestError("Text in the body holds the character NUL (\\u0000), which cannot be kept.")
    if _SURROGATE.search(text):
        _check_surrogates(document)


def _check_surrogates(document: Any) -> None:
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise RequestError("Text in the body holds half of a surrogate pair.") from error
