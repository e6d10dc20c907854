"""A secret is taken out of what comes back, however it is written."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packsys.egress.redaction import MARK, SHORTEST, Redaction
from packsys.errors import UpstreamError
from packsys.ports import Response

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
}


@pytest.mark.parametrize("form", FORMS)
def test_it_is_found(form: str) -> None:
    text = FORMS[form]
    response = Response(status=200, headers={"x-echo": f"a {text} b"}, body=f"a {text} b".encode())
    clean = Redaction((SECRET,)).response(response)
    assert text.rstrip("=") not in clean.headers["x-echo"]
    assert text.rstrip("=").encode() not in clean.body
    assert clean.body.startswith(f"a {MARK}".encode())


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


@given(st.text(min_size=SHORTEST, max_size=30), st.binary(max_size=30), st.binary(max_size=30))
def test_no_secret_passes(secret: str, before: bytes, after: bytes) -> None:
    written = secret.encode("utf-8", "ignore")
    clean = Redaction((secret,)).response(Response(status=200, headers={}, body=before + written + after)).body
    assert len(written) < SHORTEST or written in MARK.encode() or written not in clean or written in before + after
