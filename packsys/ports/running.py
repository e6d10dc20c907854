"""The socket for pack code, and what it finds around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from packsys.language.invocation import Invocation
from packsys.model import PackFormula
from packsys.ports.blobs import Blobs
from packsys.ports.fetching import Fetcher
from packsys.sdk.surroundings import Cache, Location, NoCache, Sync
from packsys.sdk.targets import Target
from packsys.values import Value


@dataclass(frozen=True, kw_only=True)
class World:
    """Is what pack code finds around it in one attempt: the ways out, and what its context says.

    ``timeout`` is seconds for all of it. ``idempotency_key`` is the same for every attempt, ``token`` unlike that
    of any other call: it marks where the host puts secrets. Without ``blobs`` no file can be kept.
    """

    fetcher: Fetcher
    timeout: float
    timezone: str = "UTC"
    locale: str = "en"
    endpoint: str = ""
    idempotency_key: str = ""
    token: str = ""
    location: Location = field(default_factory=Location)
    sync: Sync = field(default_factory=Sync)
    blobs: Blobs | None = None
    cache: Cache = field(default_factory=NoCache)


@dataclass(frozen=True, kw_only=True)
class Call:
    """Is a formula to be run: its declaration, its arguments, and what is around it."""

    formula: PackFormula
    invocation: Invocation
    world: World


@dataclass(frozen=True, kw_only=True)
class Inquiry:
    """Is anything else of a pack that can be run: a page of a table, its updates, what tells about an account.

    ``arguments`` are by parameter name, for updates with ``updates`` besides (see
    :func:`packsys.sdk.targets.invoke`). ``account`` is the id of the connection.
    """

    pack_id: int
    version: str
    target: Target
    world: World
    arguments: Mapping[str, Value] = field(default_factory=dict)
    account: str | None = None


class PackRunner(Protocol):
    """Runs pack code.

    Both methods raise any of :class:`~packsys.errors.PackError`, :class:`~packsys.errors.ConnectionFault`,
    :class:`~packsys.errors.UpstreamError` and :class:`~packsys.errors.ApiError`, and nothing else.
    """

    def run(self, call: Call) -> Value:
        """Gives the call's result, fitted to its declared type."""

    def ask(self, inquiry: Inquiry) -> Any:
        """Gives what a pack answers to anything but a formula, the same whatever it is written in.

        By the target's aim: ``page`` gives a :class:`packsys.sdk.Page` of rows under the service's own keys;
        ``update`` a list with a row, or a :class:`packsys.sdk.UserVisibleError`, for each update; ``autocomplete``,
        ``options`` and ``endpoints`` lists of objects with ``display`` and ``value``; ``tables`` and
        ``search_tables`` lists of :class:`packsys.sdk.TableAddress`; ``table_schema`` a schema as manifests write
        it; the others a text.
        """
