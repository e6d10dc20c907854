"""A recording holds what a service answered, without secrets, and a replay is asked exactly that."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import quote

import pytest

from packsys.sdk import Request, Response
from packsys.sdk.testing import LiveFetcher, recording

SECRET = "s3cret/token+1"
CODED = b64encode(SECRET.encode()).decode()


class Service:
    """Is a service that repeats the secret in every way it can."""

    def __init__(self, body: bytes | None = None) -> None:
        self.asked: list[Request] = []
        said = {"token": SECRET, "page": f"https://x.example/?t={quote(SECRET, safe='')}", "basic": CODED}
        self.body = json.dumps(said).encode() if body is None else body

    def fetch(self, request: Request) -> Response:
        self.asked.append(request)
        return Response(headers={"content-type": "application/json", "set-cookie": SECRET}, body=self.body)


@pytest.fixture
def test_file(tmp_path: Path) -> Path:
    return tmp_path / "test_pack.py"


def record(test_file: Path, service: Service, *requests: Request) -> str:
    with recording(test_file, "talk", live=service, secrets=[SECRET], environ={"PACKSYS_RECORD": "1"}) as fetcher:
        for request in requests:
            assert fetcher.fetch(request).body == service.body
    return (test_file.parent / "recordings" / "talk.json").read_text()


ASKED = Request(method="POST", url="/x", query={"q": "1"}, body=b'{"a": 1}')


def test_what_was_recorded_is_played_back(test_file: Path) -> None:
    record(test_file, Service(b'{"b": 2}'), ASKED)
    with recording(test_file, "talk", environ={}) as fetcher:
        assert fetcher.fetch(ASKED).json() == {"b": 2}


def test_bytes_that_are_no_text_are_played_back(test_file: Path) -> None:
    record(test_file, Service(b"\xff\x00"), ASKED)
    with recording(test_file, "talk", environ={}) as fetcher:
        assert fetcher.fetch(ASKED).body == b"\xff\x00"


def test_secrets_are_blotted_out_by_value_wherever_they_are(test_file: Path) -> None:
    written = record(test_file, Service(), Request(url=f"/x?key={quote(SECRET)}", query={"key": SECRET}))
    for form in (SECRET, quote(SECRET), quote(SECRET, safe=""), CODED.rstrip("="), json.dumps(SECRET)[1:-1]):
        assert form not in written
    assert "set-cookie" not in written
    with recording(test_file, "talk", environ={}) as fetcher:
        assert "REDACTED" in fetcher.fetch(Request(url="/x?key=other", query={"key": "other"})).text


@pytest.mark.parametrize(
    ("request_", "wrong"),
    [
        (Request(url="/y", method="POST", query={"q": "1"}, body=b'{"a": 1}'), "its url is '/y'"),
        (Request(url="/x", query={"q": "1"}, body=b'{"a": 1}'), "its method is 'GET'"),
        (Request(url="/x", method="POST", body=b'{"a": 1}'), "its query is {}"),
        (Request(url="/x", method="POST", query={"q": "1"}, body=b"{}"), "its body is '{}'"),
    ],
)
def test_another_request_fails_the_test(test_file: Path, request_: Request, wrong: str) -> None:
    record(test_file, Service(b""), ASKED)
    with pytest.raises(AssertionError, match=wrong), recording(test_file, "talk", environ={}) as fetcher:
        fetcher.fetch(request_)


def test_an_unused_recording_fails_the_test(test_file: Path) -> None:
    record(test_file, Service(b""), ASKED)
    with pytest.raises(AssertionError, match="Never requested, but recorded"), recording(test_file, "talk", environ={}):
        pass


def test_more_than_was_recorded_fails_the_test(test_file: Path) -> None:
    record(test_file, Service(b""), ASKED)
    with pytest.raises(AssertionError, match="no more was recorded"):  # noqa: PT012, SIM117
        with recording(test_file, "talk", environ={}) as fetcher:
            fetcher.fetch(ASKED)
            fetcher.fetch(ASKED)


def test_a_replay_asks_nobody(test_file: Path) -> None:
    record(test_file, Service(b""), ASKED)
    service = Service(b"")
    with recording(test_file, "talk", live=service, environ={}) as fetcher:
        fetcher.fetch(ASKED)
    assert service.asked == []


def test_a_missing_recording_says_how_to_make_one(test_file: Path) -> None:
    with pytest.raises(AssertionError, match="PACKSYS_RECORD=1"), recording(test_file, "talk", environ={}):
        pass


class Handler(BaseHTTPRequestHandler):
    """Says what it was asked, points elsewhere, or is not there."""

    def do_GET(self) -> None:
        status = 302 if self.path.startswith("/elsewhere") else 404 if self.path.startswith("/gone") else 200
        self.send_response(status)
        self.send_header("Location", "https://evil.example/")
        self.end_headers()
        self.wfile.write(f"{self.path} {self.headers['Authorization']}".encode())

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def live() -> Iterator[LiveFetcher]:
    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    yield LiveFetcher(base_url=base, headers={"Authorization": f"Bearer {SECRET}"}, query={"key": SECRET})
    server.shutdown()
    server.server_close()


def test_a_live_fetcher_adds_the_makers_token(live: LiveFetcher) -> None:
    answer = live.fetch(Request(url="/a", query={"q": "1"}))
    assert answer.text == f"/a?q=1&key={quote(SECRET, safe='')} Bearer {SECRET}"
    assert SECRET in live.secrets
    assert SECRET not in repr(live)


def test_a_live_fetcher_gives_any_status_and_follows_nothing(live: LiveFetcher) -> None:
    assert [live.fetch(Request(url=url)).status for url in ("/gone", "/elsewhere")] == [404, 302]


@pytest.mark.parametrize("url", ["https://evil.example/", "http://127.0.0.1.evil.example/"])
def test_a_live_fetcher_asks_its_service_only(live: LiveFetcher, url: str) -> None:
    with pytest.raises(AssertionError, match="is not below"):
        live.fetch(Request(url=url))
    with pytest.raises(AssertionError, match="is not below"):
        LiveFetcher(base_url="file:///etc").fetch(Request(url="/hostname"))


def test_a_live_recording_holds_no_token(live: LiveFetcher, test_file: Path) -> None:
    with recording(test_file, "talk", live=live, environ={"PACKSYS_RECORD": "1"}) as fetcher:
        fetcher.fetch(Request(url="/a"))
    assert SECRET not in (test_file.parent / "recordings" / "talk.json").read_text()
