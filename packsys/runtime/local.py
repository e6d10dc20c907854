"""Walks a formula to its value in this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from packsys.errors import HouseError, PacksysError
from packsys.language.interpreter import Invocation
from packsys.language.memory import Memory
from packsys.language.nodes import Node
from packsys.model import PackVersion
from packsys.planner.rounds import Finished, Wave, next_wave
from packsys.ports import Call, PackRunner, PackStore
from packsys.runtime.surround import Surround
from packsys.sdk.surroundings import Location
from packsys.values import ErrorValue, Origin, Value


@dataclass(frozen=True)
class LocalRun:
    """Is a finished walk: the value, and the waves of calls that led to it."""

    value: Value
    waves: Sequence[Wave]


@dataclass(frozen=True, kw_only=True)
class RunLocally:
    """Runs a bound formula without servers, one call after the other.

    ``call`` makes one call and gives its value, or an error value.
    """

    call: Callable[[Invocation], Value]
    now: Callable[[], datetime]
    timezone: str = "UTC"
    locale: str = "en"

    def __call__(self, tree: Node, variables: Mapping[str, Value]) -> LocalRun:
        """Makes wave after wave until the formula has a value."""
        started, outcomes, waves, memory = self.now(), dict[str, Value](), list[Wave](), Memory()
        while True:
            decision = next_wave(
                tree,
                variables=variables,
                outcomes=outcomes,
                now=started,
                timezone=self.timezone,
                locale=self.locale,
                memory=memory,
            )
            match decision:
                case Finished(value):
                    return LocalRun(value, waves)
                case Wave(invocations):
                    waves.append(decision)
                    outcomes |= {invocation.key: self.call(invocation) for invocation in invocations}


@dataclass(frozen=True, kw_only=True)
class LocalCall:
    """Makes one call in this process, once: no retries, no cache, no lease."""

    packs: PackStore
    runner: PackRunner
    surround: Surround
    timezone: str = "UTC"
    locale: str = "en"
    workspace: str = "default"

    def __call__(self, invocation: Invocation) -> Value:
        """Gives the call's value, or its failure as an error value."""
        pack = self.packs.by_id(invocation.pack_id)
        if pack is None:
            raise HouseError(f"{invocation.name} was bound to a pack that is not loaded.")
        try:
            return self.runner.run(self._call(pack, invocation))
        except PacksysError as error:
            return ErrorValue.of(error, Origin(invocation.start, invocation.end, invocation.name))

    def _call(self, pack: PackVersion, invocation: Invocation) -> Call:
        formula = pack.formulas[invocation.formula]
        return Call(
            formula=formula,
            invocation=invocation,
            world=self.surround(
                pack,
                account=invocation.account,
                location=Location(source="action" if invocation.action else "formula", workspace=self.workspace),
                timeout=formula.timeout,
                timezone=self.timezone,
                locale=self.locale,
                idempotency_key=f"local:{invocation.key}",
                formula=invocation.formula,
            ),
        )
