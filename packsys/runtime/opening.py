"""Looks how far formulas come before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from packsys.errors import PacksysError
from packsys.language.invocation import Invocation
from packsys.language.limits import Budget
from packsys.language.memory import Memory
from packsys.language.nodes import Node
from packsys.model import Job
from packsys.planner.rounds import Finished, Wave, next_wave
from packsys.ports import PackStore
from packsys.runtime.flights import Flights, Lookup
from packsys.runtime.recall import kept_under, tags_of
from packsys.turns import Opening
from packsys.values import ErrorValue, Value

LIGHT = Budget(nodes=5_000)
"""What a formula may take that is opened together with others who wait for it: about five milliseconds."""


class Heavy(PacksysError):
    """The formula takes too long to be opened together with others: open it alone."""

    code = "Budget"


@dataclass(frozen=True, kw_only=True)
class Open:
    """Answers calls from the cache for as long as it can, so that a formula that was asked before ends at once.

    The cache is asked for all formulas together. With a ``budget`` a formula that takes more comes to :class:`Heavy`.
    """

    packs: PackStore
    flights: Flights
    budget: Budget | None = None

    def __call__(self, asked: Sequence[tuple[Job, Node]]) -> Sequence[Opening | Heavy]:
        """Gives what each job begins with."""
        beginnings = [_Beginning(job=job, tree=tree, budget=self.budget) for job, tree in asked]
        going = beginnings
        while going:
            lookups = [
                (each, call, found) for each in going for call in each.look() if (found := self._lookup(each, call))
            ]
            known = self.flights.known([lookup for _, _, lookup in lookups])
            going = _learned([(each, call, value) for (each, call, _), value in zip(lookups, known, strict=True)])
        return [each.come_to for each in beginnings]

    def _lookup(self, beginning: _Beginning, call: Invocation) -> Lookup | None:
        job, pack = beginning.job, self.packs.release(call.pack_id, call.version)
        formula = pack.formulas.get(call.formula) if pack else None
        if pack is None or formula is None or not formula.cache_ttl or call.action or call.fresh:
            return None
        tags = tags_of(
            job.workspace, pack=call.pack_id, version=call.version, formula=call.formula, account=call.account
        )
        name = kept_under(job.workspace, call.key, timezone=job.timezone, locale=job.locale)
        return Lookup(name=name, tags=tags, near=not pack.acts)


@dataclass(kw_only=True, eq=False)
class _Beginning:
    """Is how far a job has come."""

    job: Job
    tree: Node
    budget: Budget | None
    known: dict[str, tuple[Invocation, Value]] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    memory: Memory = field(default_factory=Memory)
    come_to: Opening | Heavy = field(default_factory=Opening)

    def look(self) -> Sequence[Invocation]:
        """Lists the calls that nobody has looked for yet, without which the job goes no further."""
        answered = tuple(self.known.values())
        match self._decide():
            case Finished(ErrorValue(code="Budget")) if self.budget:
                self.come_to = Heavy()
            case Finished(value):
                self.come_to = Opening(answered=answered, outcome=(value,))
            case Wave(invocations) as wave:
                self.come_to = Opening(answered=answered, wave=invocations, look_at=wave.look_at)
                new = [each for each in invocations if each.key not in self.asked]
                self.asked.update(each.key for each in new)
                return new
        return ()

    def _decide(self) -> Wave | Finished:
        return next_wave(
            self.tree,
            variables=self.job.variables,
            outcomes={key: value for key, (_, value) in self.known.items()},
            now=self.job.asked_at or self.job.accepted_at,
            timezone=self.job.timezone,
            locale=self.job.locale,
            budget=self.budget,
            memory=self.memory,
        )


def _learned(found: Sequence[tuple[_Beginning, Invocation, tuple[Value] | None]]) -> list[_Beginning]:
    """Tells jobs what was found for them, and lists those that come further by it."""
    learned: dict[_Beginning, None] = {}
    for beginning, call, value in found:
        if value is not None:
            beginning.known[call.key] = call, value[0]
            learned[beginning] = None
    return [*learned]
