"""Shows a parsed formula with every bracket in place."""

from __future__ import annotations

from packsys.language.syntax import (
    Argument,
    Boolean,
    Call,
    Infix,
    Member,
    Name,
    Number,
    Prefix,
    Reference,
    Syntax,
    Template,
    Text,
)


def shown(tree: Syntax) -> str:
    """Writes small trees: ``(1 + (2 * 3))``, ``x.F(a: 1)``, ``<text {x}>``."""
    match tree:
        case Number(value=value) | Boolean(value=value):
            return str(value)
        case Text(value=value):
            return repr(value)
        case Name():
            return f"[{tree.text}]" if tree.bracketed else tree.text
        case Reference():
            return f"${tree.kind}<{tree.ids[0] or tree.text}>"
        case Member():
            return f"{shown(tree.receiver)}.{shown(tree.name)}"
        case Call():
            return _call(tree)
        case Prefix():
            return f"({tree.operator} {shown(tree.operand)})"
        case Infix():
            rest = zip(tree.operators, tree.operands[1:], strict=True)
            return f"({shown(tree.operands[0])}{''.join(f' {sign} {shown(part)}' for sign, part in rest)})"
        case Template():
            return f"<{' '.join(map(shown, tree.parts))}>"


def _call(call: Call) -> str:
    receiver = "" if call.receiver is None else shown(call.receiver) + ("::" if call.qualified else ".")
    return f"{receiver}{shown(call.name)}({', '.join(map(_argument, call.arguments))})"


def _argument(argument: Argument) -> str:
    label = "" if argument.label is None else f"{argument.label.text}: "
    return label + shown(argument.value)
