"""Records what a service answered, and plays it back: tests with real answers and no network.

The recording lies beside the test, as JSON that people can read. Secrets are blotted out by their value, wherever it
turns up. A replay that is asked anything else, or not asked all that was recorded, fails its test.
"""

from __future__ import annotations

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import HTTPRedirectHandler, build_opener
from urllib.request import Request as UrlRequest

from packsys.sdk.http import Fetcher, Request, Response

RECORD = "PACKSYS_RECORD"  # set to 1 where answers are recorded anew
BLOT = "REDACTED"
_KEPT_HEADERS = ("content-type", "link", "retry-after", "etag", "location")


@contextmanager
def recording(
    test: str | Path,
    name: str,
    *,
    live: Fetcher | None = None,
    secrets: Iterable[str] = (),
    environ: Mapping[str, str] = os.environ,
) -> Iterator[Fetcher]:
    """Gives a fetcher that plays ``recordings/NAME.json`` beside the test file back.

    With ``PACKSYS_RECORD=1`` in the environment it asks ``live`` instead and writes the recording when the block has
    ended well. ``secrets`` are blotted out; those of a :class:`LiveFetcher` without being named.
    """
    file = Path(test).parent / "recordings" / f"{name}.json"
    if environ.get(RECORD) == "1" and live is not None:
        recorder = _Recorder(live, _Blotter([*secrets, *getattr(live, "secrets", ())]))
        yield recorder
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(recorder.talk, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return
    replay = Replay(file)
    yield replay
    replay.finish()


class Replay:
    """Plays a recording back, in its order."""

    def __init__(self, file: Path) -> None:
        """Reads the recording; raises :class:`AssertionError` with what to do when there is none."""
        if not file.is_file():
            raise AssertionError(f"There is no recording {file}: run the test once with {RECORD}=1 and a live fetcher.")
        self._file = file
        self._left: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))

    def fetch(self, request: Request) -> Response:
        """Gives the recorded answer; raises :class:`AssertionError` for any other request."""
        asked = _request(request, _Blotter(()))
        if not self._left:
            raise AssertionError(f"Unexpected request: {request.method} {request.url}; no more was recorded.")
        expected = self._left[0]["request"]
        for part, value in expected.items():
            if BLOT not in json.dumps(value) and asked.get(part) != value:
                raise AssertionError(
                    f"Unexpected request: {request.method} {request.url}: its {part} is {asked.get(part)!r}, "
                    f"not {value!r} as recorded in {self._file.name}; record it anew if the pack has changed."
                )
        return _response(self._left.pop(0)["response"])

    def finish(self) -> None:
        """Raises :class:`AssertionError` when recorded requests are left over."""
        if self._left:
            left = ", ".join(f"{each['request']['method']} {each['request']['url']}" for each in self._left)
            raise AssertionError(f"Never requested, but recorded in {self._file.name}: {left}.")


@dataclass(frozen=True, kw_only=True)
class LiveFetcher:
    """Asks the real service, to make a recording: ``headers`` and ``query`` carry the maker's own token.

    It is for a maker's machine alone: it follows the pack wherever below ``base_url`` it asks, and nowhere else.
    """

    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout: float = 30.0

    @property
    def secrets(self) -> Sequence[str]:
        """Lists the values that no recording may hold: each whole, and what follows its first word."""
        values = [*self.headers.values(), *self.query.values()]
        return [part for value in values for part in (value, value.partition(" ")[2]) if part]

    def fetch(self, request: Request) -> Response:
        """Sends a request below the base address; any other is an :class:`AssertionError`."""
        base = self.base_url.rstrip("/")
        url = request.url if "://" in request.url else f"{base}/{request.url.lstrip('/')}"
        if not (base.startswith(("https://", "http://")) and f"{url}/".startswith((f"{base}/", f"{base}?"))):
            raise AssertionError(f"The pack asked for {url}, which is not below {base}.")
        query = urlencode({**request.query, **self.query})
        whole = url + ("&" if "?" in url else "?") * bool(query) + query
        headers = {**request.headers, **self.headers}
        sent = UrlRequest(whole, data=request.body, method=request.method, headers=headers)  # noqa: S310 - https only
        try:
            with build_opener(_NoRedirects).open(sent, timeout=self.timeout) as answer:
                return _answered(answer)
        except HTTPError as error:
            return _answered(error)


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Follows nothing: a token must not travel to where a service points."""


def _answered(answer: Any) -> Response:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Response(status=answer.status, headers=headers, body=answer.read())


class _Blotter:
    """Blots secrets out of texts and bytes, also as they look in addresses, in JSON and in Base64."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets if secret for form in _forms(secret)}
        self._forms = sorted(forms, key=len, reverse=True)

    def text(self, text: str) -> str:
        for form in self._forms:
            text = text.replace(form, BLOT)
        return text

    def bytes(self, content: bytes) -> bytes:
        for form in self._forms:
            content = content.replace(form.encode(), BLOT.encode())
        return content


def _forms(secret: str) -> Sequence[str]:
    coded = b64encode(secret.encode()).decode().rstrip("=")
    return [secret, quote(secret), quote(secret, safe=""), json.dumps(secret)[1:-1], coded, quote(coded, safe="")]


class _Recorder:
    """Passes requests on, and keeps them with their answers."""

    def __init__(self, live: Fetcher, blotter: _Blotter) -> None:
        self._live = live
        self._blotter = blotter
        self.talk: list[dict[str, Any]] = []

    def fetch(self, request: Request) -> Response:
        answer = self._live.fetch(request)
        kept = {name: value for name, value in answer.headers.items() if name in _KEPT_HEADERS}
        response = {
            "status": answer.status,
            "headers": {name: self._blotter.text(value) for name, value in kept.items()},
            **_body(self._blotter.bytes(answer.body)),
        }
        self.talk.append({"request": _request(request, self._blotter), "response": response})
        return answer


def _request(request: Request, blotter: _Blotter) -> dict[str, Any]:
    return {
        "method": request.method,
        "url": blotter.text(request.url),
        "query": {name: blotter.text(value) for name, value in request.query.items()},
        **_body(blotter.bytes(request.body or b"")),
    }


def _body(content: bytes) -> dict[str, str]:
    try:
        return {"body": content.decode()}
    except UnicodeDecodeError:
        return {"base64": b64encode(content).decode()}


def _response(written: Mapping[str, Any]) -> Response:
    body = written["body"].encode() if "body" in written else b64decode(written["base64"])
    return Response(status=written["status"], headers=written["headers"], body=body)
