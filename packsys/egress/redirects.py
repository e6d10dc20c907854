"""Where an answer sends its reader, by RFC 9110, 15.4; each hop is then checked as if the pack had asked for it."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

from packsys.egress.transport import Letter
from packsys.egress.url import Url
from packsys.errors import ForbiddenRequest
from packsys.ports import Response

_SAME = (301, 302, 307, 308)
_LOOK = 303
_OF_BODIES = frozenset({"content-type", "content-encoding", "content-language", "content-location"})


def next_letter(letter: Letter, answer: Response) -> Letter | None:
    """Gives what is to be sent next, or None for an answer that does not redirect.

    After 303, and for a POST after 301 and 302 as all clients have it, that is a GET without the body. Raises
    :class:`~packsys.errors.ForbiddenRequest` for an address that cannot be read, and for one without encryption
    after one with it.
    """
    location = answer.headers.get("location", "")
    if answer.status not in (*_SAME, _LOOK) or not location:
        return None
    asked = _followed(letter.url, location)
    if letter.url.scheme == "https" and asked.scheme != "https":
        raise ForbiddenRequest(f"{letter.url.host} redirects to a place without encryption.", reason="downgrade")
    moved = replace(letter, url=asked)
    if asked.origin != letter.url.origin:
        moved = _without(moved, frozenset({"authorization"}))
    return _looking(moved) if _becomes_get(letter.method, answer.status) else moved


_ASCII = "".join(chr(code) for code in range(128))


def _followed(url: Url, location: str) -> Url:
    # http.client reads headers as latin-1, whatever they were; the bytes are kept as they came.
    written = quote(location.encode("latin-1", "replace"), safe=_ASCII)
    try:
        return url.follow(written)
    except ForbiddenRequest as refusal:  # its sentence shows a part of the address, and so perhaps of a secret
        raise ForbiddenRequest(
            f"{url.host} redirects to what cannot be asked for ({refusal.reason}).", reason=refusal.reason
        ) from None


def _becomes_get(method: str, status: int) -> bool:
    return (status == _LOOK and method not in ("GET", "HEAD")) or (status in (301, 302) and method == "POST")


def _looking(letter: Letter) -> Letter:
    return replace(_without(letter, _OF_BODIES), method="GET", body=None)


def _without(letter: Letter, names: frozenset[str]) -> Letter:
    return replace(letter, headers={name: value for name, value in letter.headers.items() if name.lower() not in names})
