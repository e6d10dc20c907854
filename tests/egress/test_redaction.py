"""A secret is taken out of what comes back, however it is written."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packsys.egress.redaction import MARK, SHORTEST, Redaction
from packsys.errors import UpstreamError
from packsys.ports import Response

TOKEN = "fake-Token-0123456789"
SECRET = 'p&ss "w0rd"/é<%'
FORMS = {
    "as it is": SECRET,
    "in an address": quote(SECRET, safe=""),
    "in a path": quote(SECRET),
    "in lower case escapes": quote(SECRET, safe="").replace("%C3%A9", "%c3%a9").replace("%2F", "%2f").lower(),
    "in a form": quote_plus(SECRET),
    "in JSON": json.dumps(SECRET)[1:-1],
    "in JSON as it is": json.dumps(SECRET, ensure_ascii=False)[1:-1],
    "in HTML": html.escape(SECRET),
    "in base64": base64.b64encode(SECRET.encode()).decode(),
    "in base64 for addresses": base64.urlsafe_b64encode(SECRET.encode()).decode().rstrip("="),
    "in an address in an address": quote(quote(SECRET, safe=""), safe=""),
    "in JSON in JSON": json.dumps(json.dumps(SECRET)[1:-1])[1:-1],
    "in JSON with each sign in digits": "".join(
        sign if sign.isalnum() and sign.isascii() else f"\\u{ord(sign):04X}" for sign in SECRET
    ),
    "in a program": "".join(sign if sign.isalnum() else f"\\x{ord(sign):02x}" for sign in SECRET),
    "in HTML in numbers": "".join(sign if sign.isalnum() else f"&#{ord(sign)};" for sign in SECRET),
    "in XML": SECRET.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&#x3C;"),
    "in hexadecimal": SECRET.encode().hex().upper(),
}


@pytest.mark.parametrize("form", FORMS)
def test_it_is_found(form: str) -> None:
    text = FORMS[form]
    response = Response(status=200, headers={"x-echo": f"a {text} b"}, body=f"a {text} b".encode())
    clean = Redaction((SECRET,)).response(response)
    assert text.rstrip("=") not in clean.headers["x-echo"]
    assert text.rstrip("=").encode() not in clean.body
    assert clean.body.startswith(f"a {MARK}".encode())


@pytest.mark.parametrize("before", ["", "a", "ab", "Bearer "])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("after", ["", "!", "??"])
def test_it_is_found_within_what_was_put_into_base64(before: str, after: str, encode: Callable[[bytes], bytes]) -> None:
    """At most two signs of it are left at either end, which share their bits with what is beside them."""
    whole = encode(f"{before}{TOKEN}{after}".encode()).decode()
    clean = Redaction((TOKEN,)).response(Response(status=200, headers={}, body=whole.encode())).body.decode()
    start = len(before) * 4 // 3
    assert MARK in clean
    assert whole[start + 2 : start + 12] not in clean


def test_it_is_found_in_the_name_of_a_header() -> None:
    clean = Redaction((TOKEN,)).response(Response(status=200, headers={f"x-{TOKEN.lower()}": ""}, body=b""))
    assert clean.headers == {f"x-{MARK}": ""}


@pytest.mark.parametrize("secret", ["\\" * 40, "%25" * 20, "&amp;" * 10, " + " * 15, "\\u005c" * 8])
@pytest.mark.parametrize("unit", ["\\", "%25", "&amp;", "+", " ", "\\u005c", "&#92;"])
def test_no_answer_keeps_it_busy(secret: str, unit: str) -> None:
    """None of the patterns can be read in two ways: with one that can, this takes hours."""
    body = f"{secret[:-1]}x{unit * 3000}{secret[:-1]}y".encode()
    assert Redaction((secret,)).response(Response(status=200, headers={}, body=body)).status == 200


def test_half_a_character_is_no_hindrance() -> None:
    assert Redaction(("\ud800" * 6,)).response(Response(status=200, headers={}, body=b"a")).body == b"a"


def test_the_longer_of_two_goes_first() -> None:
    redaction = Redaction(("secret-token", "secret-token-2"))
    assert redaction.response(Response(status=200, headers={}, body=b"secret-token-2")).body == MARK.encode()


def test_what_may_be_a_word_stays() -> None:
    response = Response(status=200, headers={}, body=b"name me")
    assert Redaction(("name", "")).response(response) == response


def test_an_error_tells_nothing_either() -> None:
    error = Redaction(("secret-token",)).error(UpstreamError("Asked for /secret-token.", reason="size"))
    assert (error.message, str(error), error.reason) == ("Asked for /***.", "Asked for /***.", "size")


def test_it_shows_nothing_itself() -> None:
    assert "secret-token" not in repr(Redaction(("secret-token",)))


@settings(deadline=None)
@given(st.text(min_size=SHORTEST, max_size=30), st.binary(max_size=30), st.binary(max_size=30))
def test_no_secret_passes(secret: str, before: bytes, after: bytes) -> None:
    written = secret.encode("utf-8", "ignore")
    clean = Redaction((secret,)).response(Response(status=200, headers={}, body=before + written + after)).body
    assert len(written) < SHORTEST or written in MARK.encode() or written not in clean or written in before + after


WAYS: tuple[Callable[[str], str], ...] = (
    str,
    str.upper,
    quote,
    html.escape,
    lambda text: json.dumps(json.dumps(text)),
    lambda text: base64.b64encode(f"a{text}b".encode()).decode(),
    lambda text: text.encode().hex().upper(),
)


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8"), min_size=SHORTEST, max_size=30), st.sampled_from(WAYS), st.text())
def test_what_is_looked_for_at_first_hides_nothing(secret: str, way: Callable[[str], str], beside: str) -> None:
    """A second secret without a letter, which is not there, has everything looked for by the patterns alone."""
    body = f"{beside}{way(secret)}{beside}".replace("!", "").encode()
    response = Response(status=200, headers={}, body=body)
    assert Redaction((secret,)).response(response) == Redaction((secret, "!" * SHORTEST)).response(response)
