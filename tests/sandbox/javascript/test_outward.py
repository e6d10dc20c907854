"""What an isolate asks for reaches the host whole, and what the host answers reaches the isolate whole."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from packsys.errors import BlobTooLarge, ForbiddenRequest, PackError, UpstreamError
from packsys.model import Blob
from packsys.ports import Response
from packsys.sandbox.javascript import wire
from packsys.sandbox.javascript.markup import read_xml
from packsys.sandbox.javascript.outward import Outward
from tests.sandbox.javascript.packs import Answers, Bench, a_bench, answer_of

LARGEST = 1000  # bytes


@dataclass
class Files:
    """Keeps blobs in memory, small ones only."""

    kept: list[tuple[bytes, str, str, float]] = field(default_factory=list)

    def store(self, content: bytes, *, content_type: str, name: str = "", ttl: float) -> str:
        if len(content) > LARGEST:
            raise BlobTooLarge(f"A file of {len(content)} bytes is larger than {LARGEST}: keep a smaller one.")
        self.kept.append((content, content_type, name, ttl))
        return f"https://blobs.example/{len(self.kept)}"

    def get(self, blob: str) -> Blob | None:
        content, kind, name, _ = self.kept[int(blob) - 1]
        return Blob(content=content, content_type=kind, name=name)


@pytest.fixture(scope="module")
def blobs() -> Files:
    return Files()


@pytest.fixture(scope="module")
def storing(blobs: Files) -> Iterator[Bench]:
    with a_bench(blobs=blobs) as made:
        yield made


def test_blobs_are_stored_by_the_host(storing: Bench, blobs: Files) -> None:
    body = "return context.temporaryBlobStorage.storeBlob(Buffer.from('äb'), 'text/plain', {downloadFilename: 'a.txt'})"
    assert storing.go(body) == "https://blobs.example/1"
    answers = Answers(Response(status=200, headers={"content-type": "image/png"}, body=b"\x89PNG"))
    body = "return context.temporaryBlobStorage.storeUrl('/picture', {expiryMs: 60000})"
    assert storing.go(body, fetcher=answers) == "https://blobs.example/2"
    assert blobs.kept == [("äb".encode(), "text/plain", "a.txt", 900.0), (b"\x89PNG", "image/png", "", 60.0)]
    assert [each.url for each in answers.requests] == ["/picture"]


@pytest.mark.parametrize(
    ("options", "seconds"),
    [("{}", 900.0), ("{expiryMs: 5000}", 5.0), ("{expiryMs: 1e12}", 86400.0), ("{expiryMs: -1}", 900.0), ("5", 900.0)],
)
def test_a_blob_lives_for_its_time_and_no_longer_than_a_day(
    storing: Bench, blobs: Files, options: str, seconds: float
) -> None:
    storing.go(f"return context.temporaryBlobStorage.storeBlob(Buffer.from('a'), 'text/plain', {options})")
    assert blobs.kept[-1][3] == seconds


def test_a_blob_that_is_too_large_is_refused_as_what_it_is(storing: Bench) -> None:
    with pytest.raises(BlobTooLarge, match="2000 bytes"):
        storing.go("return context.temporaryBlobStorage.storeBlob(Buffer.alloc(2000), 'text/plain')")


def test_a_file_is_fetched_as_the_pack_says(storing: Bench, blobs: Files) -> None:
    answers = Answers(Response(status=200, headers={"content-type": "text/html"}, body=b"x"))
    options = "{contentType: 'image/png'}, {disableAuthentication: true, headers: {a: 'b'}, cacheTtlSecs: 0}"
    storing.go(f"return context.temporaryBlobStorage.storeUrl('/picture', {options})", fetcher=answers)
    (sent,) = answers.requests
    assert (sent.authenticate, dict(sent.headers), sent.cache_ttl) == (False, {"a": "b"}, 0.0)
    assert blobs.kept[-1][1] == "image/png"


@pytest.mark.parametrize(
    ("request_", "terms"),
    [
        ("{}", (True, True, None)),
        ("{disableAuthentication: true}", (False, True, None)),
        ("{ignoreRedirects: true}", (True, False, None)),
        ("{cacheTtlSecs: 0}", (True, True, 0.0)),
        ("{cacheTtlSecs: 60}", (True, True, 60.0)),
        ("{cacheTtlSecs: 1e9}", (True, True, 86400.0)),
        ("{method: 'POST', cacheTtlSecs: 60}", (True, True, None)),
        ("{method: 'POST', cacheTtlSecs: 60, forceCache: true}", (True, True, 60.0)),
        ("{method: 'POST', forceCache: true}", (True, True, 300.0)),
        ("{disableAuthentication: 'yes', cacheTtlSecs: 'long'}", (True, True, None)),
    ],
)
def test_the_terms_of_a_request_reach_the_host(
    bench: Bench, request_: str, terms: tuple[bool, bool, float | None]
) -> None:
    answers = Answers()
    bench.go(f"await context.fetcher.fetch({{url: '/', ...{request_}}})", fetcher=answers)
    (sent,) = answers.requests
    assert (sent.authenticate, sent.follow, sent.cache_ttl) == terms


def test_no_versions_of_rows_are_known_where_the_host_has_none(bench: Bench) -> None:
    assert bench.go("return context.syncStateService.getLatestRowVersions(['1', '2'])") == {}


@pytest.mark.parametrize("blob", ["'text'", "5", "{length: 3}"])
def test_only_bytes_are_stored(storing: Bench, blob: str) -> None:
    with pytest.raises(ForbiddenRequest):
        storing.go(f"return context.temporaryBlobStorage.storeBlob({blob}, 'text/plain')")


def test_without_a_place_for_blobs_nothing_is_stored(bench: Bench) -> None:
    with pytest.raises(ForbiddenRequest, match="no place"):
        bench.go("return context.temporaryBlobStorage.storeBlob(Buffer.from('a'), 'text/plain')")


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        (answer_of({"a": 1}), {"a": 1}),
        (answer_of([1, 2]), [1, 2]),
        (answer_of(b'"text"'), '"text"'),
        (answer_of(b"5"), "5"),
        (answer_of(b""), ""),
        (answer_of(b"{broken"), "{broken"),
        (answer_of(b"null"), None),
        (answer_of("é".encode("latin-1"), headers={"content-type": "text/plain; charset=latin-1"}), "é"),
        (answer_of(b"\xff", headers={"content-type": "text/plain; charset=nonsense"}), "\ufffd"),
        (
            answer_of(b'<r a="1"><i>x</i><i>y</i></r>', headers={"content-type": "text/xml"}),
            {"$": {"a": "1"}, "i": ["x", "y"]},
        ),
    ],
)
def test_a_body_is_read_by_its_kind(bench: Bench, answer: Response, seen: Any) -> None:
    assert bench.go("return (await context.fetcher.fetch({url: '/'})).body", fetcher=Answers(answer)) == seen


def test_headers_arrive_without_what_is_secret(bench: Bench) -> None:
    answer = answer_of({}, headers={"etag": "1", "authorization": "obviously-fake"})
    headers = bench.go("return (await context.fetcher.fetch({url: '/'})).headers", fetcher=Answers(answer))
    assert headers == {"content-type": "application/json", "etag": "1"}


def test_bytes_make_the_round_trip(bench: Bench) -> None:
    every = bytes(range(256))
    answers = Answers(Response(status=200, headers={}, body=every))
    body = "const {body} = await context.fetcher.fetch({url: '/', isBinaryResponse: true});"
    assert bench.go(f"{body} return body", fetcher=answers) == every
    bench.go(f"{body} await context.fetcher.fetch({{url: '/', method: 'PUT', body}})", fetcher=answers)
    assert answers.requests[-1].body == every


@pytest.mark.parametrize("text", ["", "a", "ab", "abc", "äöü", "𝒜bc", "\ud83d", "\x00\x7f\x80"])
def test_the_buffer_codes_as_python_does(bench: Bench, text: str) -> None:
    sent = text.encode("utf-8", "surrogatepass") if text != "\ud83d" else b"\xef\xbf\xbd"
    found = bench.go(
        "const b = Buffer.from(params[0]); return [b, b.toString('hex'), b.toString('base64'), b.toString()]", text
    )
    assert found[0] == sent
    assert found[1] == sent.hex()
    assert base64.b64decode(found[2]) == sent
    assert found[3] == sent.decode()


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE r [<!ENTITY a "x">]><r>&a;</r>',
        b'<!DOCTYPE r SYSTEM "file:///etc/passwd"><r/>',
        b"<r>",
        b"",
        b"\xff",
        b"<a>" * 5000,
    ],
)
def test_xml_that_is_broken_or_declares_entities_is_refused(body: bytes) -> None:
    with pytest.raises(UpstreamError):
        read_xml(body)


@pytest.mark.parametrize(
    ("body", "read"),
    [
        (b"<r/>", ""),
        (b"<r>text</r>", "text"),
        (b"<r><a>1</a><b/></r>", {"a": ["1"], "b": [""]}),
        (b'<r><a k="v">1</a></r>', {"a": [{"$": {"k": "v"}, "_": "1"}]}),
    ],
)
def test_xml_becomes_objects(body: bytes, read: Any) -> None:
    assert read_xml(body) == read


def test_lines_of_the_log_go_to_the_packs_logger(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG", logger="packsys.pack.Test"):
        bench.go("console.warn('one\\ntwo', {a: 1}); context.logger.info('three')")
    assert [(each.levelname, each.getMessage()) for each in caplog.records] == [
        ("WARNING", 'one\\ntwo {"a":1}'),
        ("INFO", "three"),
    ]


def test_the_error_of_the_host_can_be_caught_by_the_pack(bench: Bench) -> None:
    body = "try { await context.fetcher.fetch({url: '/'}) } catch (error) { return error.message }"
    assert bench.go(body, fetcher=Answers(UpstreamError("Nothing answers."))) == "Nothing answers."
    with pytest.raises(PackError):
        bench.go("await context.fetcher.fetch({url: 5})")


HUGE = {"$": "i", "v": "9" * 400}
STRANGE = [
    ("fetch", {"url": "/", "cacheTtlSecs": HUGE}),
    ("fetch", {"url": "/", "forceCache": True, "cacheTtlSecs": {"$": "n", "v": "NaN"}}),
    ("fetch", {"url": "/", "form": {"\ud800": "\udfff"}}),
    ("fetch", {"url": "\ud800\0", "method": "\ud800", "headers": {"\ud800": "\r\n"}, "body": "\ud800"}),
    ("wait", {"milliseconds": HUGE}),
    ("wait", {"milliseconds": {"$": "n", "v": "Infinity"}}),
    ("storeBlob", {"blob": {"$": "b", "v": ""}, "options": {"expiryMs": HUGE, "downloadFilename": "\ud800"}}),
    ("storeUrl", {"url": "/", "options": {"expiryMs": HUGE, "contentType": []}}),
    ("storeUrl", {"url": "/", "fetchOptions": {"cacheTtlSecs": HUGE}}),
    ("rowVersions", {"ids": [HUGE, {}, None, "\ud800"]}),
    ("exec", {"url": "/"}),
]


@pytest.mark.parametrize(("what", "asked"), STRANGE)
def test_whatever_is_asked_for_gets_a_reply(what: str, asked: dict[str, Any]) -> None:
    """Anything else than a reply would be an error of the house, made by a stranger."""
    reply = Outward(Answers(), lambda: 0.001, Files()).serve(what, 1, asked)
    assert wire.loads(wire.dumps(reply).encode())["id"] == 1


@pytest.mark.parametrize("charset", ["hex", "idna", "undefined", "no-such", "zlib", "utf-7", "punycode"])
def test_a_charset_that_is_none_of_texts_is_read_as_utf_8(charset: str) -> None:
    answer = Response(status=200, headers={"content-type": f"text/plain; charset={charset}"}, body=b"plain.")
    reply = Outward(Answers(answer), lambda: 1.0).serve("fetch", 1, {"url": "/"})
    assert "body" in reply["ok"]
