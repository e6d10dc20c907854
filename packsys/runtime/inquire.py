"""Asks a pack for anything but a formula: a page of a table, what to offer, what an account is called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from packsys.errors import NotFound, RequestError
from packsys.model import PackVersion
from packsys.ports import Inquiry, PackRunner, PackStore
from packsys.runtime.surround import Surround
from packsys.sdk.surroundings import Location, Sync
from packsys.sdk.targets import Aim, Target
from packsys.values import Value


@dataclass(frozen=True, kw_only=True)
class Question:
    """Is what somebody wants to know of a pack; without a ``version`` its newest release is asked.

    ``arguments`` are by parameter name, for updates with ``updates`` besides (see
    :func:`packsys.sdk.targets.invoke`). ``sync`` says where a table stands. ``timeout`` is seconds.
    """

    pack_id: int
    target: Target
    version: str = ""
    workspace: str = "default"
    account: str | None = None
    arguments: Mapping[str, Value] = field(default_factory=dict)
    sync: Sync = field(default_factory=Sync)
    timezone: str = "UTC"
    locale: str = "en"
    timeout: float = 60.0
    idempotency_key: str = ""
    asked_by: str = ""


@dataclass(frozen=True, kw_only=True)
class Inquire:
    """Asks packs, with the accounts of a workspace."""

    packs: PackStore
    runner: PackRunner
    surround: Surround

    def __call__(self, question: Question) -> Any:
        """Gives the answer that :meth:`packsys.ports.PackRunner.ask` describes.

        Raises what it raises, :class:`~packsys.errors.NotFound` for a pack that is not there,
        :class:`~packsys.errors.NotConnected` for an account that cannot be used, and
        :class:`~packsys.errors.RequestError` for a formula, which is run by a job.
        """
        if question.target.aim is Aim.FORMULA:
            raise RequestError(f"{question.target.name} is a formula: submit a job that calls it.")
        pack = self._pack(question)
        world = self.surround(
            pack,
            account=question.account,
            location=_location(question),
            timeout=question.timeout,
            timezone=question.timezone,
            locale=question.locale,
            idempotency_key=question.idempotency_key,
            sync=question.sync,
        )
        return self.runner.ask(
            Inquiry(
                pack_id=pack.id,
                version=pack.version,
                target=question.target,
                world=world,
                arguments=question.arguments,
                account=question.account,
            )
        )

    def _pack(self, question: Question) -> PackVersion:
        number, version = question.pack_id, question.version
        found = self.packs.release(number, version) if version else self.packs.by_id(number)
        if found is None:
            released = f" in version {version}" if version else ""
            raise NotFound(f"There is no pack {number}{released}: look at the list of packs.")
        return found


def _location(question: Question) -> Location:
    syncs = question.target.aim in (Aim.PAGE, Aim.UPDATE)
    return Location(source="sync" if syncs else "metadata", workspace=question.workspace, user=question.asked_by)
