"""Packs in JavaScript for tests, and a sandbox that knows them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from packsys.ports import Blobs, Fetcher, Request, Response
from packsys.sandbox.javascript.nest import Limits
from packsys.sandbox.javascript.runner import JavaScriptSandbox
from packsys.sandbox.javascript.spec import RunFormula

VERSION = "1.0.0"


class Answers:
    """Is a fetcher that gives every request the same answer, or raises the same error, and keeps what was asked."""

    def __init__(self, answer: Response | Exception | None = None) -> None:
        self.requests: list[Request] = []
        self._answer = answer or answer_of({})

    def fetch(self, request: Request) -> Response:
        self.requests.append(request)
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def answer_of(body: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status=status, headers={"content-type": "application/json", **(headers or {})}, body=sent)


def a_bundle(body: str, *, before: str = "", members: str = "") -> bytes:
    """Writes a bundle with one formula, Go, whose body is given."""
    return f"""{before}
    module.exports = {{pack: {{formulas: [{{
      name: 'Go', description: 'Goes.', parameters: [], resultType: 0, schema: undefined,
      execute: async (params, context) => {{ {body} }},
    }}], {members} }}}};""".encode()


class Shelf:
    """Is a source of packs, and numbers them as they are put in."""

    def __init__(self) -> None:
        self._packs: list[Mapping[str, bytes]] = []

    def add(self, files: Mapping[str, bytes]) -> int:
        self._packs.append(files)
        return len(self._packs)

    def __call__(self, pack_id: int, version: str) -> Mapping[str, bytes]:
        return self._packs[pack_id - 1]


class Bench:
    """Runs small packs in one sandbox."""

    def __init__(self, *, blobs: Blobs | None = None, **options: Any) -> None:
        self.shelf = Shelf()
        self.sandbox = JavaScriptSandbox(self.shelf, **options)
        self._blobs = blobs

    def go(
        self,
        body: str,
        *arguments: object,
        before: str = "",
        fetcher: Fetcher | None = None,
        timeout: float = 20.0,
    ) -> Any:
        """Runs a body as the formula of a pack of its own."""
        return self.again(self.add(body, before=before), *arguments, fetcher=fetcher, timeout=timeout)

    def add(self, body: str, *, before: str = "", members: str = "") -> int:
        return self.shelf.add({"bundle.js": a_bundle(body, before=before, members=members)})

    def again(
        self,
        pack: int,
        *arguments: object,
        fetcher: Fetcher | None = None,
        timeout: float = 20.0,
        account: str | None = None,
    ) -> Any:
        given: Sequence[object] = arguments
        return self.sandbox.invoke(
            pack,
            VERSION,
            RunFormula("Go"),
            given,
            fetcher=fetcher or Answers(),
            timeout=timeout,
            call="Test::Go",
            blobs=self._blobs,
            account=account,
        )


@contextmanager
def a_bench(*, limits: Limits | None = None, **options: Any) -> Iterator[Bench]:
    bench = Bench(limits=limits, **options)
    try:
        yield bench
    finally:
        bench.sandbox.close()
