"""Where other programs read an address differently, it is refused.

The others are Python's own parser, that of browsers (WHATWG, as ada has it), and that of httpx. Examples are made
from the grammar of addresses, from what fooled others, and from both after a few signs were changed.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

import can_ada
import httpx
import idna
from hypothesis import example, given, settings
from hypothesis import strategies as st

from packsys.egress.url import Url, parse
from packsys.errors import ForbiddenRequest
from tests.egress.test_hostile import ALLOWED, DENIED

BEGUN = "https://example.com/a/b?c"
PORTS = {"http": 80, "https": 443}
Origin = tuple[str, str, int]


def read(text: str) -> Url | None:
    try:
        return parse(text)
    except ForbiddenRequest:
        return None


def by_python(text: str) -> Origin:
    parts = urlsplit(text)
    assert parts.username is None
    return parts.scheme, plain(parts.hostname or ""), parts.port or PORTS[parts.scheme]


def by_browsers(text: str) -> Origin:
    parts = can_ada.parse(text)
    assert not parts.username
    scheme = parts.protocol.removesuffix(":")
    return scheme, plain(parts.hostname), int(parts.port or PORTS[scheme])


def by_httpx(text: str) -> Origin:
    parts = httpx.URL(text)
    assert not parts.userinfo
    return parts.scheme, plain(parts.raw_host.decode()), parts.port or PORTS[parts.scheme]


def plain(host: str) -> str:
    bare = host.strip("[]").removesuffix(".")
    return str(ip_address(bare)) if ":" in bare else bare


def assert_agreed(text: str) -> None:
    """Holds for every text: it is refused, or all read the same, of the text itself and of what is sent for it."""
    url = read(text)
    if url is None:
        return
    for sent in (text, str(url)):
        assert by_python(sent) == by_browsers(sent) == (url.scheme, plain(url.host), url.port)
    assert by_httpx(str(url)) == (url.scheme, plain(url.host), url.port)
    assert parse(str(url)) == url
    assert url.target.isascii()
    assert not set(url.target) & set(" \t\r\n\\#")


CHARACTERS = st.sampled_from("aeXz.:/@\\?#%[]0127-_~ \t\n\r\x00\x7f\x85é。ｅ①xn;=&+!$'()*,|^`{}<>\"\ud800\u200d\u00ad")
LABEL = st.one_of(
    st.from_regex(r"[a-zA-Z0-9-]{1,12}", fullmatch=True),
    st.text(alphabet="aeſßäöüſ日本éàñΩ", min_size=1, max_size=6).map(
        lambda text: "xn--" + text.encode("punycode").decode()
    ),
    st.from_regex(r"xn--[a-z0-9-]{1,10}", fullmatch=True),
    st.sampled_from(
        ["", "0", "1", "127", "256", "0x7f", "0x", "017", "08", "a_b", "-a", "a-", "aa--b", "a" * 64, "%61"]
    ),
    st.text(alphabet=CHARACTERS, min_size=1, max_size=4),
)
HOST = st.one_of(
    st.lists(LABEL, min_size=1, max_size=5).map(".".join),
    LABEL.map("{}.example.com".format),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(lambda address: f"[{address}]"),
    st.ip_addresses(v=6).map(lambda address: f"[{address.exploded.upper()}]"),
    st.sampled_from(["example.com", "example.com.", "EXAMPLE.com", "[::1%25eth0]", "[::1", "::1", "[::ffff:1.2.3.4]"]),
)
SCHEME = st.sampled_from(["https", "http", "HTTPS", "hTtP", "ftp", "ws", "file", "javascript", "", "https "])
SLASHES = st.sampled_from(["://", "://", "://", ":", ":/", ":///", ":\\\\", "//", "/"])
USER = st.sampled_from(["", "", "", "u@", "u:p@", "@", "a.com%40", "a.com\\@"])
PORT = st.one_of(
    st.just(""),
    st.just(":"),
    st.integers(0, 70000).map(":{}".format),
    st.sampled_from([":００", ":+1", ": 1", ":1e1", ":00443"]),
)
REST = st.text(alphabet=CHARACTERS, max_size=20).map(lambda text: f"/{text}") | st.sampled_from(
    ["", "?a", "#a", "/a?b#c"]
)
SHAPED = st.tuples(SCHEME, SLASHES, USER, HOST, PORT, REST).map("".join)
NEARLY_GOOD = st.tuples(st.just("https://"), HOST, st.sampled_from(["", ":", ":443", ":8443"]), REST).map("".join)
KNOWN = st.sampled_from([text for _, text, _ in (*ALLOWED, *DENIED) if len(text) < 500])


@st.composite
def changed(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> str:
    """Changes a text in a few places: puts a sign in, takes some out, doubles some."""
    text = draw(texts)
    for _ in range(draw(st.integers(1, 3))):
        begin = draw(st.integers(0, len(text)))
        end = min(len(text), begin + draw(st.integers(0, 3)))
        middle = draw(st.one_of(st.text(alphabet=CHARACTERS, max_size=2), st.just(text[begin:end] * 2), st.just("")))
        text = text[:begin] + middle + text[end:]
    return text


@settings(max_examples=600, deadline=None)
@given(st.one_of(NEARLY_GOOD, SHAPED, changed(NEARLY_GOOD), changed(KNOWN), st.text(max_size=60)))
@example("https://example.com/\ud800")
@example("https://example.com/a%")
@example("https://[::ffff:1.2.3.4]:443/")
def test_all_agree_on_where_an_address_leads(text: str) -> None:
    assert_agreed(text)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=8).map(lambda text: "xn--" + text.encode("punycode", "replace").decode("ascii", "replace")))
def test_all_agree_on_international_names(label: str) -> None:
    assert_agreed(f"https://{label}.example.com/")


@settings(max_examples=300, deadline=None)
@given(st.one_of(REST, NEARLY_GOOD, changed(KNOWN), st.text(alphabet=CHARACTERS, max_size=20)))
def test_browsers_agree_on_where_a_redirect_leads(location: str) -> None:
    try:
        followed = parse(BEGUN).follow(location)
    except ForbiddenRequest:
        return
    # What has no scheme and no host of its own stays where it is (https://url.spec.whatwg.org, 4.4).
    absolute = f"https:{location}" if location.startswith("//") else location
    stays = not location.startswith("//") and not re.match("[A-Za-z][A-Za-z0-9+.-]*:", location)
    assert followed.origin == by_browsers(BEGUN if stays else absolute)
    assert_agreed(str(followed))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=12))
def test_every_name_that_idna_knows_can_be_asked_for(text: str) -> None:
    try:
        label = idna.alabel(text).decode()
    except idna.IDNAError:
        return
    if label.startswith("xn--"):
        assert_agreed(f"https://{label}.example.com/")
