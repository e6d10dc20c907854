"""Whether the servers answer, and are what they must be."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from packsys.errors import PacksysError
from packsys.runtime.patience import patiently
from packsys.settings import Settings

if TYPE_CHECKING:
    from packsys.store.database import Database

log = logging.getLogger(__name__)


def refuse_lossy_state(settings: Settings) -> None:
    """Waits until the state server, and a broker beside it, answer; raises WrongSetUp when one would lose work."""
    for name, check in lossless(settings).items():
        for warning in patiently(check):
            log.warning(f"{name}.unchecked", extra={"reason": warning})


def lossless(settings: Settings) -> Mapping[str, Callable[[], Sequence[str]]]:
    """Gives what checks each server that must lose nothing; a broker that is no Redis has ways of its own."""
    from packsys.kvstore.roles import BROKER, check_state

    checks: dict[str, Callable[[], Sequence[str]]] = {"state": lambda: check_state(settings.state_url)}
    if settings.broker != settings.state_url and settings.broker.startswith("redis"):
        checks["broker"] = lambda: check_state(settings.broker, BROKER)
    return checks


def readiness(database: Database, settings: Settings) -> Mapping[str, str]:
    """Looks whether the servers answer and are what they must be: ``ok``, or a sentence, for each."""
    from packsys.store.schema import check_schema

    servers = {name: said(check) for name, check in lossless(settings).items()}
    return {"database": said(lambda: check_schema(database)), **servers}


def said(check: Callable[[], object]) -> str:
    """Gives ``ok``, or the message of what a check raised."""
    try:
        check()
    except PacksysError as error:
        return error.message
    return "ok"
