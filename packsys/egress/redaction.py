"""Takes the secrets of an account out of what comes back."""

from __future__ import annotations

import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from html import escape
from json import dumps
from urllib.parse import quote, quote_plus

from packsys.errors import PacksysError
from packsys.ports import Response

SHORTEST = 6
"""Characters. A shorter secret may well be a word of the answer, and is not worth guessing from it."""

MARK = "***"


@dataclass(frozen=True)
class Redaction:
    """Finds texts however they were written: as they are, percent-encoded, in JSON, in HTML or in base64."""

    texts: Collection[str] = field(default=(), repr=False)

    def response(self, response: Response) -> Response:
        """Gives an answer without the texts, in headers and body."""
        found = self._pattern()
        if found is None:
            return response
        return replace(
            response,
            headers={name: found.sub(MARK, value) for name, value in response.headers.items()},
            body=_bytes(found).sub(MARK.encode(), response.body),
        )

    def error(self, error: PacksysError) -> PacksysError:
        """Gives the error without the texts in its message."""
        found = self._pattern()
        if found is not None:
            error.message = found.sub(MARK, error.message)
            error.args = (error.message,)
        return error

    def finds(self, text: str) -> bool:
        """Tells whether one of the texts is in this one."""
        found = self._pattern()
        return found is not None and found.search(text) is not None

    def _pattern(self) -> re.Pattern[str] | None:
        forms = {form for text in self.texts if len(text) >= SHORTEST for form in _forms(text)}
        longest_first = sorted(forms, key=len, reverse=True)
        return re.compile("|".join(map(re.escape, longest_first))) if forms else None


def _bytes(pattern: re.Pattern[str]) -> re.Pattern[bytes]:
    return re.compile(pattern.pattern.encode())


def _forms(text: str) -> Iterator[str]:
    yield text
    yield from (quote(text, safe=""), quote(text), quote_plus(text), _lower_escapes(quote(text, safe="")))
    yield from (dumps(text)[1:-1], dumps(text, ensure_ascii=False)[1:-1], dumps(text)[1:-1].replace("/", "\\/"))
    yield from (escape(text), escape(text, quote=False))
    data = text.encode("utf-8", "surrogatepass")
    for encoded in (b64encode(data), urlsafe_b64encode(data)):
        yield encoded.decode().rstrip("=")


def _lower_escapes(text: str) -> str:
    return re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), text)
