"""What an isolate asks of the host: requests and blobs. Every member of what it sends may be a lie."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from packsys import ports, sdk
from packsys.errors import ApiError, ForbiddenRequest, PacksysError
from packsys.sandbox.javascript import wire
from packsys.sandbox.javascript.markup import read_xml

_XML = re.compile(r"text/xml|application/(\S+\+)?xml", re.IGNORECASE)
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.:-]+)", re.IGNORECASE)
_LONGEST_KEPT = 24 * 3600.0  # seconds, as Coda keeps answers at most
_USUALLY_KEPT = 5 * 60.0
_LONGEST_BLOB_LIFE = 24 * 3600.0  # seconds
_USUAL_BLOB_LIFE = 15 * 60.0


@dataclass
class Outward:
    """Serves one call: sends its requests through the fetcher, and remembers what went wrong.

    ``timeout`` tells the seconds that are left, ``versions`` are those of a table's rows by their ids. ``causes``
    holds, by the number of the request, the error that the host gave to the isolate. Once the call is ``over``, nothing
    waits any more.
    """

    fetcher: ports.Fetcher
    timeout: Callable[[], float]
    blobs: ports.Blobs | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    causes: dict[int, BaseException] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    def serve(self, what: str, number: int, content: Any) -> dict[str, Any]:
        """Does what is asked for, and writes the reply: ``ok`` or ``error``."""
        try:
            asked = wire.decode(content)
            if not isinstance(asked, dict):
                raise ForbiddenRequest("A request must be an object.")
            return {"do": "reply", "id": number, "ok": self._done(what, number, asked)}
        except PacksysError as error:
            self.causes.setdefault(number, error)
            return {"do": "reply", "id": number, "error": {"name": "Error", "message": error.message}}

    def _done(self, what: str, number: int, asked: Mapping[str, Any]) -> Any:
        match what:
            case "fetch":
                return self._fetched(number, asked)
            case "storeUrl":
                return self._stored_url(number, asked)
            case "storeBlob":
                return self._stored(asked.get("blob"), asked.get("contentType"), asked.get("options"))
            case "wait":
                self.over.wait(_seconds(asked.get("milliseconds"), most=self.timeout()))
                return None
            case "rowVersions":
                return self._versions_of(asked.get("ids"))
            case _:
                raise ForbiddenRequest("This is nothing that a host does for a pack.")

    def _fetched(self, number: int, asked: Mapping[str, Any]) -> dict[str, Any]:
        response = self._answered(number, asked)
        headers = {name: value for name, value in response.headers.items() if name != "authorization"}
        return {"status": response.status, "headers": headers, **_body(response, asked.get("isBinaryResponse") is True)}

    def _answered(self, number: int, asked: Mapping[str, Any]) -> ports.Response:
        request = request_of(asked, timeout=self.timeout())
        response = self.fetcher.fetch(request)
        if response.status >= 400:
            answer = sdk.Response(status=response.status, headers=response.headers, body=response.body)
            self.causes[number] = sdk.StatusCodeError(answer, method=request.method, url=request.url)
        return response

    def _versions_of(self, ids: Any) -> dict[str, str]:
        if not isinstance(ids, list):
            raise ForbiddenRequest("The versions of rows are asked for with a list of their ids.")
        return {each: self.versions[each] for each in ids if isinstance(each, str) and each in self.versions}

    def _stored_url(self, number: int, asked: Mapping[str, Any]) -> str:
        extra = asked.get("fetchOptions")
        options = extra if isinstance(extra, dict) else {}
        response = self._answered(number, {**options, "url": asked.get("url"), "method": "GET"})
        if response.status >= 400:
            raise ApiError(f"The file to be stored was answered with status {response.status}.")
        given = asked.get("options")
        kind = given.get("contentType") if isinstance(given, dict) else None
        return self._stored(response.body, kind or response.headers.get("content-type"), given)

    def _stored(self, body: Any, content_type: Any, options: Any) -> str:
        if self.blobs is None:
            raise ForbiddenRequest("There is no place for temporary files here.")
        if not isinstance(body, bytes):
            raise ForbiddenRequest("Only bytes can be stored: give a Buffer.")
        given = options if isinstance(options, dict) else {}
        name = given.get("downloadFilename")
        return self.blobs.store(
            body,
            content_type=content_type[:255] if isinstance(content_type, str) else "application/octet-stream",
            name=name[:255] if isinstance(name, str) else "",
            ttl=_life(given.get("expiryMs")),
        )


def request_of(asked: Mapping[str, Any], *, timeout: float) -> ports.Request:
    """Reads a request; raises :class:`~packsys.errors.ForbiddenRequest` for one that makes no sense."""
    url, method, headers, form = asked.get("url"), asked.get("method", "GET"), asked.get("headers"), asked.get("form")
    if not isinstance(url, str) or not isinstance(method, str):
        raise ForbiddenRequest("A request needs a url and a method, both texts.")
    written = _texts("headers", headers)
    body = _sent(asked.get("body"))
    if form is not None:
        body = urlencode(_texts("form", form), errors="replace").encode()
        written = {"Content-Type": "application/x-www-form-urlencoded", **written}
    return ports.Request(
        method=method,
        url=url,
        headers=written,
        body=body,
        timeout=timeout,
        authenticate=asked.get("disableAuthentication") is not True,
        follow=asked.get("ignoreRedirects") is not True,
        cache_ttl=_kept_for(asked, method),
    )


def _kept_for(asked: Mapping[str, Any], method: str) -> float | None:
    """Reads how long an answer may be kept; that of anything but a GET only where the pack insists."""
    seconds, forced = asked.get("cacheTtlSecs"), asked.get("forceCache") is True
    if method.upper() != "GET" and not forced:
        return None
    if isinstance(seconds, (int, float)) and seconds >= 0:
        return float(min(seconds, _LONGEST_KEPT))
    return _USUALLY_KEPT if forced else None


def _texts(what: str, given: Any) -> dict[str, str]:
    if given is None:
        return {}
    if not isinstance(given, dict) or not all(isinstance(each, (str, int, float, bool)) for each in given.values()):
        raise ForbiddenRequest(f"The {what} of a request are an object of texts.")
    return {name: each if isinstance(each, str) else json.dumps(each) for name, each in given.items()}


def _sent(body: Any) -> bytes | None:
    match body:
        case None:
            return None
        case str():
            return body.encode("utf-8", "replace")
        case bytes():
            return body
        case _:
            raise ForbiddenRequest("The body of a request is a text or a Buffer: use JSON.stringify for an object.")


def _body(response: ports.Response, binary: bool) -> dict[str, Any]:
    kind = response.headers.get("content-type", "")
    if binary:
        return {"body": wire.encode(response.body)}
    text = _decoded(response.body, kind)
    if _XML.search(kind):
        return {"body": wire.encode(read_xml(response.body))}
    return {"body": text, "json": True}


def _decoded(body: bytes, kind: str) -> str:
    named = _CHARSET.search(kind)
    try:
        return body.decode(named[1] if named else "utf-8", "replace")
    except (LookupError, UnicodeError):  # no such charset, or one that is none of texts
        return body.decode("utf-8", "replace")


def _seconds(milliseconds: Any, *, most: float) -> float:
    return min(milliseconds, most * 1000) / 1000 if isinstance(milliseconds, (int, float)) and milliseconds > 0 else 0.0


def _life(milliseconds: Any) -> float:
    if isinstance(milliseconds, (int, float)) and milliseconds > 0:
        return min(milliseconds, _LONGEST_BLOB_LIFE * 1000) / 1000
    return _USUAL_BLOB_LIFE
