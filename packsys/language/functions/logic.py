"""Conditions, fallbacks, names, and the order of actions."""

from __future__ import annotations

from collections.abc import Sequence

from packsys.language.blocked import UNDECIDED
from packsys.language.functions.registry import (
    Function,
    InOrder,
    Same,
    Steps,
    lazy,
    may_take,
    same,
    strict,
    takes,
    takes_many,
)
from packsys.language.nodes import Node
from packsys.language.signature import Kind, Shape
from packsys.values import ErrorValue, Value, failure, is_blank, truth_of

_BOOLEAN = Shape(Kind.BOOLEAN)


@lazy(
    "If",
    "Gives the second value when the condition holds, otherwise the third (or blank); the other is not evaluated.",
    takes("condition"),
    takes("ifTrue"),
    may_take("ifFalse"),
    roles=("decides", "branch", "branch"),
    examples={'If(1 < 2, "yes", "no")': "yes", 'If(1 > 2, "yes")': None},
    result=same(1),
)
def if_(condition: Node, then: Node, otherwise: Node | None = None) -> Steps:
    """Evaluates the condition, then one branch."""
    truth = yield condition
    if isinstance(truth, UNDECIDED):
        return truth
    chosen = then if truth_of(truth) else otherwise
    return None if chosen is None else (yield chosen)


@lazy(
    "SwitchIf",
    "Gives the value after the first condition that holds, or the last one, which stands alone, when none does.",
    takes_many("condition"),
    takes_many("value"),
    roles=("decides", "branch"),
    examples={
        'SwitchIf(false, "a", true, "b", "c")': "b",
        'SwitchIf(false, "a", "c")': "c",
        "IfError(SwitchIf(false, 1), 0)": 0,
    },
)
def switch_if(*arguments: Node) -> Steps:
    """Evaluates conditions until one holds."""
    for index in range(0, len(arguments) - 1, 2):
        truth = yield arguments[index]
        if isinstance(truth, UNDECIDED):
            return truth
        if truth_of(truth):
            return (yield arguments[index + 1])
    return (yield _last(arguments, "No condition holds"))


@lazy(
    "Switch",
    "Gives the value after the first case that equals the first, or the last one, which stands alone, when none does.",
    takes("value"),
    takes_many("case"),
    takes_many("result"),
    roles=("decides", "decides", "branch"),
    examples={'Switch(2, 1, "one", 2, "two", "many")': "two", 'Switch(7, 1, "one", "many")': "many"},
)
def switch(value: Node, *arguments: Node) -> Steps:
    """Evaluates cases until one equals the value."""
    wanted = yield value
    if isinstance(wanted, UNDECIDED):
        return wanted
    for index in range(0, len(arguments) - 1, 2):
        case = yield arguments[index]
        if isinstance(case, UNDECIDED):
            return case
        same = yield Same(wanted, case)
        if isinstance(same, UNDECIDED):
            return same
        if same:
            return (yield arguments[index + 1])
    return (yield _last(arguments, "No case equals the value"))


def _last(arguments: Sequence[Node], problem: str) -> Node:
    if len(arguments) % 2:
        return arguments[-1]
    raise failure("NoMatch", f"{problem}: give a last value, alone, for the rest.")


@lazy(
    "IfBlank",
    "Gives the first value, or the second when the first is blank, an empty text or an empty list.",
    takes("value"),
    takes("fallback"),
    roles=("decides", "branch"),
    examples={'IfBlank("", "none")': "none", 'IfBlank(0, "none")': 0},
    result=same(0),
)
def if_blank(value: Node, fallback: Node) -> Steps:
    """Evaluates the fallback only when it is needed."""
    found = yield value
    if isinstance(found, UNDECIDED) or not is_blank(found):
        return found
    return (yield fallback)


@lazy(
    "IfError",
    "Gives the first value, or the second when the first is an error.",
    takes("value"),
    takes("fallback"),
    roles=("decides", "branch"),
    examples={"IfError(1 / 0, 7)": 7, "IfError(1 / 1, 7)": 1},
    result=same(0),
)
def if_error(value: Node, fallback: Node) -> Steps:
    """Evaluates the fallback only when it is needed."""
    found = yield value
    return (yield fallback) if isinstance(found, ErrorValue) else found


@lazy(
    "And",
    "Tells whether all conditions hold; stops at the first that does not.",
    takes_many("condition"),
    roles=("decides",),
    examples={"And(true, 1, 2 > 1)": True, "And(true, false)": False, "And(false, 1 / 0)": False},
    result=_BOOLEAN,
)
def and_(*conditions: Node) -> Steps:
    """Evaluates conditions until one does not hold."""
    for condition in conditions:
        truth = yield condition
        if isinstance(truth, UNDECIDED):
            return truth
        if not truth_of(truth):
            return False
    return True


@lazy(
    "Or",
    "Tells whether one of the conditions holds; stops at the first that does.",
    takes_many("condition"),
    roles=("decides",),
    examples={"Or(false, 1)": True, "Or(false, 0)": False, "Or(true, 1 / 0)": True},
    result=_BOOLEAN,
)
def or_(*conditions: Node) -> Steps:
    """Evaluates conditions until one holds."""
    for condition in conditions:
        truth = yield condition
        if isinstance(truth, UNDECIDED):
            return truth
        if truth_of(truth):
            return True
    return False


@strict(
    "Not",
    "Tells whether a condition does not hold; a number is no condition to turn round.",
    takes("condition"),
    examples={"Not(false)": True, "not (1 > 2)": True, "Not(Blank())": True},
    result=_BOOLEAN,
)
def not_(condition: Value) -> Value:
    """Turns a condition round."""
    if isinstance(condition, (int, float)) and not isinstance(condition, bool):
        raise failure("Value", "A number is neither true nor false: compare it, as in x = 0.")
    return not truth_of(condition)


@strict(
    "Xor",
    "Tells whether an odd number of conditions holds: of two, exactly one.",
    takes_many("condition", Kind.BOOLEAN),
    examples={"Xor(true, false)": True, "Xor(true, true)": False},
    result=_BOOLEAN,
)
def xor(*conditions: bool) -> Value:
    """Counts the conditions that hold."""
    return sum(conditions) % 2 == 1


@strict("True", "Gives true.", examples={"True()": True}, result=_BOOLEAN)
def true() -> Value:
    """Gives true."""
    return True


@strict("False", "Gives false.", examples={"False()": False}, result=_BOOLEAN)
def false() -> Value:
    """Gives false."""
    return False


with_name = Function(
    name="WithName",
    description="Gives a value a name for the length of an expression; the resolver makes it a binding.",
    parameters=(takes("value"), takes("name"), takes("expression")),
    examples=(),
    result=lambda shapes: shapes[-1],
)


@strict("NoAction", "Does nothing, where an action is asked for.", action=True, examples={"NoAction()": None})
def no_action() -> Value:
    """Gives blank."""
    return None


@lazy(
    "RunActions",
    "Runs actions one after the other, each when the one before has ended; stops at the first that fails.",
    takes_many("action"),
    roles=("decides",),
    examples={},
    action=True,
)
def run_actions(*actions: Node) -> Steps:
    """Asks for the actions in order."""
    return (yield InOrder(actions))
