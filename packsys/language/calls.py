"""The pack calls of one pass: which are answered, which have to be made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from packsys.language.arguments import account_of, fill
from packsys.language.blocked import BLOCKED, Outcome
from packsys.language.bounds import too_much
from packsys.language.invocation import Invocation
from packsys.language.keys import action_key, call_key
from packsys.language.memory import Memory, Place
from packsys.language.nodes import PackCall, TableRead
from packsys.language.tables import READERS, Query, invocation
from packsys.values import ErrorValue, Failure, Origin, Value


@dataclass(frozen=True)
class Era:
    """Marks a point in a sequence of actions: the last action on each thing before it, and how many there were.

    A thing is an account, or a pack where the call has none.
    """

    last: Mapping[str | int, str]
    count: int


class Spent(Exception):
    """Ends a pass whose budget is used up: what it has asked for by then is not to be asked for."""

    def __init__(self, error: ErrorValue) -> None:
        """Takes the error that the formula comes to."""
        self.error = error


class Calls:
    """Answers calls from the outcomes at hand, and collects the others."""

    def __init__(self, outcomes: Mapping[str, Value], *, limit: int, memory: Memory) -> None:
        """Takes the outcomes by key, how many calls the job may make, and what earlier passes left."""
        self.pending: dict[str, Invocation] = {}
        self.merged = 0
        self.asked = 0  # requests that wait, equal ones counted each time
        self._fewest: int | None = None
        self._outcomes = outcomes
        self._memory = memory
        self._limit = limit
        self._acting = False  # an action is pending, or waits for its arguments
        self._acted: list[tuple[str | int, str]] = []
        self._last: Mapping[str | int, str] = {}

    def recall(self, place: Place) -> tuple[str, int] | None:
        """Finds the key that a call came to in an earlier pass, and the steps to it, where it has an outcome by now."""
        known = self._memory.find(place)
        return known if known is not None and known[0] in self._outcomes else None

    def answer(self, key: str, call: PackCall) -> Outcome:
        """Gives the outcome of a call that was recalled."""
        return self._answered(key, call.start, call.end, f"{call.pack}::{call.formula}")

    def request(self, call: PackCall, account: Value, given: Sequence[Value], place: Place, *, steps: int) -> Outcome:
        """Gives a call's value or error, or blocked when it has to be made; its arguments took so many ``steps``.

        Raises :class:`Spent` where the job would make more calls than it may.
        """
        try:
            return self._settled(call, account_of(call, account), fill(call, given), place, steps)
        except Failure as problem:
            return placed(problem.error, call.start, call.end, f"{call.pack}::{call.formula}")

    def ask(self, node: TableRead, query: Query) -> Outcome:
        """Gives what a table answers in a list, an empty one where it cannot, or blocked when it has to be asked."""
        try:
            asked = invocation(node, query)
            known = asked.key in self._outcomes
            return self._answered(asked.key, node.start, node.end, asked.name) if known else self._awaited(asked)
        except Failure as problem:
            return placed(problem.error, node.start, node.end, READERS)

    @property
    def early(self) -> bool:
        """Tells whether something could go on before all pending calls have ended."""
        return self._fewest is not None and self._fewest < len(self.pending)

    def wait(self, began: int) -> None:
        """Notes that something is held back by what was asked for since ``asked`` was ``began``."""
        held_back = self.asked - began
        self._fewest = held_back if self._fewest is None else min(self._fewest, held_back)

    def hold(self, call: PackCall) -> None:
        """Notes a call whose arguments are blocked: no later action overtakes an action."""
        self._acting |= call.action

    def mark(self) -> Era:
        """Marks where a sequence begins."""
        return Era(self._last, len(self._acted))

    def step(self, began: Era) -> None:
        """Notes that a step of a sequence has ended: later reads see what its actions did."""
        if len(self._acted) > began.count:
            self._last = {**began.last, **dict(self._acted[began.count :])}

    def leave(self, began: Era) -> None:
        """Notes that a sequence is left: what stands beside it does not wait for it."""
        self._last = began.last

    def _settled(
        self, call: PackCall, account: str | None, arguments: Mapping[str, Value], place: Place, steps: int
    ) -> Outcome:
        thing: str | int = call.pack_id if account is None else account
        era = self._last.get(thing)
        path = place[1:]
        key = action_key(call, account, arguments, path) if call.action else call_key(call, account, arguments, era)
        if not call.action and not self._acted:  # else an action inside of it or before it counts as well
            self._memory.note(place, key, steps)
        if key in self._outcomes:
            if call.action:
                self._acted.append((thing, key))
            return self._answered(key, call.start, call.end, f"{call.pack}::{call.formula}")
        return self._awaited(
            Invocation(
                key=key,
                pack_id=call.pack_id,
                pack=call.pack,
                version=call.version,
                formula=call.formula,
                account=account,
                arguments=arguments,
                action=call.action,
                fresh=era is not None,
                start=call.start,
                end=call.end,
            )
        )

    def _answered(self, key: str, start: int, end: int, call: str) -> Outcome:
        outcome = self._outcomes[key]
        return placed(outcome, start, end, call) if isinstance(outcome, ErrorValue) else outcome

    def _awaited(self, invocation: Invocation) -> Outcome:
        self.asked += 1
        if invocation.key in self.pending:
            self.merged += 1
        elif not (invocation.action and self._acting):
            self._add(invocation)
        return BLOCKED

    def _add(self, invocation: Invocation) -> None:
        calls = len(self._outcomes) + len(self.pending) + 1
        if calls > self._limit:
            problem = too_much("The formula makes too many calls", calls, self._limit)
            raise Spent(placed(problem.error, invocation.start, invocation.end, invocation.name))
        self._acting |= invocation.action
        self.pending[invocation.key] = invocation


def placed(error: ErrorValue, start: int, end: int, call: str) -> ErrorValue:
    """Says where an error comes from, unless it knows already."""
    return error if error.origin is not None else replace(error, origin=Origin(start, end, call))
