"""Everything of a pack that can be run, and the surroundings that it sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from packsys.ports import World
from packsys.sandbox.javascript.wire import UNDEFINED
from packsys.sdk.surroundings import Sync


@dataclass(frozen=True)
class RunFormula:
    """Runs a formula, an action, or the formula of a column format."""

    name: str
    kind: str = field(default="formula", init=False)


@dataclass(frozen=True)
class SyncPage:
    """Gives one page of a sync table: ``result``, and ``continuation`` where there is more."""

    name: str
    kind: str = field(default="sync", init=False)


@dataclass(frozen=True)
class UpdateRows:
    """Sends edits of a sync table back: each has ``previousValue``, ``newValue`` and ``updatedFields``."""

    name: str
    kind: str = field(default="update", init=False)


@dataclass(frozen=True)
class RowPermissions:
    """Asks who may see some rows of a sync table."""

    name: str
    kind: str = field(default="permissions", init=False)


@dataclass(frozen=True)
class ConnectionName:
    """Asks the service what to call a connected account."""

    kind: str = field(default="connectionName", init=False)


@dataclass(frozen=True)
class ConnectionUserId:
    """Asks the service whose account it is."""

    kind: str = field(default="connectionUserId", init=False)


@dataclass(frozen=True)
class Endpoints:
    """Lists the endpoints from which an account's owner chooses, in the step of this name."""

    name: str
    kind: str = field(default="endpoints", init=False)


@dataclass(frozen=True)
class Parent:
    """Points at what declares a parameter: ``kind`` is ``formula`` or ``sync``."""

    name: str
    kind: str = "formula"


@dataclass(frozen=True)
class Autocomplete:
    """Lists values for a parameter; its arguments are the text typed so far and the other values as JSON."""

    of: Parent
    parameter: str
    kind: str = field(default="autocomplete", init=False)


@dataclass(frozen=True)
class ValidateParameters:
    """Tells whether some parameters go together."""

    of: Parent
    kind: str = field(default="validateParameters", init=False)


@dataclass(frozen=True)
class DynamicTable:
    """Asks a dynamic table about itself.

    ``kind`` is ``listDynamicUrls``, ``searchDynamicUrls``, ``displayUrl``, ``tableName`` or ``tableSchema``.
    """

    name: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class PropertyOptions:
    """Lists the values of a property that is chosen from a list; ``options`` is the key in the manifest."""

    table: str
    options: str
    property: str
    values: Mapping[str, Any] = field(default_factory=dict)
    schema: Mapping[str, Any] = field(default_factory=dict)
    search: str = ""
    kind: str = field(default="propertyOptions", init=False)


Spec: TypeAlias = (
    RunFormula
    | SyncPage
    | UpdateRows
    | RowPermissions
    | ConnectionName
    | ConnectionUserId
    | Endpoints
    | Autocomplete
    | ValidateParameters
    | DynamicTable
    | PropertyOptions
)


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Is what the pack's context says beside the ways out.

    ``sync`` holds ``continuation``, ``schema``, ``dynamicUrl`` and so on, ``previous_error`` why the last attempt
    failed. ``token`` marks where the host puts secrets. ``authentication`` is the SDK's name of what signs requests.
    """

    timezone: str = "UTC"
    locale: str = "en"
    endpoint: str = ""
    token: str = ""
    location: str = "https://packsys.invalid"
    document: str = ""
    user: str = ""
    sync: Mapping[str, Any] | None = None
    authentication: str = ""
    execution: str = ""
    previous_error: Mapping[str, Any] | None = None

    def written(self, spec: Spec) -> dict[str, Any]:
        """Writes them under the names of the Coda SDK; what is not known is ``undefined``.

        Whatever belongs to a sync finds at least an empty ``sync``.
        """
        syncs = isinstance(spec, (SyncPage, UpdateRows, RowPermissions))
        sync = {} if syncs and self.sync is None else self.sync
        return {
            "timezone": self.timezone,
            "locale": self.locale,
            "endpoint": self.endpoint or UNDEFINED,
            "invocationToken": self.token,
            "invocationLocation": {
                "protocolAndHost": self.location,
                "docId": self.document or UNDEFINED,
                "userId": self.user or UNDEFINED,
            },
            "sync": sync if sync is not None else UNDEFINED,
            "authenticationName": self.authentication or UNDEFINED,
            "executionId": self.execution or UNDEFINED,
            "previousAttemptError": self.previous_error if self.previous_error is not None else UNDEFINED,
        }


def surroundings_of(world: World, *, authentication: str = "", sync: Mapping[str, Any] | None = None) -> Surroundings:
    """Gives what a pack is told of its world."""
    return Surroundings(
        timezone=world.timezone,
        locale=world.locale,
        endpoint=world.endpoint,
        token=world.token or world.idempotency_key,
        location=world.location.base_url or Surroundings.location,
        document=world.location.document,
        user=world.location.user,
        sync=sync,
        authentication=authentication,
    )


def sync_of(sync: Sync, *, schema: Any, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Writes where a table stands, in the words of the SDK; ``schema`` is that of its rows where it is dynamic."""
    told = {
        "continuation": sync.continuation,
        "schema": schema,
        "dynamicUrl": sync.dynamic_url,
        "parameters": parameters,
        "previousCompletion": {"incrementalContinuation": sync.previous} if sync.previous else None,
    }
    return {name: each for name, each in told.items() if each}
