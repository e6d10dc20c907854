"""Packs over HTTP: published once, found by everybody, and no upload costs more than it may."""

from __future__ import annotations

import gzip
import io
import json
import logging
import socket
import threading
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx
import jsonschema
import pytest

from packsys.catalog.bundle import LARGEST_BUNDLE, MANIFEST, archive
from packsys.catalog.manifest import describe
from packsys.model import Scope
from packsys.runtime.publish import Published
from packsys.sdk import Context, Pack
from packsys.service.packs import AT_ONCE
from tests.service.conftest import serving
from tests.service.house import SmallHouse
from tests.waiting import until

ZIP = {"Content-Type": "application/zip"}
SLOWEST = 0.2


def manifest(version: str = "1.0.0", *, id: int = 20_001, name: str = "Weather", **changes: Any) -> dict[str, Any]:
    """Writes a manifest, with some changes that no declaration would allow."""
    pack = Pack(id=id, name=name, version=version, description="Says how the weather is.", domains=["api.example.com"])

    @pack.formula()
    def now(context: Context) -> str:
        """Says how it is."""
        return "fine"

    return {**describe(pack), **changes}


def made(*words: Any, source: bytes = b"pack = None", **more: Any) -> bytes:
    """Makes an archive."""
    return archive({"pack.py": source}, manifest(*words, **more))


def zipped(*entries: tuple[str, bytes]) -> bytes:
    """Makes an archive that our own builder would not make."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries:
            file.writestr(name, content)
    return target.getvalue()


@pytest.fixture
def own() -> SmallHouse:
    return SmallHouse()


@pytest.fixture
def client(own: SmallHouse) -> Iterator[httpx.Client]:
    """Speaks to a house without packs."""
    headers = {"Authorization": f"Bearer {own.token()}"}
    with serving(own, slowest=SLOWEST) as url, httpx.Client(base_url=url, headers=headers, timeout=20) as made:
        yield made


def test_a_new_version_is_published_and_the_same_again_changes_nothing(client: httpx.Client) -> None:
    first, again = (client.post("/v1/packs", content=made(), headers=ZIP) for _ in "12")
    assert (first.status_code, again.status_code) == (201, 200), first.text
    assert first.json() == again.json()
    assert first.json() == client.get("/v1/packs/20001").json()
    assert {"id": 20001, "name": "Weather", "version": "1.0.0"}.items() <= first.json().items()


def test_a_version_never_changes(client: httpx.Client) -> None:
    before = client.post("/v1/packs", content=made(), headers=ZIP).json()
    answer = client.post("/v1/packs", content=made(source=b"pack = 1"), headers=ZIP)
    assert (answer.status_code, answer.json()["code"]) == (409, "Conflict")
    assert client.get("/v1/packs/20001").json() == before


def test_the_publisher_is_the_key(client: httpx.Client, own: SmallHouse) -> None:
    client.post("/v1/packs", content=made(), headers=ZIP)
    [release] = own.releases.newest()
    assert release.published_by == client.headers["authorization"].split("_")[1]


def test_packs_are_listed_by_name_with_those_that_ship(client: httpx.Client) -> None:
    for version, number, name in (("1.0.0", 20_001, "Weather"), ("1.1.0", 20_001, "Weather"), ("2.0.0", 20_002, "Axe")):
        client.post("/v1/packs", content=made(version, id=number, name=name), headers=ZIP)
    listed = client.get("/v1/packs").json()
    assert [(each["name"], each["version"]) for each in listed] == [
        ("Axe", "2.0.0"),
        ("GitHub", "1.0.0"),
        ("Weather", "1.1.0"),
    ]
    assert [each["version"] for each in client.get("/v1/packs/20001/versions").json()] == ["1.1.0", "1.0.0"]


def test_a_manifest_is_sent_again_only_when_it_is_another(client: httpx.Client) -> None:
    digest = client.post("/v1/packs", content=made(), headers=ZIP).json()["digest"]
    path = "/v1/packs/20001/versions/1.0.0/manifest"
    answer = client.get(path)
    assert answer.json() == {"runtime": "python", **json.loads(json.dumps(manifest()))}
    assert answer.headers["etag"] == f'"{digest}"'
    for known in (f'"{digest}"', f'W/"{digest}"', f'"other", "{digest}"', "*"):
        again = client.get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", f'"{digest}"')
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("path", ["/v1/packs/7", "/v1/packs/7/versions", "/v1/packs/1013/versions/9.9.9/manifest"])
def test_what_is_not_there_is_not_found(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "NotFound")


def test_the_schema_of_manifests_is_open_and_describes_them(client: httpx.Client) -> None:
    answer = httpx.get(f"{client.base_url}/manifest.schema.json")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/schema+json")
    for path in ("/v1/packs/1013/versions/1.0.0/manifest",):
        jsonschema.Draft202012Validator(answer.json()).validate(client.get(path).json())


def test_everything_that_is_wrong_with_a_manifest_is_said_with_its_place(client: httpx.Client) -> None:
    wrong = manifest(name="Weather", domains=["https://example.com/", "ok.example"], base_url="ftp://x")
    wrong["formulas"][0]["timeout"] = 600
    answer = client.post(
        "/v1/packs", content=zipped(("pack.py", b""), (MANIFEST, json.dumps(wrong).encode())), headers=ZIP
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "BrokenPack")
    found = {each["pointer"]: each["detail"] for each in answer.json()["errors"]}
    assert {each["where"] for each in answer.json()["errors"]} == {"manifest"}
    assert "/formulas/0/timeout" in found, found
    assert all(said.endswith(".") for said in found.values())


def test_a_key_without_the_scope_publishes_nothing(client: httpx.Client, own: SmallHouse) -> None:
    headers = {**ZIP, "Authorization": f"Bearer {own.token(scopes=[Scope.JOBS])}"}
    answer = client.post("/v1/packs", content=made(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "MissingScope")
    assert client.get("/v1/packs", headers=headers).status_code == 200


HOSTILE: dict[str, tuple[Callable[[], bytes], dict[str, str], int, str]] = {
    "nothing": (lambda: b"", ZIP, 422, "BrokenPack"),
    "no archive": (lambda: b"PK\x03\x04" + b"x" * 1000, ZIP, 422, "BrokenPack"),
    "half an archive": (lambda: made()[:-40], ZIP, 422, "BrokenPack"),
    "no manifest": (lambda: zipped(("pack.py", b"")), ZIP, 422, "BrokenPack"),
    "a path that leads out": (lambda: zipped(("../pack.py", b"")), ZIP, 422, "BrokenPack"),
    "a path from the root": (lambda: zipped(("/etc/passwd", b"")), ZIP, 422, "BrokenPack"),
    "a file that grows": (lambda: zipped(("pack.py", b"0" * 40_000_000)), ZIP, 422, "BrokenPack"),
    "files that grow": (lambda: zipped(*((f"{n}.py", b"0" * 4_000_000) for n in range(20))), ZIP, 422, "BrokenPack"),
    "files without number": (lambda: zipped(*((f"{n}", b"") for n in range(50_000))), ZIP, 422, "BrokenPack"),
    "a huge manifest": (lambda: zipped((MANIFEST, b" " * 3_000_000)), ZIP, 422, "BrokenPack"),
    "a deep manifest": (lambda: zipped((MANIFEST, b"[" * 500_000)), ZIP, 422, "BrokenPack"),
    "JSON": (lambda: b"{}", {"Content-Type": "application/json"}, 415, "UnsupportedMediaType"),
    "a form": (made, {"Content-Type": "multipart/form-data; boundary=x"}, 415, "UnsupportedMediaType"),
    "no type": (made, {}, 415, "UnsupportedMediaType"),
    "compressed": (lambda: gzip.compress(made()), {**ZIP, "Content-Encoding": "gzip"}, 415, "UnsupportedMediaType"),
    "too large": (lambda: b"0" * (LARGEST_BUNDLE + 1), ZIP, 413, "TooLarge"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_upload_is_a_problem_with_its_code(http: httpx.Client, name: str) -> None:
    content, headers, status, code = HOSTILE[name]
    answer = http.post("/v1/packs", content=content(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert "Traceback" not in answer.text
    if status == 415:
        assert answer.headers["accept"] == "application/zip"


def test_an_upload_without_a_length_is_counted_as_it_comes(http: httpx.Client) -> None:
    parts = (b"0" * 100_000 for _ in range(150))
    answer = http.post("/v1/packs", content=parts, headers=ZIP)
    assert (answer.status_code, answer.json()["code"]) == (413, "TooLarge")


def test_an_upload_may_be_larger_than_json(client: httpx.Client) -> None:
    large = archive({"pack.py": b"", "words.txt": b"0" * 4_900_000}, manifest())
    assert client.post("/v1/packs", content=large, headers=ZIP).status_code == 201


@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/jobs"), ("GET", "/v1/packs"), ("POST", "/v1/packs/1")])
def test_the_larger_bound_is_for_this_address_alone(http: httpx.Client, method: str, path: str) -> None:
    answer = http.request(method, path, content=b"0" * 1_500_000, headers=ZIP)
    assert (answer.status_code, answer.json()["code"]) == (413, "TooLarge")
    assert "1 MB" in answer.json()["detail"]


def begun(client: httpx.Client, *, path: str = "/v1/packs", kind: str = "application/zip") -> socket.socket:
    """Sends half a request."""
    line = socket.create_connection((client.base_url.host, client.base_url.port or 80), timeout=10)
    told = f"Authorization: {client.headers['authorization']}\r\nContent-Type: {kind}\r\nContent-Length: 1000\r\n"
    line.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\n{told}\r\nPK".encode())
    return line


@pytest.mark.parametrize(("path", "kind"), [("/v1/packs", "application/zip"), ("/v1/jobs", "application/json")])
def test_a_body_that_does_not_come_is_not_waited_for(client: httpx.Client, path: str, kind: str) -> None:
    with begun(client, path=path, kind=kind) as line:
        answer = b"".join(iter(lambda: line.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"TooSlow"' in answer


def test_a_client_that_hangs_up_is_no_failure_of_ours(
    client: httpx.Client, own: SmallHouse, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        for _ in range(AT_ONCE + 1):
            begun(client).close()
        assert client.post("/v1/packs", content=made(), headers=ZIP).status_code == 201
    assert caplog.records == []


def test_a_few_uploads_at_once_are_looked_through_and_the_others_wait(own: SmallHouse) -> None:
    inside, most, gate, lock = [0], [0], threading.Event(), threading.Lock()
    publish = own.publish

    def slowly(content: bytes, by: str) -> Published:
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        gate.wait(10)
        with lock:
            inside[0] -= 1
        return publish(content, by)

    services, headers = replace(own.services, publish=slowly), {**ZIP, "Authorization": f"Bearer {own.token()}"}
    with serving(services) as url, ThreadPoolExecutor(AT_ONCE + 3) as threads:
        sent = [
            threads.submit(httpx.post, f"{url}/v1/packs", content=made(f"1.0.{n}"), headers=headers, timeout=20)
            for n in range(AT_ONCE + 3)
        ]
        until(lambda: inside[0] == AT_ONCE)
        gate.set()
        assert {each.result().status_code for each in sent} == {201}
    assert most[0] == AT_ONCE
