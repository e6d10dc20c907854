"""Connected accounts over HTTP. A secret goes in and never comes out."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel, Field, SecretStr

from packsys.bootstrap import Services
from packsys.connections.secret import Secret
from packsys.errors import NotFound
from packsys.model import Connection, ConnectionState, PackVersion, Scope
from packsys.runtime.connect import NewConnection
from packsys.service.auth import Caller, House, keyed_router
from packsys.service.fields import STRICT
from packsys.service.problems import declare

router = keyed_router(Scope.CONNECTIONS, tag="connections")


class ConnectionRequest(BaseModel):
    """Is an account to connect."""

    model_config = STRICT

    pack: str = Field(max_length=200, description="The pack's name or number.", examples=["GitHub", "1013"])
    name: str = Field(min_length=1, max_length=200, examples=["hereisfun"])
    token: SecretStr = Field(min_length=1, max_length=10_000, examples=["not-a-real-token"])
    endpoint: str = Field(
        "",
        max_length=2_000,
        pattern=r"^(https?://[^?#@\s]+)?$",
        description="The base address of a service that you host yourself.",
    )
    id: UUID | None = Field(None, strict=False, description="The id that formulas name it by; a new one if absent.")


class ConnectionView(BaseModel):
    """Is a connected account, without its secret."""

    id: str
    pack_id: int
    name: str
    state: ConnectionState
    endpoint: str


@router.post(
    "/connections",
    status_code=201,
    response_description="The account is connected; formulas may use it.",
    responses=declare(404, 409),
)
def connect(asked: ConnectionRequest, house: House, key: Caller) -> ConnectionView:
    """Connects an account: its secret is sealed before it is kept."""
    new = NewConnection(
        pack_id=pack_named(asked.pack, house).id,
        name=asked.name,
        token=Secret(asked.token.get_secret_value()),
        workspace=key.workspace,
        endpoint=asked.endpoint,
        id=str(asked.id) if asked.id else None,
    )
    return view(house.connect(new))


@router.get("/connections")
def connections(house: House, key: Caller) -> list[ConnectionView]:
    """Lists the connected accounts of the workspace by name."""
    return [view(each) for each in house.connections.list(workspace=key.workspace)]


def pack_named(pack: str, house: Services) -> PackVersion:
    """Finds a pack by name or number; raises NotFound."""
    numbered = pack.isascii() and pack.isdigit() and len(pack) < 10
    found = house.packs.by_id(int(pack)) if numbered else house.packs.by_name(pack)
    if found is None:
        raise NotFound(f"There is no pack {pack!r}; there are {', '.join(house.packs.names())}.")
    return found


def view(connection: Connection) -> ConnectionView:
    """Shows an account to clients."""
    return ConnectionView(
        id=connection.id,
        pack_id=connection.pack_id,
        name=connection.name,
        state=connection.state,
        endpoint=connection.endpoint,
    )
