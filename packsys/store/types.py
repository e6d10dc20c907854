"""How Python's texts and values lie in PostgreSQL's text columns."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Any

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format
from sqlalchemy import Dialect, Text
from sqlalchemy.types import TypeDecorator

from packsys.language.codec import invocation_from_json, invocation_to_json
from packsys.language.invocation import Invocation
from packsys.values import Json, Value, from_json, kept_text

_MARKED = re.compile('[\0\\\\"]')
_UNFIT = re.compile("[\0\\\\\ud800-\udfff]")
_ESCAPE = re.compile(r"\\u([0-9a-f]{4})")
_TEXT = psycopg.adapters.types["text"]
_LIST, _SIZE = Struct("!iiIii"), Struct("!i")  # dimensions, whether blanks may be, kind, length, first; bytes of a text
_BLANK = _SIZE.pack(-1)
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def dump(data: Json) -> str:
    """Writes JSON that any text column takes, as short and as readable as that allows.

    PostgreSQL keeps neither U+0000 nor half a surrogate pair; JSON can spell both as escapes, so nothing is lost.
    """
    text = _JSON.encode(data)
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def array(items: Sequence[object]) -> str:
    """Writes a list as PostgreSQL spells arrays: texts, numbers, truths and blanks."""
    return _braced([_quoted(item) if isinstance(item, str) else _bare(item) for item in items])


def text_array(texts: Sequence[str | None]) -> str:
    """Writes texts as :func:`escape` writes each, in a list."""
    whole = "".join(filter(None, texts))
    if whole.isascii() and not _MARKED.search(whole):  # as nearly all are: then none needs to be looked at alone
        return _braced(["null" if text is None else f'"{text}"' for text in texts])
    return array([None if text is None else escape(text) for text in texts])


@dataclass(frozen=True)
class Texts:
    """Is a list of texts and blanks in PostgreSQL's binary form: JSON takes a tenth of the time without its quotes."""

    data: bytes


class TextsDumper(Dumper):
    """Hands :class:`Texts` to the driver."""

    format = Format.BINARY
    oid = _TEXT.array_oid

    def dump(self, obj: Texts) -> bytes:
        """Gives the bytes."""
        return obj.data


psycopg.adapters.register_dumper(Texts, TextsDumper)


def long_array(texts: Sequence[str | None]) -> Texts:
    """Writes what :func:`dump` and :func:`escape` have written, in a list."""
    encoded = [None if text is None else text.encode() for text in texts]
    items = [_BLANK if data is None else _SIZE.pack(len(data)) + data for data in encoded]
    return Texts(_LIST.pack(1, 1, _TEXT.oid, len(items), 1) + b"".join(items))


def _braced(items: Sequence[str]) -> str:
    return f"{{{','.join(items)}}}"


def _quoted(item: str) -> str:
    return '"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _bare(item: object) -> str:
    return "null" if item is None else str(item)


def escape(text: str) -> str:
    """Writes what PostgreSQL refuses in a text, and the backslash itself, as an escape."""
    if text.isascii() and "\\" not in text and "\0" not in text:
        return text
    return _UNFIT.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def unescape(text: str) -> str:
    """Reads what :func:`escape` wrote."""
    return text if "\\" not in text else _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)


class AnyText(TypeDecorator[str]):
    """Holds every Python text: what PostgreSQL refuses, and the backslash itself, is written as an escape.

    Ordinary text lies as it is, and an id that cannot be anyone's is looked up and not found, as any other.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Escapes a text on its way in."""
        return value if value is None else escape(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        """Gives back the text that was kept."""
        return value if value is None else unescape(value)


class ValueText(TypeDecorator[Value]):
    """Holds a formula's value as JSON; a blank is NULL."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Value, dialect: Dialect) -> str | None:
        """Writes a value."""
        return None if value is None else kept_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Value:
        """Reads a value."""
        return None if value is None else from_json(json.loads(value))


class InvocationText(TypeDecorator[Invocation]):
    """Holds a pack call as JSON."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Invocation | None, dialect: Dialect) -> str | None:
        """Writes a call."""
        return None if value is None else invocation_to_json(value, dump)

    def process_result_value(self, value: Any, dialect: Dialect) -> Invocation | None:
        """Reads a call."""
        return None if value is None else invocation_from_json(json.loads(value))
