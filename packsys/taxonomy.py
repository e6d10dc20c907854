"""What helps against each error: the one place where it is written.

Errors travel between processes by their code; what kind of trouble a code is and what to do about it is looked up
here, so that an error value need not carry it. ``docs/errors.md`` shows the whole table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Category(StrEnum):
    """Names kinds of trouble, for people who count and sort them."""

    CONNECTION = "connection"
    AUTH = "auth"
    RATE_LIMIT = "rate_limit"
    API = "api"
    TIMEOUT = "timeout"
    PARSE = "parse"
    VALIDATION = "validation"
    PERMISSION = "permission"
    SANDBOX = "sandbox"
    PACK = "pack"
    HOUSE = "house"


@dataclass(frozen=True)
class Recovery:
    """Says of a code what kind of trouble it is, and what helps, to the one who must act."""

    category: Category
    advice: str


_C = Category

RECOVERY: Mapping[str, Recovery] = MappingProxyType(
    {
        # The caller must act.
        "BadRequest": Recovery(_C.VALIDATION, "Correct the request as the message says, and send it again."),
        "Unauthorized": Recovery(_C.AUTH, "Make a key with 'packsys key new' and send it with every request."),
        "NotFound": Recovery(_C.VALIDATION, "Check the id, and that the API key belongs to the same workspace."),
        "Conflict": Recovery(_C.VALIDATION, "Look at what is there now, and decide anew."),
        "IdempotencyMismatch": Recovery(_C.VALIDATION, "Use one idempotency key for one request only."),
        # The formula's author must act.
        "Formula": Recovery(_C.PARSE, "Correct the formula at the place that is marked."),
        "Syntax": Recovery(_C.PARSE, "Correct the formula at the place that is marked."),
        "TooLong": Recovery(_C.PARSE, "Make the formula shorter, or cut it into several."),
        "TooDeep": Recovery(_C.PARSE, "Nest fewer calls and lists inside each other."),
        "UnknownName": Recovery(_C.PARSE, "Correct the name, or pass a variable of that name."),
        "UnknownPack": Recovery(_C.PARSE, "Correct the pack's name, or install the pack."),
        "UnknownFormula": Recovery(_C.PARSE, "Correct the formula's name; the pack's page lists all of them."),
        "UnknownConnection": Recovery(_C.AUTH, "Connect the account, or choose one that is connected."),
        "UnknownMember": Recovery(_C.PARSE, "Use one of the properties that the message names."),
        "WrongArguments": Recovery(_C.VALIDATION, "Pass the arguments that the formula declares, in their order."),
        "ActionNotAllowed": Recovery(_C.PERMISSION, "Submit the formula with actions allowed, if it is to act."),
        "Value": Recovery(_C.VALIDATION, "Pass a value of the kind that is wanted, or catch it with IfError."),
        "Number": Recovery(_C.VALIDATION, "Keep to numbers that can be computed, or catch it with IfError."),
        "DivideByZero": Recovery(_C.VALIDATION, "Make sure that the divisor is not 0, or catch it with IfError."),
        "MissingArgument": Recovery(_C.VALIDATION, "Pass the argument that is missing."),
        "NoMatch": Recovery(_C.VALIDATION, "Say what holds for the rest, or catch it with IfError."),
        "Custom": Recovery(_C.VALIDATION, "Do as the formula's own message says."),
        "NoDocument": Recovery(_C.PARSE, "Leave the function out: it needs a document around the formula."),
        "Budget": Recovery(_C.VALIDATION, "Make the formula do less: shorter lists, shorter chains."),
        "TableGone": Recovery(_C.VALIDATION, "Sync the table again, and name the new one in the formula."),
        "NeverSynced": Recovery(_C.VALIDATION, "Start a run of the table, and submit the formula when it has ended."),
        "UserVisible": Recovery(_C.VALIDATION, "Change the arguments as the message says."),
        "Api": Recovery(_C.API, "Look whether the arguments name something that the service has and lets you see."),
        "OutcomeUnknown": Recovery(_C.API, "Look in the service whether it took effect before you do it again."),
        # The connection's owner must act.
        "Connection": Recovery(_C.AUTH, "Look at the state of the connection, and connect the account again."),
        "NotConnected": Recovery(_C.AUTH, "Connect an account of the service, and pass it to the formula."),
        "Authentication": Recovery(_C.AUTH, "Connect the account again: its token was revoked or has expired."),
        "GrantRefused": Recovery(_C.AUTH, "Sign in at the service once more to connect the account."),
        "Permission": Recovery(_C.PERMISSION, "Ask in the service for the right, or use an account that has it."),
        "MissingScopes": Recovery(_C.PERMISSION, "Connect the account again and grant the rights that are named."),
        # The pack's maker must act.
        "Pack": Recovery(_C.PACK, "Tell the pack's maker what you called and what was said."),
        "PackRaised": Recovery(_C.PACK, "Tell the pack's maker what you called and what was said."),
        "ResultMismatch": Recovery(_C.VALIDATION, "Tell the pack's maker: result and declaration must agree."),
        "BrokenPack": Recovery(_C.PACK, "Install another version of the pack, and tell its maker."),
        "EndlessPages": Recovery(_C.PACK, "Tell the pack's maker: each page must lead on, and the last one to none."),
        "SchemaBroken": Recovery(_C.VALIDATION, "Sync the table anew beside the old one, or let it follow the change."),
        "TooManyRejects": Recovery(_C.VALIDATION, "Look at the rows that were set aside, and tell the pack's maker."),
        "ForbiddenRequest": Recovery(
            _C.SANDBOX, "Declare the domain in the pack, or let the operator allow the network."
        ),
        "BlobTooLarge": Recovery(_C.SANDBOX, "Keep smaller files, or give the file's address instead."),
        "Timeout": Recovery(_C.TIMEOUT, "Ask for less at once, or let the pack's maker allow the formula more time."),
        "Sandbox": Recovery(_C.SANDBOX, "Ask for less at once, and tell the pack's maker which limit it met."),
        # Time must pass.
        "Upstream": Recovery(
            _C.CONNECTION, "Wait: the call is tried again. If it goes on, look at the service's status."
        ),
        "RateLimited": Recovery(_C.RATE_LIMIT, "Wait: there will be room again. Ask less often, or for more at once."),
        "DeadlineExceeded": Recovery(_C.TIMEOUT, "Submit the job again, or with a longer timeout."),
        "Unreachable": Recovery(_C.CONNECTION, "Look whether the service runs, and whether its address is right."),
        "StillRunning": Recovery(_C.TIMEOUT, "Ask for the job again later: it goes on."),
        # We must act.
        "House": Recovery(_C.HOUSE, "Tell the operator the id of the request or job; the logs know more."),
        "WorkerLost": Recovery(_C.HOUSE, "Look into the workers' logs for what killed them, memory above all."),
        "NotReady": Recovery(
            _C.CONNECTION, "Wait a moment; if it goes on, look whether all servers run ('packsys doctor')."
        ),
        "Overloaded": Recovery(_C.RATE_LIMIT, "Wait and try again; if it goes on, add workers."),
        "WrongSetUp": Recovery(_C.HOUSE, "Change the setting that the message names."),
        "NoSandbox": Recovery(_C.SANDBOX, "Run workers where 'packsys doctor' finds every wall."),
        "SealBroken": Recovery(_C.HOUSE, "Bring back the vault key that is missing, or connect the account again."),
    }
)
"""What helps, by code. A code that is not here is one of a door, such as of HTTP, and speaks for itself."""

_ELSE = Recovery(Category.VALIDATION, "Do as the message says.")


def recovery(code: str) -> Recovery:
    """Gives what helps against an error with this code."""
    return RECOVERY.get(code, _ELSE)
