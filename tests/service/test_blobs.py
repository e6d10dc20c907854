"""Temporary files: whoever has the address may read them, and nothing in them can hurt a reader."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import httpx
import pytest

from packsys.service.blobs import AT_ONCE, POLICY
from tests.service.house import SmallHouse


@pytest.fixture
def reader(url: str) -> Iterator[httpx.Client]:
    """Speaks without a key."""
    with httpx.Client(base_url=url) as client:
        yield client


def path_of(house: SmallHouse, content: bytes = b"\x89PNG", content_type: str = "image/png", name: str = "") -> str:
    """Keeps a file and gives its path."""
    address = house.blobs.of("default").store(content, content_type=content_type, name=name, ttl=60)
    return httpx.URL(address).path


def test_a_file_is_given_to_whoever_has_its_address(reader: httpx.Client, house: SmallHouse) -> None:
    content = secrets.token_bytes(3_000_000)
    answer = reader.get(path_of(house, content, name="a photo 测试.png"))
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["content-type"] == "image/png"
    told = "inline; filename*=UTF-8''a%20photo%20%E6%B5%8B%E8%AF%95.png"
    assert answer.headers["content-disposition"] == told


def test_an_empty_file_is_a_file(reader: httpx.Client, house: SmallHouse) -> None:
    answer = reader.get(path_of(house, b""))
    assert (answer.status_code, answer.content) == (200, b"")


def test_readers_that_hang_up_give_their_turn_back(reader: httpx.Client, house: SmallHouse) -> None:
    path = path_of(house, bytes(20_000_000))
    for _ in range(AT_ONCE + 1):
        with reader.stream("GET", path) as answer:
            assert answer.status_code == 200
    assert len(reader.get(path).content) == 20_000_000


@pytest.mark.parametrize("content_type", ["text/html", "image/svg+xml", "application/xhtml+xml; charset=utf-8"])
def test_a_page_that_was_kept_is_harmless(reader: httpx.Client, house: SmallHouse, content_type: str) -> None:
    headers = reader.get(path_of(house, b"<script>alert(1)</script>", content_type)).headers
    assert headers["content-type"] == content_type
    assert headers["content-security-policy"] == POLICY
    assert "sandbox" in POLICY
    assert "script-src" not in POLICY
    assert "default-src 'none'" in POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"].startswith("private")
    assert headers["cross-origin-resource-policy"] == "cross-origin"


@pytest.mark.parametrize(
    ("content_type", "shown"),
    [
        ("image/png", "inline"),
        ("application/pdf", "inline"),
        ("text/plain; charset=utf-8", "inline"),
        ("text/html", "attachment"),
        ("application/zip", "attachment"),
    ],
)
def test_what_browsers_show_as_it_is_is_shown(
    reader: httpx.Client, house: SmallHouse, content_type: str, shown: str
) -> None:
    assert reader.get(path_of(house, content_type=content_type)).headers["content-disposition"] == shown


@pytest.mark.parametrize(
    "content_type",
    ["", "image", "text/html\r\nSet-Cookie: a=b", "tëxt/html", "text/html; charset=\n", "a/b, text/html"],
)
def test_a_type_that_is_none_is_not_repeated(reader: httpx.Client, house: SmallHouse, content_type: str) -> None:
    answer = reader.get(path_of(house, content_type=content_type))
    assert answer.headers["content-type"] == "application/octet-stream"
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "name", ['a"; filename=b', "a\r\nSet-Cookie: a=b", "../../etc/passwd", "half \ud83d of a pair"]
)
def test_a_name_stays_a_name(reader: httpx.Client, house: SmallHouse, name: str) -> None:
    answer = reader.get(path_of(house, name=name))
    assert answer.status_code == 200
    told = answer.headers["content-disposition"].removeprefix("inline; filename*=UTF-8''")
    assert not set(told) & set(' "\\/;\r\n')
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("blob", ["A" * 32, "-" * 32])
def test_what_is_not_there_is_not_found(reader: httpx.Client, blob: str) -> None:
    answer = reader.get(f"/v1/blobs/{blob}")
    assert (answer.status_code, answer.json()["code"]) == (404, "NotFound")


@pytest.mark.parametrize("blob", ["A", "A" * 200, "A" * 31 + "%00", "%2e%2e" * 10])
def test_what_is_no_address_is_refused(reader: httpx.Client, blob: str) -> None:
    assert reader.get(f"/v1/blobs/{blob}").status_code == 422
