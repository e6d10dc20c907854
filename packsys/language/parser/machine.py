"""Builds the tree from the tokens, on a stack of its own: operator precedence with open brackets as frames."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from packsys.errors import FormulaError
from packsys.language.limits import MAX_ARGUMENTS, MAX_CHAIN, MAX_NESTING, MAX_TOKENS
from packsys.language.parser.build import name, number, reference
from packsys.language.parser.frames import CallFrame, Frame, HoleFrame, Pending
from packsys.language.parser.mistakes import no_value, shown, unclosed, unexpected
from packsys.language.parser.precedence import BINARY, NOT, POWER, PREFIX, reduce
from packsys.language.parser.scanner import Scanned
from packsys.language.parser.tokens import Token
from packsys.language.syntax import Argument, Boolean, Call, Member, Parsed, Syntax, Template, Text


class Machine:
    """Reads one formula.

    It knows two states: before an operand (:meth:`_operand`) and after one (:meth:`_after`).
    """

    def __init__(self, text: str, scanned: Scanned) -> None:
        """Takes the formula and its tokens."""
        self.text = text
        self.tokens = scanned.tokens
        self.lints = list(scanned.lints)
        self.index = 0
        self.nesting = 0
        self.wanted = True
        self.frames = [Frame("formula", 0, 0)]

    def parsed(self) -> Parsed:
        """Reads it to the end, with or without a leading ``=``; raises FormulaError."""
        if self._peek("="):
            self.index = 1
        first = self.tokens[self.index]
        if first.kind == "end":
            raise FormulaError("The formula is empty", formula=self.text, start=first.start, end=first.end)
        while not (self.tokens[self.index].kind == "end" and not self.wanted and self._finish()):
            self._step()
        return Parsed(self.frames[0].operands[0], tuple(self.lints))

    def _step(self) -> None:
        token = self.tokens[self.index]
        if token.kind == "cut":
            message = f"The formula has more than {MAX_TOKENS:,} words and signs"
            raise self._error(message, token.start, token.end, kind="TooLong")
        if self.wanted:
            self._operand(token)
        else:
            self._after(token)

    def _finish(self) -> bool:
        self._reduce(0)
        if len(self.frames) > 1:
            raise unclosed(self.frames[-1], self.text)
        return True

    # Before an operand.

    def _operand(self, token: Token) -> None:
        match token.kind:
            case "number":
                self._push(number(token, self.text))
            case "text":
                self._push(Text(token.text, token.start, token.end))
            case "name" | "bracket" | "reference":
                self._name(token)
            case "open":
                self._open_text(token)
            case "operator":
                self._sign(token)
            case _:
                raise no_value(token, self.text)

    def _push(self, node: Syntax) -> None:
        self.frames[-1].operands.append(node)
        self.frames[-1].chain = 0
        self.index += 1
        self.wanted = False

    def _name(self, token: Token) -> None:
        word = token.text.lower() if token.kind == "name" else ""
        called = self._peek("(", 1)
        if word in ("and", "or", "not") and not called:
            self._word(token, word)
        elif called:
            self.frames[-1].chain = 0
            self._open_call(token, None, qualified=False)
        elif word in ("true", "false"):
            self._push(Boolean(word == "true", token.start, token.end))
        else:
            self._push(reference(token, self.text) if token.kind == "reference" else name(token))

    def _word(self, token: Token, word: str) -> None:
        if word != "not":
            raise no_value(token, self.text)
        pending = self.frames[-1].pending
        if pending and pending[-1].level > NOT:
            message = "'not' binds looser than the operator before it: put it in parentheses, (not …)"
            raise self._error(message, token.start, token.end)
        self._prefix(token, word)

    def _sign(self, token: Token) -> None:
        if token.text == "(":
            self._open(Frame("group", token.start, token.end))
            self.index += 1
        elif token.text in PREFIX:
            self._prefix(token, token.text)
        else:
            raise no_value(token, self.text)

    def _prefix(self, token: Token, sign: str) -> None:
        self._deeper(token.start, token.end)
        self.frames[-1].pending.append(Pending(PREFIX[sign], sign, True, token.start))
        self.index += 1

    def _open_text(self, token: Token) -> None:
        parts: list[Syntax] = [Text(token.text, token.start, token.end)] if token.text else []
        self._open(HoleFrame("hole", token.end - 2, token.end, begin=token.start, parts=parts))
        self.index += 1

    def _open(self, frame: Frame) -> None:
        self._deeper(frame.start, frame.end)
        self.frames.append(frame)
        self.wanted = True

    def _deeper(self, start: int, end: int) -> None:
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise self._error(f"The formula is nested more than {MAX_NESTING} levels deep", start, end, kind="TooDeep")

    # Calls.

    def _open_call(self, token: Token, receiver: Syntax | None, *, qualified: bool) -> None:
        bracket = self.tokens[self.index + 1]
        frame = CallFrame(
            "call",
            bracket.start,
            bracket.end,
            receiver=receiver,
            name=reference(token, self.text) if token.kind == "reference" else name(token),
            qualified=qualified,
            begin=token.start if receiver is None else receiver.start,
            steps=self.frames[-1].chain,
        )
        self._open(frame)
        self.index += 2
        if self._peek(")"):
            self._close_call(frame)
        else:
            self._label(frame)

    def _label(self, frame: CallFrame) -> None:
        token = self.tokens[self.index]
        if token.kind in ("name", "bracket") and self._peek(":", 1):
            frame.label = name(token)
            self.index += 2

    def _argument(self, frame: CallFrame) -> None:
        frame.arguments.append(Argument(frame.label, frame.operands.pop()))
        frame.label = None
        if len(frame.arguments) > MAX_ARGUMENTS:
            message = f"The call has more than {MAX_ARGUMENTS} arguments"
            raise self._error(message, frame.start, frame.end, kind="TooLong")

    def _close_call(self, frame: CallFrame) -> None:
        self.frames.pop()
        self.nesting -= 1
        end = self.tokens[self.index].end
        if frame.name is not None:
            call = Call(frame.receiver, frame.name, frame.qualified, tuple(frame.arguments), frame.begin, end)
            self._push(call)
        self.frames[-1].chain = frame.steps

    # After an operand.

    def _after(self, token: Token) -> None:
        sign = token.text.lower() if token.kind in ("name", "operator") else ""
        if sign in BINARY:
            self._binary(token, sign)
        elif token.kind == "operator":
            _AFTER.get(sign, Machine.unexpected)(self, token)
        elif token.kind in ("middle", "close"):
            self._close_hole(token)
        else:
            self.unexpected(token)

    def _binary(self, token: Token, sign: str) -> None:
        level = BINARY[sign]
        self._reduce(level)
        if level == POWER:
            self._deeper(token.start, token.end)
        self.frames[-1].pending.append(Pending(level, sign, False, token.start))
        self.index += 1
        self.wanted = True

    def dot(self, token: Token) -> None:
        """Goes on with a chain."""
        follower = self.tokens[self.index + 1]
        if follower.kind not in ("name", "bracket", "reference"):
            message = f"Expected a name after '{token.text}' but found {shown(follower)}"
            raise self._error(message, follower.start, follower.end, expected=("a name",), found=shown(follower))
        frame = self.frames[-1]
        frame.chain += 1
        if frame.chain > MAX_CHAIN:
            raise self._error(f"The chain has more than {MAX_CHAIN} steps", token.start, token.end, kind="TooLong")
        receiver = frame.operands.pop()
        self.index += 1
        self._link(token, follower, receiver)

    def _link(self, token: Token, follower: Token, receiver: Syntax) -> None:
        if self._peek("(", 1):
            self._open_call(follower, receiver, qualified=token.text == "::")
            return
        if token.text == "::":
            message = "A formula of a pack is called with parentheses: write …::Name(…)"
            raise self._error(message, follower.start, follower.end, expected=("(",))
        steps = self.frames[-1].chain
        member = reference(follower, self.text) if follower.kind == "reference" else name(follower)
        self._push(Member(receiver, member, receiver.start, follower.end))
        self.frames[-1].chain = steps

    def comma(self, token: Token) -> None:
        """Ends an argument that another follows."""
        self._reduce(0)
        frame = self.frames[-1]
        if not isinstance(frame, CallFrame):
            message = "',' separates arguments, and this is no call: use List(a, b) for a list"
            raise self._error(message, token.start, token.end, found="','")
        self._argument(frame)
        self.index += 1
        self.wanted = True
        self._label(frame)

    def close(self, token: Token) -> None:
        """Ends a group or a call."""
        self._reduce(0)
        frame = self.frames[-1]
        if isinstance(frame, CallFrame):
            self._argument(frame)
            self._close_call(frame)
        elif frame.bracket == "group":
            self._close_group(frame, token)
        else:
            raise self._error("There is no '(' for this ')'", token.start, token.end, found="')'")

    def _close_group(self, frame: Frame, token: Token) -> None:
        self.frames.pop()
        self.nesting -= 1
        self._push(replace(frame.operands[0], start=frame.start, end=token.end))

    def _close_hole(self, token: Token) -> None:
        self._reduce(0)
        frame = self.frames[-1]
        if not isinstance(frame, HoleFrame):
            message = f"This '{self.text[frame.start : frame.end]}' is not closed before the '}}': a ')' is missing"
            raise self._error(message, frame.start, frame.end, expected=(")",), found="'}'")
        frame.parts.append(frame.operands.pop())
        if token.text:
            frame.parts.append(Text(token.text, token.start, token.end))
        if token.kind == "close":
            self.frames.pop()
            self.nesting -= 1
            self._push(Template(tuple(frame.parts), frame.begin, token.end))
        else:
            frame.start, frame.end = token.end - 2, token.end
            self.index += 1
            self.wanted = True

    def colon(self, token: Token) -> None:
        """Refuses a label where none can stand."""
        message = "':' only stands after the name of an argument, as in Repo(url, account: …)"
        raise self._error(message, token.start, token.end, found="':'")

    def _reduce(self, level: int) -> None:
        reduced = reduce(self.frames[-1], level, self.text)
        self.nesting -= reduced.levels
        self.lints += reduced.lints

    def unexpected(self, token: Token) -> None:
        """Refuses what cannot follow a value."""
        raise unexpected(token, self.text, inside=len(self.frames) > 1)

    def _error(
        self,
        message: str,
        start: int,
        end: int,
        *,
        kind: str = "Syntax",
        expected: tuple[str, ...] = (),
        found: str = "",
    ) -> FormulaError:
        return FormulaError(message, kind=kind, formula=self.text, start=start, end=end, expected=expected, found=found)

    def _peek(self, sign: str, ahead: int = 0) -> bool:
        token = self.tokens[self.index + ahead]
        return token.kind == "operator" and token.text == sign


_AFTER: Mapping[str, Callable[[Machine, Token], None]] = {
    ".": Machine.dot,
    "::": Machine.dot,
    ",": Machine.comma,
    ")": Machine.close,
    ":": Machine.colon,
}
