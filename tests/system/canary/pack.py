"""The source of a pack that does with what it sees whatever it can: a file is made of it for each kind of account."""

from __future__ import annotations

from pathlib import Path

SOURCE = '''
import os
from typing import Annotated

from packsys.sdk import (
    Context, Custom, Endpoint, Field, FetchError, HeaderBearerToken, MultiHeaderToken, Header, NoAuthentication,
    OAuth2, Pack, QueryParamToken, RateLimit, StatusCodeError, UserVisibleError, WebBasic,
)

pack = Pack(
    id=PACK_ID,
    name="PACK_NAME",
    version="1.0.0",
    description="Says all that it sees.",
    authentication=AUTHENTICATION,
    rate_limits=[RateLimit(requests=500, seconds=1)],
)
AFTERWARDS

Path = Annotated[str, "Where to ask."]


def seen(context, path):
    """Asks, and gives all that can be seen of the answer."""
    marks = {"X-Key": context.secret("key")} if CUSTOM else {}
    more = {"query": {"key": context.secret("key")}, "json": {"key": context.secret("key")}} if CUSTOM else {}
    try:
        answer = context.fetch(path, method="POST" if CUSTOM else "GET", headers=marks, **more)
    except StatusCodeError as error:
        return f"{error!r} {error} {error.url} {error.response} {vars(error)}"
    except FetchError as error:
        return f"{error!r} {error} {vars(error)} {error.__cause__!r} {error.__context__!r}"
    return f"{answer.text} {answer.headers} {answer.links} {vars(context.invocation)} {context.endpoint}"


@pack.formula(timeout=3, attempts=1, cache_ttl=60)
def text(context: Context, path: Path) -> str:
    """Gives it back."""
    return seen(context, path)


@pack.formula(timeout=3, attempts=2)
def direct(context: Context, path: Path) -> str:
    """Leaves every error to the host."""
    return context.fetch(path).text


@pack.formula(timeout=3, attempts=1)
def parsed(context: Context, path: Path) -> str:
    """Reads JSON where there is none."""
    return str(context.fetch(path).json())


@pack.formula(timeout=3, attempts=1)
def raised(context: Context, path: Path) -> str:
    """Raises with all that it saw."""
    told = seen(context, path)
    try:
        raise KeyError(told)
    except KeyError as error:
        raise RuntimeError(told, {"seen": told}) from error


@pack.formula(timeout=3, attempts=1)
def refused(context: Context, path: Path) -> str:
    """Tells its user all that it saw."""
    raise UserVisibleError(seen(context, path))


@pack.formula(timeout=3, attempts=1)
def mistaken(context: Context, path: Path) -> float:
    """Gives a text where a number was declared."""
    return seen(context, path)


@pack.formula(timeout=3, attempts=1)
def logged(context: Context, path: Path) -> str:
    """Logs and prints all that it saw."""
    told = seen(context, path)
    context.logger.warning("seen %s", told)
    context.logger.error(told, extra={"told": told})
    try:
        raise ValueError(told)
    except ValueError:
        context.logger.exception("failed %r", told)
    print(told, flush=True)
    return "logged"


@pack.formula(timeout=3, attempts=1)
def kept(context: Context, path: Path) -> str:
    """Keeps a file with it."""
    return context.blobs.store(seen(context, path).encode(), content_type="text/plain", name="seen.txt")


@pack.formula(timeout=3, attempts=1)
def filed(context: Context, path: Path) -> str:
    """Lets the host keep the file itself."""
    return context.blobs.store_url(path)


@pack.formula(timeout=3, attempts=1)
def waited(context: Context, path: Path) -> str:
    """Logs it, and is still at work when it is cancelled."""
    context.logger.warning("waiting %s", seen(context, path))
    context.sleep(2)
    return seen(context, path)


@pack.formula(timeout=3, attempts=1)
def crashed(context: Context, path: Path) -> str:
    """Takes its process with it."""
    print(seen(context, path), flush=True)
    os._exit(1)
'''

FORMULAS = ("Direct", "Parsed", "Raised", "Refused", "Mistaken", "Logged", "Kept", "Filed")
"""Are asked the plain way; ``Text`` is asked every way, and the other two for what they are."""


def write_pack(folder: Path, *, id: int, name: str, authentication: str, afterwards: str = "") -> Path:
    """Writes the file of a pack and gives its place; ``afterwards`` is code that follows its declaration."""
    source = SOURCE.replace("PACK_ID", str(id)).replace("PACK_NAME", name)
    source = source.replace("AUTHENTICATION", authentication).replace("AFTERWARDS", afterwards)
    folder.mkdir()
    place = folder / "pack.py"
    place.write_text(source.replace("CUSTOM", str(authentication.startswith("Custom("))))
    return place
