"""Takes the secrets of an account out of what comes back."""

from __future__ import annotations

import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from html.entities import codepoint2name
from json import dumps
from urllib.parse import quote

from packsys.errors import PacksysError
from packsys.ports import Response

SHORTEST = 6
"""Characters. A shorter secret may well be a word of the answer, and is not worth guessing from it."""

MARK = "***"


@dataclass(frozen=True)
class Redaction:
    """Finds texts however they were written.

    That is as they are, as addresses, JSON, programs and HTML have each of their signs, in base64, alone or within
    something longer, and in hexadecimal. A service that wants to hide them from us can: it knows them.
    """

    texts: Collection[str] = field(default=(), repr=False)

    def response(self, response: Response) -> Response:
        """Gives an answer without the texts, in headers and body."""
        found = self._pattern
        if found is None:
            return response
        return replace(
            response,
            headers={
                _in_lower_case(found).sub(MARK, name): found.sub(MARK, value)
                for name, value in response.headers.items()
            },
            body=_bytes(found).sub(MARK.encode(), response.body),
        )

    def error(self, error: PacksysError) -> PacksysError:
        """Gives the error without the texts in its message."""
        if self._pattern is not None:
            error.message = self._pattern.sub(MARK, error.message)
            error.args = (error.message,)
        return error

    def finds(self, text: str) -> bool:
        """Tells whether one of the texts is in this one."""
        return self._pattern is not None and self._pattern.search(text) is not None

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        return _compiled(frozenset(self.texts))


@lru_cache(maxsize=256)  # an account's secret is the same for many calls, and its pattern long
def _compiled(texts: frozenset[str]) -> re.Pattern[str] | None:
    forms = {form for text in texts if len(text) >= SHORTEST for form in _forms(text)}
    longest_first = sorted(forms, key=len, reverse=True)
    return re.compile("|".join(longest_first)) if forms else None


def _bytes(pattern: re.Pattern[str]) -> re.Pattern[bytes]:
    return re.compile(pattern.pattern.encode("utf-8", "surrogatepass"))


def _in_lower_case(pattern: re.Pattern[str]) -> re.Pattern[str]:
    return re.compile(pattern.pattern, re.IGNORECASE)  # as the names of headers are


def _forms(text: str) -> Iterator[str]:
    """Gives patterns; no sign can be read in two ways in any of them, so that none takes long on any answer."""
    yield from ("".join(map(_sign, form)) for form in (text, dumps(text)[1:-1]))
    # An address or a document that holds it may be in base64 or in hexadecimal as a whole.
    for form in {text, dumps(text)[1:-1], quote(text, safe="", errors="surrogatepass")}:
        written = form.encode("utf-8", "surrogatepass")
        yield from ("".join(map(_sign, each)) for each in _base64(written))
        yield f"(?i:{written.hex()})"


def _base64(data: bytes) -> Iterator[str]:
    for encode in (b64encode, urlsafe_b64encode):
        yield encode(data).decode().rstrip("=")
        for before in (0, 1, 2):  # bytes before it; signs that it shares with what surrounds it are left out
            whole = encode(bytes(before) + data).decode()
            yield whole[-(-before * 8 // 6) : (before + len(data)) * 8 // 6]


def _sign(sign: str) -> str:
    """Gives a pattern for one sign as programs write it."""
    if sign.isascii() and sign.isalnum():
        return sign
    octets, units = sign.encode("utf-8", "surrogatepass"), sign.encode("utf-16-be", "surrogatepass")
    code = ord(sign)
    ways = [
        "".join(f"%(?:25){{0,3}}(?i:{octet:02x})" for octet in octets),
        "".join(rf"\\{{1,3}}u(?i:{units[at : at + 2].hex()})" for at in range(0, len(units), 2)),
        f"&(?:amp;)?#(?:0{{0,4}}{code}|[xX]0{{0,4}}(?i:{code:x}));",
        re.escape(sign) if sign == "\\" else rf"\\{{0,3}}{re.escape(sign)}",
    ]
    if code in codepoint2name or sign == "'":
        ways.append(f"&(?:amp;)?{codepoint2name.get(code, 'apos')};")
    if code < 256:
        ways.append(rf"\\{{1,3}}x(?i:{code:02x})")
    if not sign.isascii():
        ways.append(re.escape(octets.decode("latin-1")))  # headers are read so
    if sign == " ":
        ways.append(r"\+")
    return f"(?:{'|'.join(ways)})"
