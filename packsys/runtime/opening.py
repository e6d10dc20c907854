"""Looks how far a formula comes before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass

from packsys.language.invocation import Invocation
from packsys.language.nodes import Node
from packsys.model import Job
from packsys.planner.rounds import Finished, Wave, next_wave
from packsys.ports import PackStore
from packsys.runtime.flights import Flights
from packsys.runtime.recall import kept_under, tags_of
from packsys.turns import Opening
from packsys.values import Value


@dataclass(frozen=True, kw_only=True)
class Open:
    """Answers calls from the cache for as long as it can, so that a formula that was asked before ends at once."""

    packs: PackStore
    flights: Flights

    def __call__(self, job: Job, tree: Node) -> Opening:
        """Gives what the job begins with."""
        known: dict[str, tuple[Invocation, Value]] = {}
        asked: set[str] = set()
        while True:
            match self._decide(job, tree, known):
                case Finished(value):
                    return Opening(answered=tuple(known.values()), outcome=(value,))
                case Wave(invocations) as wave:
                    found = self._found(job, [each for each in invocations if each.key not in asked])
                    if not found:
                        return Opening(answered=tuple(known.values()), wave=invocations, look_at=wave.look_at)
                    asked |= {each.key for each in invocations}
                    known |= found

    def _decide(self, job: Job, tree: Node, known: dict[str, tuple[Invocation, Value]]) -> Wave | Finished:
        outcomes = {key: value for key, (_, value) in known.items()}
        return next_wave(
            tree,
            variables=job.variables,
            outcomes=outcomes,
            now=job.asked_at or job.accepted_at,
            timezone=job.timezone,
            locale=job.locale,
        )

    def _found(self, job: Job, calls: list[Invocation]) -> dict[str, tuple[Invocation, Value]]:
        kept = ((call, self._kept(job, call)) for call in calls)
        return {call.key: (call, value[0]) for call, value in kept if value is not None}

    def _kept(self, job: Job, call: Invocation) -> tuple[Value] | None:
        pack = self.packs.release(call.pack_id, call.version)
        formula = pack.formulas.get(call.formula) if pack else None
        if pack is None or formula is None or not formula.cache_ttl or call.action or call.fresh:
            return None
        name = kept_under(job.workspace, call.key, timezone=job.timezone, locale=job.locale)
        tags = tags_of(
            job.workspace, pack=call.pack_id, version=call.version, formula=call.formula, account=call.account
        )
        return self.flights.known(name, tags, near=not pack.acts)
