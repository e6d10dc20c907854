"""Addresses are read strictly. The hostile ones are those that fooled other programs."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packsys.egress.url import Url, complete, parse
from packsys.errors import ForbiddenRequest


@pytest.mark.parametrize(
    ("text", "host", "sent"),
    [
        ("https://example.com/", "example.com", "https://example.com/"),
        ("https://EXAMPLE.com", "example.com", "https://example.com/"),
        ("HTTPS://example.com./a", "example.com", "https://example.com/a"),
        ("https://example.com:443/", "example.com", "https://example.com/"),
        ("https://example.com:/", "example.com", "https://example.com/"),
        ("https://example.com:8443/a?b=c#d", "example.com", "https://example.com:8443/a?b=c"),
        ("http://example.com:443/", "example.com", "http://example.com:443/"),
        ("https://example.com/%E6%B5%8B?q=%20", "example.com", "https://example.com/%E6%B5%8B?q=%20"),
        ("https://example.com/测", "example.com", "https://example.com/%E6%B5%8B"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example", "https://xn--bcher-kva.example/"),
        ("https://evil.com#@example.com/", "evil.com", "https://evil.com/"),
        ("https://evil.com?@example.com/", "evil.com", "https://evil.com/?@example.com/"),
        ("https://8.8.8.8/", "8.8.8.8", "https://8.8.8.8/"),
        ("https://[2001:DB8::1]:8443/", "2001:db8::1", "https://[2001:db8::1]:8443/"),
    ],
)
def test_an_address_is_read_and_written_again(text: str, host: str, sent: str) -> None:
    url = parse(text)
    assert (url.host, str(url)) == (host, sent)


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com@evil.com/",
        "https://user:pw@example.com/",
        "https://example.com:443@evil.com/",
        "https://evil.com\\@example.com/",
        "https://example.com\\.evil.com/",
        "https://example.com%2eevil.com/",
        "https://example.com%00.evil.com/",
        "https://example.com\t.evil.com/",
        "https://example.com\r\nX: y/",
        "https://example.com\x00.evil.com/",
        " https://example.com/",
        "https://example.com/ ",
        "https:/example.com",
        "https:example.com",
        "https:///example.com/",
        "https://",
        "//example.com/",
        "example.com",
        "",
        "https://ｅxample.com/",
        "https://еxample.com/",
        "https://example。com/",
        "https://xn--999999999.example.com/",
        "https://a..example.com/",
        "https://-a.example.com/",
        "https://a_b.example.com/",
        f"https://{'a' * 64}.example.com/",
        f"https://{'a.' * 125}example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "data:text/plain,x",
        "javascript:alert(1)",
        "unix:///run/x.sock",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://example.com:８０/",
        "https://example.com:80:80/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://0/",
        "https://①②⑦.⓪.⓪.①/",
        "https://1.2.3.0x4/",
        "https://[::1/",
        "https://::1/",
        "https://[1.2.3.4]/",
        "https://[fe80::1%25eth0]/",
        "https://example.com/<script>",
        f"https://example.com/{'a' * 8192}",
    ],
)
def test_an_address_is_refused(text: str) -> None:
    with pytest.raises(ForbiddenRequest):
        parse(text)


def test_a_refusal_shows_no_query() -> None:
    with pytest.raises(ForbiddenRequest) as caught:
        parse("https://user@example.com/?token=secret")
    assert "secret" not in caught.value.message


@pytest.mark.parametrize(
    ("text", "base", "sent"),
    [
        ("/user/repos", "https://api.github.com", "https://api.github.com/user/repos"),
        ("/user?x=1", "https://git.example/api/v3/", "https://git.example/api/v3/user?x=1"),
        ("/", "https://git.example", "https://git.example/"),
        ("https://other.example/x", "https://git.example", "https://other.example/x"),
        ("/", "http://127.0.0.1:8080", "http://127.0.0.1:8080/"),
    ],
)
def test_a_path_begins_at_the_base(text: str, base: str, sent: str) -> None:
    assert str(complete(text, base)) == sent


@pytest.mark.parametrize("text", ["user", "//evil.com/x", "/\\evil.com", "/a b", "/a\nb", "?x=1", ""])
def test_what_is_neither_path_nor_address_is_refused(text: str) -> None:
    with pytest.raises(ForbiddenRequest):
        complete(text, "https://example.com")


def test_a_path_needs_a_base() -> None:
    with pytest.raises(ForbiddenRequest, match="no base_url"):
        complete("/user", "")


@pytest.mark.parametrize(
    ("location", "sent"),
    [
        ("/b", "https://example.com/b"),
        ("c", "https://example.com/a/c"),
        ("?x=1", "https://example.com/a/?x=1"),
        ("https://cdn.example.com/b", "https://cdn.example.com/b"),
        ("//evil.com/b", "https://evil.com/b"),
    ],
)
def test_a_redirect_is_read_from_where_it_came(location: str, sent: str) -> None:
    assert str(parse("https://example.com/a/").follow(location)) == sent


@pytest.mark.parametrize(
    "location", ["/\\evil.com", "https://a@evil.com/", "javascript:x", "https://evil\r\n.com", "/a b"]
)
def test_a_hostile_redirect_is_refused(location: str) -> None:
    with pytest.raises(ForbiddenRequest):
        parse("https://example.com/a/").follow(location)


@pytest.mark.parametrize(
    ("host", "within"),
    [
        ("example.com", True),
        ("api.example.com", True),
        ("evilexample.com", False),
        ("example.com.evil.com", False),
        ("example.comevil", False),
        ("com", False),
    ],
)
def test_a_domain_covers_itself_and_the_names_below_it(host: str, within: bool) -> None:
    assert Url(scheme="https", host=host, port=443).within("example.com") is within


def test_parameters_are_added_and_encoded() -> None:
    url = parse("https://example.com/a?x=1").asking({"q": "a b&c", "测": "试"})
    assert str(url) == "https://example.com/a?x=1&q=a+b%26c&%E6%B5%8B=%E8%AF%95"


hostile = st.text(alphabet=st.sampled_from("aeX.:/@\\?#%[]0127-_~ \t\n\x00é。xn"), max_size=40)


@given(st.one_of(st.text(max_size=60), hostile.map("https://".__add__), hostile.map("https://example.com".__add__)))
def test_what_is_read_is_read_the_same_by_others(text: str) -> None:
    """An address is refused, or its written form leads to the same host for Python's own parser and for this one."""
    try:
        url = parse(text)
    except ForbiddenRequest:
        return
    other = urlsplit(str(url))
    assert (other.scheme, other.hostname, other.port or {"http": 80, "https": 443}[url.scheme]) == url.origin
    assert parse(str(url)) == url


@pytest.mark.parametrize(
    "address",
    [
        "https://me:fake-pass/word@example.com/",
        "//me:fake-pass@example.com",
        "ftp://fake-pass@x/",
        "https:\\\\fake-pass@x",
    ],
)
def test_a_refusal_shows_no_password(address: str) -> None:
    with pytest.raises(ForbiddenRequest) as caught:
        parse(address)
    assert "fake" not in caught.value.message
