"""An answer whose end is not plain is refused: what is left of it would be the answer to somebody else's request."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packsys.egress.guard import EgressPolicy
from packsys.egress.http import HttpEgress
from packsys.errors import UpstreamError
from packsys.model import Connection, PackVersion
from packsys.ports import Request, Response
from tests.egress.canned import Canned
from tests.egress.world import HERE, credentials

PACK = PackVersion(id=1, name="Example", version="1.0.0", description="", domains=(), formulas={}, authentication={})


@pytest.fixture
def egress() -> Iterator[HttpEgress]:
    made = HttpEgress(credentials=credentials(), policy=EgressPolicy(allowed_networks=HERE, longest_answer=2**20))
    yield made
    made.close()


def fetched(egress: HttpEgress, sent: bytes, method: str = "GET") -> Response:
    with Canned(sent) as server:
        account = Connection(
            id="c", workspace="w", pack_id=1, name="me", sealed=b"", endpoint=f"http://127.0.0.1:{server.port}"
        )
        return egress.open(PACK, account).fetch(Request(method=method, url="/", timeout=5))


def head(*lines: str | bytes, body: bytes = b"ok", status: bytes = b"HTTP/1.1 200 OK") -> bytes:
    written = [each.encode("latin-1") if isinstance(each, str) else each for each in lines]
    return b"\r\n".join([status, *written, b"", body])


def chunked(body: bytes, *more: str) -> bytes:
    return head("Transfer-Encoding: chunked", *more, body=body)


LENGTH = "Content-Length: 2"
MALFORMED = {
    "a length and chunks": chunked(b"2\r\nok\r\n0\r\n\r\n", LENGTH),
    "chunks within gzip": head("Transfer-Encoding: gzip, chunked", body=b"2\r\nok\r\n0\r\n\r\n"),
    "chunks twice": chunked(b"2\r\nok\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
    "chunks and not": chunked(b"2\r\nok\r\n0\r\n\r\n", "Transfer-Encoding: identity"),
    "no chunks but a name like it": head("Transfer-Encoding: xchunked", LENGTH),
    "another way to send": head("Transfer-Encoding: identity"),
    "chunks before there were any": head(
        "Transfer-Encoding: chunked", status=b"HTTP/1.0 200 OK", body=b"2\r\nok\r\n0\r\n\r\n"
    ),
    **{f"the length {said!r}": head(f"Content-Length: {said}") for said in ("-2", "+2", "0_2", "2, 2", "0x2", "²", "")},
    "a length of 24 digits": head("Content-Length: " + "9" * 24),
    **{f"the chunk {said!r}": chunked(said + b"\r\nok\r\n0\r\n\r\n") for said in (b"-1", b"+2", b"0x2", b"0_2", b" 2")},
    "a chunk without size": chunked(b";x\r\nok\r\n0\r\n\r\n"),
    "a chunk of more than it says": chunked(b"2\r\nokXX0\r\n\r\n"),
    "a line that is no header": head("rubbish", LENGTH),
    "a blank before the colon": head("Content-Length : 2"),
    "a header without a name": head(": x", LENGTH),
    "a line of a mailbox": head("From somebody", LENGTH),
    "a first header that goes on": head(" X: a", LENGTH),
    "a lone carriage return": head("X: a\rContent-Length: 1", LENGTH),
    "a NUL": head("X: a\0b", LENGTH),
    "HTTP/0.9": b"hello\n",
    "HTTP/1.2": head(LENGTH, status=b"HTTP/1.2 200 OK"),
    "HTTP/2": head(LENGTH, status=b"HTTP/2 200"),
    "HTTP/2 in frames": b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03",
    **{
        f"the status {said!r}": head(LENGTH, status=b"HTTP/1.1 " + said)
        for said in (b"20_0 OK", b"+200 OK", b"0200 OK", b"20 OK", b"")
    },
    "another protocol from now on": head("Upgrade: x", "Connection: upgrade", status=b"HTTP/1.1 101 Other"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_it_is_refused(egress: HttpEgress, name: str) -> None:
    with pytest.raises(UpstreamError) as caught:
        fetched(egress, MALFORMED[name])
    assert caught.value.reason == "malformed"


CUT_OFF = {
    "in its head": b"HTTP/1.1 200 OK\r\nX: y\r\n",
    "after the last chunk": chunked(b"2\r\nok\r\n0\r\n"),
    "before the last chunk": chunked(b"2\r\nok\r\n"),
    "before the end of a chunk": chunked(b"2\r\nok"),
    "in its body": head("Content-Length: 3"),
}


@pytest.mark.parametrize("name", CUT_OFF)
def test_one_that_was_cut_off_is_lost(egress: HttpEgress, name: str) -> None:
    """What came may mean something else without the rest."""
    with pytest.raises(UpstreamError) as caught:
        fetched(egress, CUT_OFF[name])
    assert caught.value.reason == "connection"


def test_one_that_says_that_it_is_too_long_is_not_read(egress: HttpEgress) -> None:
    with pytest.raises(UpstreamError) as caught:
        fetched(egress, head(f"Content-Length: {2**20 + 1}", body=b""))
    assert caught.value.reason == "size"


@pytest.mark.parametrize(
    "sent",
    [
        head(LENGTH),
        head(LENGTH, status=b"HTTP/1.0 200 OK"),
        head(LENGTH, status=b"HTTP/1.1 200 "),
        head(LENGTH, status=b"HTTP/1.1 200"),
        head(LENGTH).replace(b"\r\n", b"\n"),
        head("Connection: close"),
        head("Content-Type: multipart/mixed; boundary=x", LENGTH),
        head("X: é".encode(), LENGTH),
        b"HTTP/1.1 100 Continue\r\n\r\n" + head(LENGTH),
        chunked(b"2\r\nok\r\n0\r\n\r\n"),
        chunked(b"01;name=value\r\no\r\n1 ; x\r\nk\r\n000\r\nTrailer: x\r\n\r\n"),
    ],
)
def test_what_is_plain_is_read(egress: HttpEgress, sent: bytes) -> None:
    assert fetched(egress, sent).body == b"ok"


def test_a_header_that_goes_on_becomes_one_line(egress: HttpEgress) -> None:
    answer = fetched(egress, head("X: a", "\t Content-Length: 1", LENGTH))
    assert (answer.headers["x"], answer.body) == ("a Content-Length: 1", b"ok")


def test_a_head_alone_may_tell_any_length(egress: HttpEgress) -> None:
    assert fetched(egress, head(f"Content-Length: {2**30}", body=b""), "HEAD").status == 200


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=50), max_size=10), st.binary(max_size=40))
def test_what_follows_the_last_chunk_is_no_part_of_the_answer(parts: list[bytes], rest: bytes) -> None:
    sent = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    egress = HttpEgress(credentials=credentials(), policy=EgressPolicy(allowed_networks=HERE))
    assert fetched(egress, chunked(sent + rest)).body == b"".join(parts)
    egress.close()
