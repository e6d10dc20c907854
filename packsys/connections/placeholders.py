"""Puts the fields of a ``Custom`` account where the pack marked their places.

A mark is ``{{field-TOKEN}}``, with the token of the call, which no answer of a service can foresee. What takes its
place is written as the place asks: percent-encoded in addresses and forms, escaped in JSON and XML. One pass only:
a value that looks like a mark stays a value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias
from urllib.parse import quote, unquote, urlsplit
from xml.sax.saxutils import escape

from packsys.connections.credential import Outgoing
from packsys.connections.secret import Secret
from packsys.errors import ForbiddenRequest

Writing: TypeAlias = Callable[[str, str], str]
"""Writes a value for its place; gets the field's name for the message when it cannot."""

HEADER = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?", re.ASCII)


def filled(outgoing: Outgoing, fields: Mapping[str, Secret], *, token: str) -> Outgoing:
    """Gives the request with the fields in it.

    Raises :class:`~packsys.errors.ForbiddenRequest` for a mark in the host, for a field that the account does not
    have, and for a value that cannot be where the pack wants it. Without a token nothing is a mark.
    """
    if not token:
        return outgoing
    fill = _Filler(fields, token)
    if fill.marks(urlsplit(outgoing.url).netloc):
        raise ForbiddenRequest("A secret cannot be part of the host: put it into the path, the query or a header.")
    return replace(
        outgoing,
        url=fill(outgoing.url, in_address),
        headers={name: fill(value, in_header) for name, value in outgoing.headers.items()},
        body=_filled_body(outgoing, fill),
    )


class _Filler:
    def __init__(self, fields: Mapping[str, Secret], token: str) -> None:
        self._fields = fields
        # Whoever wrote the address or the form may have encoded the braces, and what a field's name holds.
        opening, closing = r"(?:\{\{|%7[Bb]%7[Bb])", r"(?:\}\}|%7[Dd]%7[Dd])"
        self._mark = re.compile(rf"{opening}([^{{}}\s]{{1,300}}?)-{re.escape(token)}{closing}")

    def marks(self, text: str) -> bool:
        return self._mark.search(text) is not None

    def __call__(self, text: str, write: Writing) -> str:
        return self._mark.sub(lambda found: self._value(found, write), text)

    def _value(self, found: re.Match[str], write: Writing) -> str:
        name = unquote(found[1]) if "%" in found[0] else found[1]
        if name not in self._fields:
            known = ", ".join(map(repr, self._fields)) or "none"
            raise ForbiddenRequest(f"The account has no field {name[:100]!r}: it has {known}.")
        return write(name, self._fields[name].reveal())


def _filled_body(outgoing: Outgoing, fill: _Filler) -> bytes | None:
    if not outgoing.body:
        return outgoing.body
    try:
        text = outgoing.body.decode()
    except UnicodeDecodeError:
        return outgoing.body
    return fill(text, _writing(_content_type(outgoing.headers))).encode() if fill.marks(text) else outgoing.body


def _content_type(headers: Mapping[str, str]) -> str:
    given = (value for name, value in headers.items() if name.lower() == "content-type")
    return next(given, "").partition(";")[0].strip().lower()


def _writing(content_type: str) -> Writing:
    if content_type == "application/json" or content_type.endswith("+json"):
        return in_json
    if content_type == "application/x-www-form-urlencoded":
        return in_address
    if content_type in ("application/xml", "text/xml") or content_type.endswith("+xml"):
        return in_xml
    return in_text


def in_address(name: str, value: str) -> str:
    """Percent-encodes all that is not unreserved (RFC 3986, 2.3), so that a value stays one part of an address."""
    return quote(value, safe="")


def in_header(name: str, value: str) -> str:
    """Lets a value pass that can be in a header, and no other."""
    if not HEADER.fullmatch(value):
        raise ForbiddenRequest(f"The account's field {name!r} holds signs that a header cannot have.")
    return value


def in_json(name: str, value: str) -> str:
    """Escapes a value as the inside of a JSON string."""
    return json.dumps(value)[1:-1]


def in_xml(name: str, value: str) -> str:
    """Escapes a value for XML, in text or in an attribute."""
    return escape(value, {'"': "&quot;", "'": "&apos;"})


def in_text(name: str, value: str) -> str:
    """Lets a value pass that cannot break out of its line: any other could begin a new part of the body."""
    if not value.isprintable():
        raise ForbiddenRequest(f"The account's field {name!r} holds signs that this kind of body cannot have.")
    return value
