"""Turns every error into a problem document (RFC 9457); the only place of the service that does."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match

from packsys.catalog.shape import Problem as Rule
from packsys.catalog.validation import WrongManifest
from packsys.errors import (
    Conflict,
    ConnectionFault,
    FormulaError,
    HouseError,
    IdempotencyMismatch,
    NotFound,
    NotReady,
    PackError,
    PacksysError,
    RequestError,
    Unauthorized,
    UpstreamError,
)
from packsys.service.views import Mistake, Place, Problem, Span
from packsys.taxonomy import recovery

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
REQUEST_ID = "packsys.request_id"
"""The key in the ASGI scope under which a request's id travels."""


class Refusal(RequestError):
    """The request is refused at the door."""

    status = 400


class Invalid(Refusal):
    """The request has fields that are missing, unknown or out of range."""

    code = "Invalid"
    status = 422


class MissingScope(Refusal):
    """The API key may not do this: make one that may."""

    code = "MissingScope"
    status = 403

    def __init__(self, scope: str) -> None:
        """Takes the scope that the key lacks."""
        super().__init__(
            f"This API key lacks the scope {scope!r}: use one that has it, made with 'packsys key new NAME "
            f"--scope {scope}'."
        )
        self.scope = scope


class TooSlow(Refusal):
    """The body did not arrive in time: send it again, over a faster line."""

    code = "TooSlow"
    status = 408


class TooLarge(Refusal):
    """The body is larger than this address takes: send less."""

    code = "TooLarge"
    status = 413

    def __init__(self, largest: int) -> None:
        """Takes the number of bytes that a body may have."""
        super().__init__(f"The body is larger than {largest // 1_000_000} MB: send less.")


class UnsupportedMediaType(Refusal):
    """The body is of a type that this address does not take: the Accept header names the one that it does."""

    code = "UnsupportedMediaType"
    status = 415

    def __init__(self, taken: str) -> None:
        """Takes the media type that a body must have."""
        super().__init__(f"The body must be {taken}: send it with 'Content-Type: {taken}' and uncompressed.")
        self.taken = taken


class NoSuchAddress(Refusal):
    """There is nothing at this address: /openapi.json lists the addresses."""

    code = "NoSuchAddress"
    status = 404


class MethodNotAllowed(Refusal):
    """This address does not take this method: the Allow header lists those that it does."""

    code = "MethodNotAllowed"
    status = 405


class Missing(NotReady):
    """packsys is not ready: something that it needs does not answer."""

    def __init__(self, checks: Mapping[str, str]) -> None:
        """Takes every check with ``ok``, or a sentence that says what is wrong."""
        missing = (f"{name}: {said}" for name, said in checks.items() if said != "ok")
        super().__init__(f"packsys is not ready. {' '.join(missing)}")
        self.checks = checks


def declare(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Declares problem answers in OpenAPI, for ``responses=`` of a route."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": _DESCRIPTIONS[status], "content": content, "headers": _DECLARED_HEADERS.get(status, {})}
        for status in statuses
    }


_DECLARED_HEADERS = {
    status: {name: {"required": True, "schema": {"type": "string"}}}
    for status, name in (
        (401, "WWW-Authenticate"),
        (403, "WWW-Authenticate"),
        (415, "Accept"),
        (503, "Retry-After"),
    )
}

_DESCRIPTIONS = {
    400: "The body is not JSON, or a header or term makes no sense.",
    401: "There is no valid API key.",
    403: "The API key lacks the scope.",
    404: "There is no such thing in this workspace.",
    408: "The body did not arrive in time.",
    409: "An account that the request needs cannot be used, or the request contradicts an earlier one.",
    413: "The body is too large.",
    415: "The body is of another type, or compressed.",
    422: "The formula, the pack or a field is wrong, or the idempotency key belongs to another request.",
    500: "packsys failed.",
    503: "A server that packsys needs does not answer.",
}


def status_of(error: PacksysError) -> int:
    """Gives the HTTP status of an error: the family decides, a few members differ."""
    match error:
        case Refusal():
            return error.status
        case Unauthorized():
            return 401
        case NotFound():
            return 404
        case Conflict() | ConnectionFault():
            return 409
        case IdempotencyMismatch() | FormulaError() | PackError():
            return 422
        case RequestError():
            return 400
        case NotReady() | UpstreamError():
            return 503
    return 500


def answer(request: Request, error: PacksysError, *, headers: Mapping[str, str] | None = None, **more: Any) -> Response:
    """Answers with the problem document of an error; ``more`` are further members of it."""
    told = problem(error, request_id=request.scope[REQUEST_ID], **more)
    return Response(
        told.model_dump_json(exclude_none=True),
        status_code=told.status,
        media_type=MEDIA_TYPE,
        headers={**_headers(error), **(headers or {})},
    )


def problem(error: PacksysError, *, request_id: str, **more: Any) -> Problem:
    """Makes the problem document of an error; ``more`` are further members of it."""
    return Problem(
        type=f"urn:packsys:problem:{code_of(error)}",
        title=_title(error),
        status=status_of(error),
        detail=error.message,
        code=code_of(error),
        advice=recovery(code_of(error)).advice,
        category=recovery(code_of(error)).category,
        actor=error.actor,
        request_id=request_id,
        retryable=error.retryable,
        retry_after=error.retry_after,
        formula=place_of(error) if isinstance(error, FormulaError) else None,
        **more,
    )


def code_of(error: PacksysError) -> str:
    """Gives the stable code; a formula's mistakes are told apart by their kind."""
    return error.kind if isinstance(error, FormulaError) else error.code


def place_of(error: FormulaError) -> Place:
    """Gives everything an editor needs to mark a mistake."""
    return Place(
        kind=error.kind,
        line=error.line,
        column=error.column,
        start=error.start,
        end=error.end,
        utf16=Span(start=_utf16(error.formula, error.start), end=_utf16(error.formula, error.end)),
        expected=list(error.expected),
        found=error.found,
        suggestions=list(error.suggestions),
        fix=error.fix,
        drawing=error.render(),
    )


async def refused(request: Request, error: PacksysError) -> Response:
    """Answers an error of the house; where we must mend it, the log is told what and the caller is not."""
    match error:
        case Missing():
            return answer(request, error, checks=dict(error.checks))
        case WrongManifest():
            return answer(request, error, errors=[_broken_rule(each) for each in error.problems])
        case HouseError() if not isinstance(error, NotReady):
            return await failed(request, error)
    return answer(request, error)


async def invalid(request: Request, error: RequestValidationError) -> Response:
    """Answers a request whose fields do not fit; what was sent is not repeated."""
    mistakes = [_mistake(each) for each in error.errors()]
    told = "; ".join(f"{each.where} {each.pointer}: {each.detail}" for each in mistakes[:3])
    return answer(request, Invalid(f"The request does not fit: {told}."), errors=mistakes)


async def cut_off(request: Request, error: ClientDisconnect) -> Response:
    """Answers a client that hung up before its request was whole: it may not hear it, but it is no failure of ours."""
    return answer(request, RequestError("The body ends before it is whole: send it again."))


async def unrouted(request: Request, error: HTTPException) -> Response:
    """Answers what the router refuses: an unknown address, or a method that the address does not take."""
    if error.status_code == 405:
        return answer(request, MethodNotAllowed(), headers={"Allow": ", ".join(allowed(request))})
    return answer(request, NoSuchAddress() if error.status_code == 404 else RequestError(error.detail))


async def failed(request: Request, error: Exception) -> Response:
    """Answers what nobody foresaw: the request's id leads an operator to it."""
    log.error("request.failed", exc_info=error, extra={"request_id": request.scope[REQUEST_ID]})
    return answer(request, HouseError("packsys failed: tell its operator the request id."))


ANSWERS: Sequence[tuple[type[Exception], Callable[[Request, Any], Coroutine[Any, Any, Response]]]] = (
    (PacksysError, refused),
    (RequestValidationError, invalid),
    (HTTPException, unrouted),
    (ClientDisconnect, cut_off),
)
"""Who answers an error of a class or of those below it."""


async def answered(request: Request, error: Exception) -> Response:
    """Answers an error; raises one that nobody answers."""
    for kind, answers in ANSWERS:
        if isinstance(error, kind):
            return await answers(request, error)
    raise error


def allowed(request: Request) -> Sequence[str]:
    """Lists every method of an address; the router itself would name those of one route only."""
    return [
        method
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
        if any(r.matches({**request.scope, "method": method})[0] is Match.FULL for r in request.app.routes)
    ]


def _title(error: PacksysError) -> str:
    return (type(error).__doc__ or "").split("\n", 1)[0]


def _headers(error: PacksysError) -> dict[str, str]:
    match error:
        case Unauthorized():
            return {"WWW-Authenticate": 'Bearer realm="packsys"'}
        case MissingScope():
            told = f'error="insufficient_scope", scope="{error.scope}"'  # RFC 6750, section 3
            return {"WWW-Authenticate": f'Bearer realm="packsys", {told}'}
        case UnsupportedMediaType():
            return {"Accept": error.taken, "Accept-Encoding": "identity"}
        case TooSlow():
            return {"Connection": "close"}
        case NotReady() | UpstreamError():
            return {"Retry-After": str(math.ceil(error.retry_after or 1))}
    return {}


def _mistake(error: Mapping[str, Any]) -> Mistake:
    where, *path = (str(part) for part in error["loc"])
    pointer = "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path)
    return Mistake(where=where, pointer=pointer, detail=error["msg"])


def _broken_rule(rule: Rule) -> Mistake:
    return Mistake(where="manifest", pointer=rule.pointer, detail=str(rule))


def _utf16(text: str, offset: int) -> int:
    return len(text[:offset].encode("utf-16-le", "surrogatepass")) // 2
