"""Evaluates a bound formula as far as the finished calls allow.

In one pass an expression's outcome is a value, an error, or blocked: it waits for a call. The rules are Haxl's, in
short (Marlow et al., "There is no fork", 2014); the runtime makes the pending calls together and starts another pass.

- A strict function evaluates all its arguments, even when one is blocked: that is where parallelism comes from. Once
  all are decided, the leftmost error is its outcome.
- A lazy function evaluates what it needs and nothing else.
- A pack call whose arguments are known is answered from the outcomes, or becomes pending. Equal ones are one.
- An expression over a list is evaluated for every item; an error is the outcome of its item only.
- ``RunActions`` starts nothing of one action before the last has ended. An action is never merged with another, and
  only one at a time is pending. What is read in a sequence after an action on an account is asked for anew.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from packsys.language.blocked import BLOCKED, UNDECIDED, Outcome
from packsys.language.bounds import Scale, too_much
from packsys.language.calls import Calls, Spent, placed
from packsys.language.coercion import fit, items_of
from packsys.language.functions import LIBRARY
from packsys.language.functions.registry import Asked, Clock, Each, Function, InOrder, Same, Steps, deep
from packsys.language.invocation import Invocation
from packsys.language.limits import Budget
from packsys.language.locales import DEFAULT
from packsys.language.memory import Memory
from packsys.language.nodes import (
    AccountRef,
    Constant,
    FunctionCall,
    Lambda,
    Let,
    Local,
    Member,
    Node,
    Operation,
    PackCall,
    TableRead,
    Variable,
)
from packsys.language.operators import apply, join, negate, no_quotient, too_large
from packsys.language.properties import property_of
from packsys.language.signature import Kind
from packsys.language.tables import READERS, filled
from packsys.language.walk import walk
from packsys.values import Account, ErrorValue, Failure, Value, equal, failure

__all__ = ["BLOCKED", "Invocation", "Pass", "evaluate"]


@dataclass(frozen=True)
class Pass:
    """Is what one pass came to.

    ``pending`` lists the calls to make, in the order in which they were first asked for; ``merged`` counts how
    often an equal call was already pending. ``early`` tells that more could be asked for before all of them have ended.
    """

    value: Outcome
    pending: tuple[Invocation, ...] = ()
    merged: int = 0
    early: bool = False


def evaluate(
    tree: Node,
    *,
    variables: Mapping[str, Value],
    outcomes: Mapping[str, Value],
    now: datetime,
    timezone: str,
    locale: str = DEFAULT,
    budget: Budget | None = None,
    memory: Memory | None = None,
) -> Pass:
    """Makes one pass; ``outcomes`` are the values and errors of finished calls, by key.

    ``now`` knows its time zone and is the same in all passes of a job, ``locale`` is what functions go by that are
    told no other. ``memory`` comes from an earlier pass, with the same terms and fewer outcomes. Errors in the formula
    are values: nothing is raised for them.
    """
    bounds = budget or Budget()
    calls = Calls(outcomes, limit=bounds.calls, memory=(memory or Memory()).of(tree))
    evaluation = _Evaluation(variables, calls, Clock(now.astimezone(ZoneInfo(timezone)), locale), bounds)
    return Pass(evaluation.run(tree), tuple(calls.pending.values()), calls.merged, calls.early)


class _Evaluation:
    def __init__(self, variables: Mapping[str, Value], calls: Calls, clock: Clock, budget: Budget) -> None:
        self.variables = {name.casefold(): value for name, value in variables.items()}
        self.calls = calls
        self.clock = clock
        self.budget = budget
        self.scale = Scale()
        self.steps = 0
        self.locals: dict[int, Outcome] = {}
        self.path: list[int] = []  # the item of each expression over a list that is being evaluated

    def run(self, tree: Node) -> Outcome:
        root: Asked = tree
        try:
            return walk(root, self._visit)
        except Spent as spent:
            self.calls.pending.clear()
            return placed(spent.error, tree.start, tree.end, "")

    def _visit(self, asked: Asked) -> Outcome | Steps:
        self._spend(1)
        return _VISITS[type(asked)](self, asked)

    def _spend(self, steps: int) -> None:
        self.steps += steps
        if self.steps > self.budget.nodes:
            # The first one over the limit: steps that a memory spares are counted together, and may go further over it.
            raise Spent(too_much("The formula takes too many steps", self.budget.nodes + 1, self.budget.nodes).error)

    def constant(self, node: Constant) -> Outcome:
        return node.value

    def account(self, node: AccountRef) -> Outcome:
        return Account(node.id)

    def variable(self, node: Variable) -> Outcome:
        name = node.name.casefold()
        if name in self.variables:
            return self.variables[name]
        return placed(failure("UnknownName", f"The job has no variable {node.name!r}.").error, node.start, node.end, "")

    def local(self, node: Local) -> Outcome:
        return self.locals[node.slot]

    def let(self, node: Let) -> Steps:
        # The body goes on even when the value is blocked: what does not need it can start.
        self.locals[node.slot] = yield node.value
        return (yield node.body)

    def member(self, node: Member) -> Steps:
        receiver = yield node.receiver
        if isinstance(receiver, UNDECIDED):
            return receiver
        reach = self.scale.size(receiver).reach
        return self._settled(node, node.name, partial(property_of, receiver, node.name), lambda: reach)

    def operation(self, node: Operation) -> Steps:
        values, failed = yield from self._all(node.operands)
        if failed is not None:
            return failed
        sizes = [self.scale.size(value) for value in values]
        return self._settled(node, node.operators[0], partial(_reckoned, node, values), partial(deep, sizes))

    def function(self, node: FunctionCall) -> Steps:
        function = LIBRARY.find(node.function)
        if function is None:
            problem = failure("UnknownName", f"This worker has no function {node.function}.")
            return placed(problem.error, node.start, node.end, node.function)
        if function.steps is None:
            return (yield from self._strict(function, node))
        asked = self.calls.asked
        try:
            outcome = yield from function.steps(*node.arguments)
        except Failure as problem:
            return placed(problem.error, node.start, node.end, function.name)
        if outcome is BLOCKED:
            self.calls.wait(asked)
        return outcome

    def _strict(self, function: Function, node: FunctionCall) -> Steps:
        asked = self.calls.asked
        values, failed = yield from self._all([None if isinstance(part, Lambda) else part for part in node.arguments])
        if failed is not None:
            if failed is BLOCKED and any(isinstance(part, Lambda) for part in node.arguments):
                self.calls.wait(asked)
            return failed
        for place, argument in enumerate(node.arguments):
            if isinstance(argument, Lambda):
                results = yield Each(argument, items_of(values[0]))
                if isinstance(results, UNDECIDED):
                    return results
                values[place] = results
        clock = replace(self.clock, place=(node.start, node.end, *self.path)) if function.volatile else self.clock
        compute = partial(_computed, function, node, values, clock)
        return self._settled(node, function.name, compute, partial(self._cost, function, values))

    def _cost(self, function: Function, values: Sequence[Value]) -> int:
        sizes = [self.scale.size(value) for value in values]
        shown = [size for place, size in enumerate(sizes) if function.parameter(place).shape.kind is Kind.TEXT]
        return function.cost(sizes) + deep(shown)

    def each(self, asked: Each) -> Steps:
        if len(asked.items) > self.budget.width:
            problem = too_much("The list has too many items for an expression", len(asked.items), self.budget.width)
            return placed(problem.error, asked.expression.start, asked.expression.end, "")
        began = self.calls.mark()
        results = yield from self._items(asked)
        self.calls.leave(began)
        return BLOCKED if any(result is BLOCKED for result in results) else results

    def _items(self, asked: Each) -> Generator[Asked, Outcome, list[Any]]:
        began = self.calls.mark()
        results: list[Any] = []
        for index, item in enumerate(asked.items):
            self.locals[asked.expression.slot] = item
            self.path.append(index)
            results.append((yield asked.expression.body))
            self.path.pop()
            if asked.expression.ordered:
                if results[-1] is BLOCKED:
                    break
                self.calls.step(began)
        return results

    def in_order(self, asked: InOrder) -> Steps:
        began = self.calls.mark()
        outcome: Outcome = None
        for expression in asked.expressions:
            outcome = yield expression
            if isinstance(outcome, UNDECIDED):
                break
            self.calls.step(began)
        self.calls.leave(began)
        return outcome

    def pack_call(self, node: PackCall) -> Steps:
        place, asked, began = (id(node), *self.path), self.calls.asked, self.steps
        if (recalled := self.calls.recall(place)) is not None:
            key, steps = recalled
            self._spend(steps)
            return self.calls.answer(key, node)
        parts = [part for given in node.arguments for part in given.nodes]
        (account, *values), failed = yield from self._all([node.account, *parts])
        if failed is None:
            return self.calls.request(node, account, values, place, steps=self.steps - began)
        if failed is BLOCKED:
            self.calls.hold(node)
            self.calls.wait(asked)
        return failed

    def table_read(self, node: TableRead) -> Steps:
        asked = self.calls.asked
        values, failed = yield from self._all(node.values)
        if failed is BLOCKED:
            self.calls.wait(asked)
            return BLOCKED
        query = filled(node.query, values) if failed is None else None
        answer = [] if query is None else self.calls.ask(node, query)
        if isinstance(answer, UNDECIDED):
            return answer
        # What holds rows of kinds that its columns do not say gives no answer: then the language looks at them.
        match answer:
            case [value]:
                return self._settled(node, READERS, lambda: value, lambda: 0)
        return (yield node.instead) if node.instead is not None else []

    def same(self, asked: Same) -> Outcome:
        try:
            self._spend(min(self.scale.size(value).weight for value in (asked.left, asked.right)))
        except Failure as problem:
            return problem.error
        return equal(asked.left, asked.right)

    def _all(self, parts: Sequence[Node | None]) -> Generator[Asked, Outcome, tuple[list[Any], Outcome]]:
        """Evaluates everything; gives the outcomes, and what stands in the way: blocked, or else the leftmost error."""
        outcomes: list[Any] = []
        failed: Outcome = None
        for part in parts:
            outcome: Outcome = None
            if part is not None:
                leaf = _LEAVES.get(type(part))  # most parts have none below them: they need no place on the stack
                if leaf:
                    self._spend(1)
                    outcome = leaf(self, part)
                else:
                    outcome = yield part
            if outcome is BLOCKED or (failed is None and isinstance(outcome, ErrorValue)):
                failed = outcome
            outcomes.append(outcome)
        return outcomes, failed

    def _settled(self, node: Node, name: str, compute: Callable[[], Value], cost: Callable[[], int]) -> Value:
        try:
            self._spend(cost())
            result = self.scale.settle(compute())
            self._spend(self.scale.size(result).breadth)
            return result
        except Failure as problem:
            return placed(problem.error, node.start, node.end, name)
        except OverflowError:
            return placed(too_large().error, node.start, node.end, name)
        except ZeroDivisionError:
            return placed(no_quotient().error, node.start, node.end, name)


def _reckoned(node: Operation, values: Sequence[Value]) -> Value:
    match node.operators[0]:
        case "negate":
            return negate(values[0])
        case "&":
            return join(*values)
    result = values[0]
    for sign, value in zip(node.operators, values[1:], strict=True):
        result = apply(sign, result, value)
    return result


def _computed(function: Function, node: FunctionCall, values: Sequence[Any], clock: Clock) -> Value:
    arguments: list[Any] = [clock] if function.volatile else []
    for place, (argument, value) in enumerate(zip(node.arguments, values, strict=True)):
        parameter = function.parameter(place)
        if argument is None:
            arguments.append(clock.locale if parameter.locale else parameter.default)
        else:
            arguments.append(value if isinstance(argument, Lambda) else fit(value, parameter.shape))
    return function.compute(*arguments) if function.compute else None


_Leaf: TypeAlias = Callable[[_Evaluation, Any], Outcome]

_LEAVES: Mapping[type[Any], _Leaf] = {
    Constant: _Evaluation.constant,
    AccountRef: _Evaluation.account,
    Variable: _Evaluation.variable,
    Local: _Evaluation.local,
}

_VISITS: Mapping[type[Any], Callable[[_Evaluation, Any], Outcome | Steps]] = {
    **_LEAVES,
    Let: _Evaluation.let,
    Member: _Evaluation.member,
    Operation: _Evaluation.operation,
    FunctionCall: _Evaluation.function,
    PackCall: _Evaluation.pack_call,
    TableRead: _Evaluation.table_read,
    Each: _Evaluation.each,
    InOrder: _Evaluation.in_order,
    Same: _Evaluation.same,
}
