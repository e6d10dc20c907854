"""Connected accounts over HTTP. A secret goes in and never comes out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Path, Request
from pydantic import BaseModel, Field, SecretStr, StringConstraints

from packsys.bootstrap import Services
from packsys.connections.audit import intact
from packsys.connections.secret import Secret
from packsys.errors import NotFound
from packsys.model import AuditEntry, Connection, ConnectionState, PackVersion, Scope
from packsys.runtime.connect import NewConnection
from packsys.service.auth import Caller, House, keyed_router
from packsys.service.fields import STRICT
from packsys.service.problems import declare

router = keyed_router(Scope.CONNECTIONS, tag="connections")

ConnectionId = Annotated[UUID, Path(description="The id of a connection of this workspace.")]


# Whitespace around it is taken off: people paste it, and to some readers of patterns "$" is before a last line break.
BaseAddress = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=2_000, pattern=r"^(https?://[^?#@\s]+)?$")
]


class ConnectionRequest(BaseModel):
    """Is an account to connect: with its `token`, or with the `fields` that its pack asks for."""

    model_config = STRICT

    pack: str = Field(max_length=200, description="The pack's name or number.", examples=["GitHub", "1013"])
    name: str = Field(min_length=1, max_length=200, examples=["hereisfun"])
    token: SecretStr | None = Field(None, min_length=1, max_length=10_000, examples=["not-a-real-token"])
    fields: dict[str, SecretStr] = Field(
        default_factory=dict,
        max_length=50,
        description="By name, where the pack asks for other fields than one token.",
        examples=[{}],
    )
    endpoint: BaseAddress = Field("", description="The base address of a service that you host yourself.")
    id: UUID | None = Field(None, strict=False, description="The id that formulas name it by; a new one if absent.")


class ConnectionView(BaseModel):
    """Is a connected account, without its secret."""

    id: str
    pack_id: int
    name: str
    state: ConnectionState
    endpoint: str
    reason: str = Field(description="Why the state is what it is, in a word; empty where that is clear.")
    expires_at: datetime | None = Field(description="When its access token ends; it is refreshed before.")
    last_used_at: datetime | None


class AuditLine(BaseModel):
    """Is one thing that happened to a connection."""

    number: int
    at: datetime
    actor: str = Field(description="The id of the key that did it, or `packsys`.")
    action: str
    source: str = Field(description="The network address that it was asked for from.")
    version: int = Field(description="The version of the secret, which is counted up with each change.")
    detail: str


class AuditView(BaseModel):
    """Is the history of a connection; `intact` tells whether its chain of digests is whole."""

    intact: bool
    lines: list[AuditLine]


@router.post(
    "/connections",
    status_code=201,
    response_description="The account is connected; formulas may use it.",
    responses=declare(404, 409),
)
def connect(asked: ConnectionRequest, request: Request, house: House, key: Caller) -> ConnectionView:
    """Connects an account: its secret is sealed before it is kept."""
    new = NewConnection(
        pack_id=pack_named(asked.pack, house).id,
        name=asked.name,
        token=Secret(asked.token.get_secret_value()) if asked.token else None,
        fields=_secrets(asked.fields),
        workspace=key.workspace,
        endpoint=asked.endpoint,
        id=str(asked.id) if asked.id else None,
        by=key.id,
        source=source_of(request),
    )
    return view(house.connect(new))


@router.get("/connections")
def connections(house: House, key: Caller) -> list[ConnectionView]:
    """Lists the connected accounts of the workspace by name."""
    return [view(each) for each in house.connections.list(workspace=key.workspace)]


@router.delete("/connections/{connection}", responses=declare(404, 409))
def disconnect(connection: ConnectionId, request: Request, house: House, key: Caller) -> ConnectionView:
    """Throws the account's secret away and tells the service to end its tokens; repeating this is harmless."""
    ended = house.disconnect(str(connection), workspace=key.workspace, by=key.id, source=source_of(request))
    return view(ended)


@router.get("/connections/{connection}/audit", responses=declare(404))
def audit(connection: ConnectionId, house: House, key: Caller) -> AuditView:
    """Tells what happened to a connection, oldest first."""
    lines = house.connections.audit(str(connection), workspace=key.workspace)
    if not lines and house.connections.get(str(connection), workspace=key.workspace) is None:
        raise NotFound(f"There is no connection {connection} in this workspace.")
    return AuditView(intact=intact(lines), lines=[_line(each) for each in lines])


def pack_named(pack: str, house: Services) -> PackVersion:
    """Finds a pack by name or number; raises NotFound."""
    numbered = pack.isascii() and pack.isdigit() and len(pack) < 10
    found = house.packs.by_id(int(pack)) if numbered else house.packs.by_name(pack)
    if found is None:
        raise NotFound(f"There is no pack {pack!r}; there are {', '.join(house.packs.names())}.")
    return found


def source_of(request: Request) -> str:
    """Gives the network address that a request came from."""
    return request.client.host if request.client else ""


def view(connection: Connection) -> ConnectionView:
    """Shows an account to clients."""
    return ConnectionView(
        id=connection.id,
        pack_id=connection.pack_id,
        name=connection.name,
        state=connection.state_at(datetime.now(UTC)),
        endpoint=connection.endpoint,
        reason=connection.reason,
        expires_at=connection.expires_at,
        last_used_at=connection.last_used_at,
    )


def _secrets(fields: Mapping[str, SecretStr]) -> dict[str, Secret]:
    return {name: Secret(value.get_secret_value()) for name, value in fields.items()}


def _line(entry: AuditEntry) -> AuditLine:
    said = entry.note
    return AuditLine(
        number=entry.number,
        at=said.at,
        actor=said.actor,
        action=said.action,
        source=said.source,
        version=entry.version,
        detail=said.remark,
    )
