"""Reads addresses strictly: what is not plainly an HTTP address is refused, and only what was read is sent.

Two programs that read one address differently are how requests end up elsewhere, so nothing here guesses, strips
or repairs what says *where* a request goes. Rules: RFC 3986 for the shape, RFC 1123 for host names, and what Python's
own parser and that of browsers (https://url.spec.whatwg.org) agree on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import NoReturn
from unicodedata import normalize
from urllib.parse import quote, urlencode, urljoin

import idna

from packsys.errors import ForbiddenRequest

LONGEST = 8192  # characters
_PORTS = {"http": 80, "https": 443}

# Signs that some program strips, and the halves of characters, which no program can send.
_FORBIDDEN = re.compile(r'[\x00-\x20\x7f-\x9f"<>\\\ud800-\udfff]')
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):", re.ASCII)
_HIERARCHY = re.compile(r"//([^/?#]+)(/[^?#]*)?(?:\?([^#]*))?(?:#.*)?", re.DOTALL)
_PATH = re.compile(r"/(?!/)[^?#]*(?:\?[^#]*)?(?:#.*)?", re.DOTALL)
_PORT = re.compile(r"[0-9]{1,5}", re.ASCII)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
_USER = re.compile(r"[/\\]{2}.*@", re.DOTALL)  # and what is perhaps a password
_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})", re.ASCII)


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

    @property
    def literal(self) -> bool:
        """Tells whether the host is an IP address."""
        return ":" in self.host or _NUMERIC.fullmatch(self.host.rpartition(".")[2]) is not None

    @property
    def target(self) -> str:
        """Is what the first line of the request names: path and query."""
        return f"{self.path}{'?' if self.query else ''}{self.query}"

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.target}"

    def within(self, domain: str) -> bool:
        """Tells whether the host is the domain or a name below it."""
        return self.host == domain or self.host.endswith(f".{domain}")

    def asking(self, query: dict[str, str]) -> Url:
        """Adds parameters to the query; raises :class:`~packsys.errors.ForbiddenRequest`."""
        for name, value in query.items():
            _check_whole(f"{name}{value}")
        asked = replace(self, query="&".join(part for part in (self.query, urlencode(query)) if part))
        _check_length(str(asked))
        return asked

    def follow(self, location: str) -> Url:
        """Reads where an answer from this address sends its reader (RFC 9110, 10.2.2)."""
        _check_characters(location)
        if location.startswith("//"):
            return parse(f"{self.scheme}:{location}")
        if _SCHEME.match(location):
            return parse(location)
        return parse(urljoin(str(self), location))


def parse(text: str) -> Url:
    """Reads an absolute address; raises :class:`~packsys.errors.ForbiddenRequest`."""
    _check_characters(text)
    named = _SCHEME.match(text)
    if named is None:
        _refuse(text, "it is no absolute address such as https://api.example.com/path", "not_absolute")
    scheme = named[1].lower()
    if scheme not in _PORTS:
        _refuse(text, f"{scheme} is no way to send a request: use https", "scheme")
    found = _HIERARCHY.fullmatch(text, named.end())
    if found is None:
        _refuse(text, "it is no absolute address such as https://api.example.com/path", "not_absolute")
    host, port = _authority(text, found[1])
    path, query = _escaped(found[2] or "/"), _escaped(found[3] or "")
    return Url(scheme=scheme, host=host, port=port or _PORTS[scheme], path=path, query=query)


def complete(text: str, base: str) -> Url:
    """Reads an absolute address, or one such as ``/user/repos`` that begins at ``base``."""
    _check_characters(text)
    if not text.startswith("/"):
        return parse(text)
    if not _PATH.fullmatch(text):
        _refuse(text, "it is neither a path such as /user nor an address with its scheme", "not_absolute")
    if not base:
        _refuse(text, "it is a path, and there is no base_url to begin at", "not_absolute")
    return parse(base.rstrip("/") + text)


def _check_characters(text: str) -> None:
    _check_length(text)
    if found := _FORBIDDEN.search(text):
        _refuse(text, f"it holds {found[0]!r}: percent-encode that", "bad_char")


def _check_length(text: str) -> None:
    if len(text) > LONGEST:
        raise ForbiddenRequest(
            f"An address of {len(text)} characters cannot be asked for: {LONGEST} is the most.", reason="too_long"
        )


def _check_whole(text: str) -> None:
    if not text.isascii() and re.search(r"[\ud800-\udfff]", text):
        raise ForbiddenRequest("A query parameter holds half a character, which cannot be sent.", reason="bad_char")


def _authority(text: str, authority: str) -> tuple[str, int]:
    if "@" in authority:
        _refuse(text, "it names a user before the host", "userinfo")
    if authority.startswith("["):
        written, bracket, rest = authority[1:].partition("]")
        if not bracket or rest[:1] not in ("", ":"):
            _refuse(text, "its host is malformed", "bad_host")
        return _ipv6(text, written), _port(text, rest[1:])
    written, _, port = authority.partition(":")
    return _host(text, written), _port(text, port)


def _port(text: str, written: str) -> int:
    if not written:
        return 0
    if not _PORT.fullmatch(written) or not 0 < int(written) <= 65535:
        _refuse(text, f"there is no port {written[:20]}", "port")
    return int(written)


def _host(text: str, written: str) -> str:
    if not written.isascii():
        _refuse_international(text, written)
    host = written.lower().removesuffix(".")
    labels = host.split(".")
    if _NUMERIC.fullmatch(labels[-1]):
        return _ipv4(text, host)
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        _refuse(text, "its host is no host name", "bad_host")
    if len(labels) == 1:
        _refuse(text, "its host has one label only: write the whole name, or an IP address", "bad_host")
    for label in labels:
        _check_international(text, label)
    return host


def _refuse_international(text: str, written: str) -> NoReturn:
    # Some resolvers take digits of any script for an IPv4 address.
    if _NUMERIC.fullmatch(normalize("NFKC", written).lower().removesuffix(".").rpartition(".")[2]):
        _refuse(text, "its host is an IP address in an unusual form", "ip_literal")
    _refuse(text, "its host is not in ASCII: write it in the form that begins with xn--", "non_ascii_host")


def _ipv4(text: str, host: str) -> str:
    # 127.1, 2130706433 and 0x7f000001 are all 127.0.0.1 to some resolvers: only one spelling is an address here.
    try:
        return str(IPv4Address(host))
    except AddressValueError:
        _refuse(text, "its host is an IP address in an unusual form", "ip_literal")


def _ipv6(text: str, host: str) -> str:
    try:
        address = IPv6Address(host)
    except AddressValueError:
        _refuse(text, "its host is no IPv6 address", "bad_host")
    if address.scope_id is not None:
        _refuse(text, "its host names a network interface", "bad_host")
    return str(address)


def _check_international(text: str, label: str) -> None:
    if not label.startswith("xn--"):
        return
    try:
        same = idna.alabel(idna.ulabel(label)).decode() == label
    except (UnicodeError, IndexError):
        same = False
    if not same:
        _refuse(text, f"{label} is no international name", "bad_host")


def _escaped(part: str) -> str:
    return quote(_LONE_PERCENT.sub("%25", part), safe="!#$%&'()*+,/:;=?@[]~")


def _refuse(text: str, why: str, reason: str) -> NoReturn:
    shown = _USER.sub("//***@", text.partition("?")[0])
    raise ForbiddenRequest(f"{shown[:100]!r} cannot be asked for: {why}.", reason=reason)
