"""Takes the secrets of an account out of what comes back."""

from __future__ import annotations

import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Collection, Iterator, Mapping
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

_SHORTEST_HINT = 4  # a shorter one is found in most answers
_PLAIN = re.compile(r"[0-9A-Za-z]+")


@dataclass(frozen=True)
class Redaction:
    """Finds texts however they were written.

    That is as they are, as addresses, JSON, programs and HTML have each of their signs, in base64, alone or within
    something longer, and in hexadecimal. A service that wants to hide them from us can: it knows them.
    """

    texts: Collection[str] = field(default=(), repr=False)

    def response(self, response: Response) -> Response:
        """Gives an answer without the texts, in headers and body."""
        found = self._search
        if found is None:
            return response
        return replace(response, headers=found.without(response.headers), body=found.bare(response.body))

    def error(self, error: PacksysError) -> PacksysError:
        """Gives the error without the texts in its message."""
        if self._search is not None:
            error.message = self._search.text.sub(MARK, error.message)
            error.args = (error.message,)
        return error

    def finds(self, text: str) -> bool:
        """Tells whether one of the texts is in this one."""
        return self._search is not None and self._search.text.search(text) is not None

    @cached_property
    def _search(self) -> _Search | None:
        return _compiled(frozenset(self.texts))


@dataclass(frozen=True)
class _Search:
    """Is what looks for some texts: patterns for text, names of headers and bytes.

    Wherever a pattern for bytes is found one of the ``hints`` is, in small letters; to look for those takes a tenth of
    the time. Without any the patterns alone tell.
    """

    text: re.Pattern[str]
    name: re.Pattern[str]
    body: re.Pattern[bytes]
    hints: Collection[bytes]

    def without(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Gives headers without the texts."""
        return {self.name.sub(MARK, name): self.text.sub(MARK, value) for name, value in headers.items()}

    def bare(self, body: bytes) -> bytes:
        """Gives a body without the texts."""
        small = body.lower()
        if self.hints and not any(hint in small for hint in self.hints):
            return body
        return self.body.sub(MARK.encode(), body)


@lru_cache(maxsize=256)  # an account's secret is the same for many calls, and its pattern long
def _compiled(texts: frozenset[str]) -> _Search | None:
    forms = {form: hint for text in texts if len(text) >= SHORTEST for form, hint in _forms(text)}
    if not forms:
        return None
    pattern = "|".join(sorted(forms, key=len, reverse=True))
    return _Search(
        text=re.compile(pattern),
        name=re.compile(pattern, re.IGNORECASE),  # as the names of headers are
        body=re.compile(pattern.encode("utf-8", "surrogatepass")),
        hints=_hints(set(forms.values())),
    )


def _hints(found: Collection[str]) -> Collection[bytes]:
    """Gives what is enough to look for: none where some form has none that is worth it."""
    if any(len(hint) < _SHORTEST_HINT for hint in found):
        return ()
    small = {hint.lower() for hint in found}
    return tuple(hint.encode() for hint in small if not any(other in hint for other in small - {hint}))


def _forms(text: str) -> Iterator[tuple[str, str]]:
    """Gives patterns, each with a hint: letters and digits that are wherever it is found.

    No sign can be read in two ways in any of them, so that none takes long on any answer.
    """
    yield from map(_form, (text, dumps(text)[1:-1]))
    # An address or a document that holds it may be in base64 or in hexadecimal as a whole.
    for form in {text, dumps(text)[1:-1], quote(text, safe="", errors="surrogatepass")}:
        written = form.encode("utf-8", "surrogatepass")
        yield from map(_form, _base64(written))
        yield f"(?i:{written.hex()})", written.hex()


def _form(written: str) -> tuple[str, str]:
    return "".join(map(_sign, written)), max(_PLAIN.findall(written), key=len, default="")


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
