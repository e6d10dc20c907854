"""Reads addresses strictly: what is not plainly an HTTP address is refused, and only what was read is sent.

Two programs that read one address differently are how requests end up elsewhere, so nothing here guesses, strips
or repairs. Rules: RFC 3986 for the shape, RFC 1123 for host names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from encodings.idna import ToUnicode
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import NoReturn
from urllib.parse import quote, urlencode, urljoin

from packsys.errors import ForbiddenRequest

LONGEST = 8192  # characters
_PORTS = {"http": 80, "https": 443}

_FORBIDDEN = re.compile(r'[\x00-\x20\x7f"<>\\^`{|}]')
_ABSOLUTE = re.compile(
    r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)(/[^?#]*)?(?:\?([^#]*))?(?:#.*)?",
    re.ASCII,
)
_RELATIVE = re.compile(r"/(?!/)[^?#]*(?:\?[^#]*)?(?:#.*)?")
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]*)(?::([0-9]{0,5}))?", re.ASCII)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Url:
    """Is an address in its parts; ``host`` is in lower case, or an IP address without brackets."""

    scheme: str
    host: str
    port: int
    path: str = "/"
    query: str = ""

    @property
    def origin(self) -> tuple[str, str, int]:
        """Is what two addresses share when they lead to the same server: scheme, host, port."""
        return self.scheme, self.host, self.port

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}{'?' if self.query else ''}{self.query}"

    def within(self, domain: str) -> bool:
        """Tells whether the host is the domain or a name below it."""
        return self.host == domain or self.host.endswith(f".{domain}")

    def asking(self, query: dict[str, str]) -> Url:
        """Adds parameters to the query."""
        return replace(self, query="&".join(part for part in (self.query, urlencode(query)) if part))

    def follow(self, location: str) -> Url:
        """Reads where an answer from this address sends its reader (RFC 9110, 10.2.2)."""
        _check_characters(location)
        return parse(urljoin(str(self), location))


def parse(text: str) -> Url:
    """Reads an absolute address; raises :class:`~packsys.errors.ForbiddenRequest`."""
    _check_characters(text)
    found = _ABSOLUTE.fullmatch(text)
    if found is None or not found[2]:
        _refuse(text, "it is no absolute address such as https://api.example.com/path")
    scheme = found[1].lower()
    if scheme not in _PORTS:
        _refuse(text, f"{scheme} is no way to send a request: use https")
    if "@" in found[2]:
        _refuse(text, "it names a user before the host")
    host, port = _authority(text, found[2])
    return Url(
        scheme=scheme,
        host=host,
        port=port or _PORTS[scheme],
        path=_escaped(found[3] or "/"),
        query=_escaped(found[4] or ""),
    )


def complete(text: str, base: str) -> Url:
    """Reads an absolute address, or one such as ``/user/repos`` that begins at ``base``."""
    _check_characters(text)
    if not text.startswith("/"):
        return parse(text)
    if not _RELATIVE.fullmatch(text):
        _refuse(text, "it is neither a path such as /user nor an address such as https://api.example.com/user")
    if not base:
        _refuse(text, "it is a path, and there is no base_url to begin at")
    return parse(base.rstrip("/") + text)


def _check_characters(text: str) -> None:
    if len(text) > LONGEST:
        raise ForbiddenRequest(f"An address of {len(text)} characters cannot be asked for: {LONGEST} is the most.")
    if found := _FORBIDDEN.search(text):
        _refuse(text, f"it holds {found[0]!r}: write that as %{ord(found[0]):02X}")


def _authority(text: str, authority: str) -> tuple[str, int]:
    found = _AUTHORITY.fullmatch(authority)
    if found is None:
        _refuse(text, "its host or its port is malformed")
    port = int(found[2]) if found[2] else 0
    if port > 65535 or (found[2] and port == 0):
        _refuse(text, f"there is no port {found[2]}")
    return _host(text, found[1]), port


def _host(text: str, written: str) -> str:
    if written.startswith("["):
        return _ipv6(text, written[1:-1])
    if not written.isascii():
        _refuse(text, "its host is not in ASCII: write an international name in the form that begins with xn--")
    host = written.lower().removesuffix(".")
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        _refuse(text, "its host is no host name")
    if _NUMERIC.fullmatch(labels[-1]):
        return _ipv4(text, host)
    for label in labels:
        _check_international(text, label)
    return host


def _ipv4(text: str, host: str) -> str:
    # 127.1, 2130706433 and 0x7f000001 are all 127.0.0.1 to some resolvers: only one spelling is an address here.
    try:
        return str(IPv4Address(host))
    except AddressValueError:
        _refuse(text, "its host is an IP address in an unusual form")


def _ipv6(text: str, host: str) -> str:
    try:
        return str(IPv6Address(host))
    except AddressValueError:
        _refuse(text, "its host is no IPv6 address")


def _check_international(text: str, label: str) -> None:
    try:
        ToUnicode(label)
    except UnicodeError:
        _refuse(text, f"{label} is no international name")


def _escaped(part: str) -> str:
    return quote(part, safe="!#$%&'()*+,/:;=?@[]~")


def _refuse(text: str, reason: str) -> NoReturn:
    shown = text.partition("?")[0]
    raise ForbiddenRequest(f"{shown[:100]!r} cannot be asked for: {reason}.")
