"""Kept results over HTTP: how they are forgotten."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from pydantic import BaseModel, Field

from packsys.errors import RequestError
from packsys.model import Scope
from packsys.runtime.recall import connection_tag, formula_tag, pack_tag, workspace_tag
from packsys.service.auth import Caller, House, keyed_router

router = keyed_router(Scope.JOBS, tag="cache")

MOST = 100
"""Tags that one request names."""

_PACK = r"[1-9][0-9]{0,9}"
_UUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
TAG = rf"^(pack:{_PACK}(@[0-9A-Za-z.+-]{{1,100}})?|formula:{_PACK}:[A-Za-z_][0-9A-Za-z_]{{0,99}}|connection:{_UUID})$"
"""What a tag looks like in a request: the workspace is the key's."""

Tags = Annotated[
    list[Annotated[str, Field(pattern=TAG)]],
    Query(
        default_factory=list,
        alias="tag",
        max_length=MOST,
        description="What to forget, once or several times: `pack:1013`, `pack:1013@1.2.0` for one version of a pack, "
        "`formula:1013:Repos`, or `connection:ID` for what was read with an account. Without any it is everything.",
        examples=[["pack:1013"]],
    ),
]


class Forgotten(BaseModel):
    """Is what was forgotten."""

    tags: list[str] = Field(description="The tags, with the workspace.", examples=[["pack:1013:default"]])


@router.delete("/cache")
def clear_cache(*, request: Request, house: House, key: Caller, tags: Tags) -> Forgotten:
    """Forgets kept results of the workspace, and those that are on their way.

    What is asked for from now on is made anew; workers may use what they hold for two more seconds. Asking again is
    harmless.
    """
    _check_names(request)
    forgotten = [_in_workspace(tag, key.workspace) for tag in tags] or [workspace_tag(key.workspace)]
    house.forget(forgotten)
    return Forgotten(tags=forgotten)


def _check_names(request: Request) -> None:
    # A name that is misspelt would leave nothing to narrow it down, and so forget everything.
    for name in request.query_params:
        if name != "tag":
            raise RequestError(f"There is no parameter {name[:40]!r}: name what to forget as 'tag'.")


def _in_workspace(tag: str, workspace: str) -> str:
    match tag.split(":"):
        case ["connection", account]:
            return connection_tag(workspace, account.lower())
        case ["formula", pack, formula]:
            return formula_tag(workspace, int(pack), formula)
        case [_, pack]:
            number, _, version = pack.partition("@")
            return pack_tag(int(number), version, workspace=workspace)
    raise RequestError(f"{tag!r} is no tag.")
