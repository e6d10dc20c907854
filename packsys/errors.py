"""Every error of packsys, grouped by who must act.

::

    PacksysError
    ├── RequestError      the caller            malformed, unknown or conflicting request
    ├── FormulaError      the formula's author  syntax, unknown name, wrong argument
    ├── ConnectionFault   the connection's owner  not connected, refused, scopes missing
    ├── PackError         the pack's maker      raised, wrong result, too slow, forbidden domain
    ├── UpstreamError     time                  rate limited, unavailable; carries ``retry_after``
    └── HouseError        us                    a broken promise of packsys itself

The first line of a class's docstring is the message when none is given. Errors cross process borders as
:class:`packsys.values.ErrorValue`, never as pickles.
"""

from __future__ import annotations

from enum import StrEnum

from packsys.taxonomy import Category, recovery


class Actor(StrEnum):
    """Names who can mend an error."""

    CALLER = "caller"
    AUTHOR = "author"
    OWNER = "owner"
    MAKER = "maker"
    TIME = "time"
    US = "us"


class PacksysError(Exception):
    """Something went wrong."""

    code: str = "Error"
    actor: Actor = Actor.US
    retryable: bool = False

    def __init__(self, message: str | None = None, *, retry_after: float | None = None, reason: str = "") -> None:
        """Takes a sentence for the one who must act, and the seconds to wait where time is the cure.

        ``reason`` is the rule that was broken, in a word that never changes; :mod:`packsys.egress` names its rules so.
        """
        self.message = message or (self.__doc__ or "").split("\n", 1)[0]
        self.retry_after = retry_after
        self.reason = reason
        super().__init__(self.message)

    @property
    def category(self) -> Category:
        """Gives the kind of trouble that this is."""
        return recovery(self.code).category

    @property
    def advice(self) -> str:
        """Says what helps, to the one who must act."""
        return recovery(self.code).advice


# The caller must act.


class RequestError(PacksysError):
    """The request cannot be understood."""

    code = "BadRequest"
    actor = Actor.CALLER


class Unauthorized(RequestError):
    """This needs an API key: send it as 'Authorization: Bearer pk_…'."""

    code = "Unauthorized"


class NotFound(RequestError):
    """There is no such thing here."""

    code = "NotFound"


class Conflict(RequestError):
    """The request contradicts an earlier one."""

    code = "Conflict"


class IdempotencyMismatch(RequestError):
    """This idempotency key was used for a different request: use a new key."""

    code = "IdempotencyMismatch"


# The formula's author must act.


class FormulaError(PacksysError):
    """The formula is wrong.

    Offsets are code points into ``formula``, ``end`` exclusive; ``line`` and ``column`` count from 1.
    """

    code = "Formula"
    actor = Actor.AUTHOR

    def __init__(
        self,
        message: str,
        *,
        kind: str = "Syntax",
        formula: str = "",
        start: int = 0,
        end: int | None = None,
        expected: tuple[str, ...] = (),
        found: str = "",
        suggestions: tuple[str, ...] = (),
        fix: str | None = None,
    ) -> None:
        """Takes the sentence, the place, and what would have been right.

        ``kind`` is the stable code of the mistake: Syntax, TooLong, TooDeep, UnknownName, UnknownPack,
        UnknownFormula, UnknownConnection, UnknownMember, WrongArguments, ActionNotAllowed, NoDocument.
        """
        super().__init__(message)
        self.kind = kind
        self.formula = formula
        self.start = start
        self.end = start + 1 if end is None else end
        self.expected = expected
        self.found = found
        self.suggestions = suggestions
        self.fix = fix

    @property
    def line(self) -> int:
        """Counts the line of ``start``, from 1."""
        return self.formula.count("\n", 0, self.start) + 1

    @property
    def column(self) -> int:
        """Counts the column of ``start``, from 1, in code points."""
        return self.start - (self.formula.rfind("\n", 0, self.start) + 1) + 1

    def render(self) -> str:
        """Draws the message, the line it is about, and a caret under the place."""
        begin = self.formula.rfind("\n", 0, self.start) + 1
        stop = self.formula.find("\n", self.start)
        line = self.formula[begin : stop if stop >= 0 else len(self.formula)]
        window = max(0, self.column - 61)
        shown, caret = line[window : window + 120], self.column - 1 - window
        hint = f"\nDid you mean {' or '.join(self.suggestions)}?" if self.suggestions else ""
        return f"{self.message} (line {self.line}, column {self.column})\n  {shown}\n  {' ' * caret}^{hint}"


class TableGone(PacksysError):
    """The synced table that the formula reads was deleted: sync it again, or name another one in the formula."""

    code = "TableGone"
    actor = Actor.AUTHOR


class NeverSynced(PacksysError):
    """The table that the formula reads has never been synced to its end."""

    code = "NeverSynced"
    actor = Actor.AUTHOR


class TooMuch(PacksysError):
    """The formula asks for more than a job may take."""

    code = "Budget"
    actor = Actor.AUTHOR


# The connection's owner must act.


class ConnectionFault(PacksysError):
    """The connected account cannot be used."""

    code = "Connection"
    actor = Actor.OWNER


class NotConnected(ConnectionFault):
    """This formula needs a connected account: pass one as its first argument."""

    code = "NotConnected"


class AuthenticationRefused(ConnectionFault):
    """The service refused the account's credentials: connect the account again."""

    code = "Authentication"


class GrantRefused(AuthenticationRefused):
    """The service gave no token: connect the account again.

    ``error`` is the service's own code (RFC 6749, 5.2), such as ``invalid_grant``.
    """

    code = "GrantRefused"

    def __init__(self, message: str, *, error: str) -> None:
        """Takes the sentence and the code."""
        super().__init__(message)
        self.error = error


class PermissionRefused(ConnectionFault):
    """The account may not do this: grant it the right in the service."""

    code = "Permission"


class MissingScopes(ConnectionFault):
    """The account lacks rights that this call needs: connect it again, and grant them.

    ``scopes`` are the names of the rights as the service writes them, as far as it tells them.
    """

    code = "MissingScopes"

    def __init__(self, message: str | None = None, *, scopes: tuple[str, ...] = ()) -> None:
        """Takes the sentence, and what is to be granted."""
        super().__init__(message)
        self.scopes = scopes


# The pack's maker must act.


class PackError(PacksysError):
    """The pack failed."""

    code = "Pack"
    actor = Actor.MAKER


class PackRaised(PackError):
    """The pack's code raised an exception."""

    code = "PackRaised"


class ResultMismatch(PackError):
    """The pack's result does not fit its declared type."""

    code = "ResultMismatch"


class BrokenPack(PackError):
    """The pack cannot be loaded."""

    code = "BrokenPack"


class EndlessPages(PackError):
    """A page of a sync table leads back to one before it."""

    code = "EndlessPages"


class SchemaBroken(PackError):
    """The schema of a sync table changed in a way that the table does not take."""

    code = "SchemaBroken"


class TooManyRejects(PackError):
    """Too many rows of a page do not fit their schema."""

    code = "TooManyRejects"


class ForbiddenRequest(PackError):
    """The pack asked for an address that it may not reach."""

    code = "ForbiddenRequest"


class BlobTooLarge(PackError):
    """The pack keeps a larger file than it may."""

    code = "BlobTooLarge"


class CallTimeout(PackError):
    """The pack took longer than its time limit."""

    code = "Timeout"
    retryable = True


class UserVisible(PackError):
    """The pack refused the call with a message for its user."""

    code = "UserVisible"
    actor = Actor.AUTHOR


class SandboxError(PackError):
    """The pack was stopped at a wall of the sandbox.

    ``limit`` names it: ``memory``, ``time``, ``output``, ``fetches``, ``log``, ``system call`` (the process made one
    that no pack makes), ``crashed`` (it ended by itself) or ``protocol`` (it sent what no pack sends). Only more
    time may help another attempt.
    """

    code = "Sandbox"

    def __init__(self, message: str, *, limit: str) -> None:
        """Takes the sentence and the limit."""
        super().__init__(message)
        self.limit = limit
        self.retryable = limit == "time"


# Time must pass.


class UpstreamError(PacksysError):
    """The service on the other side cannot answer now."""

    code = "Upstream"
    actor = Actor.TIME
    retryable = True


class RateLimited(UpstreamError):
    """The service asks for fewer requests."""

    code = "RateLimited"


class LimitReached(RateLimited):
    """The rate limit for this account is used up for now.

    The request was not sent. ``untouched`` says that none of its call was, so that to put the call off repeats nothing.
    """

    def __init__(self, message: str | None = None, *, retry_after: float, untouched: bool = False) -> None:
        """Takes the sentence, the seconds to wait, and whether the call has sent nothing."""
        super().__init__(message, retry_after=retry_after)
        self.untouched = untouched


class DeadlineExceeded(PacksysError):
    """The job did not end within its time."""

    code = "DeadlineExceeded"
    actor = Actor.TIME
    retryable = True

    @classmethod
    def after(cls, seconds: float) -> DeadlineExceeded:
        """Says how many seconds the job had."""
        return cls(f"The job did not end within {seconds:g} seconds: submit it again, or with a longer timeout.")


class ApiError(PacksysError):
    """The service answered with an error."""

    code = "Api"
    actor = Actor.AUTHOR


# We must act.


class HouseError(PacksysError):
    """packsys itself failed."""

    code = "House"


class WorkerLost(HouseError):
    """Every worker that took this call was lost."""

    code = "WorkerLost"
    retryable = True

    @classmethod
    def after(cls, attempts: int) -> WorkerLost:
        """Says how many workers were lost with the call."""
        return cls(f"Each of the {attempts} workers that took this call was lost: look into their logs for the reason.")


class NotReady(HouseError):
    """A server that packsys needs does not answer."""

    code = "NotReady"
    retryable = True


class Overloaded(NotReady):
    """More work waits than may wait."""

    code = "Overloaded"


class WrongSetUp(HouseError):
    """The set-up would lose work."""

    code = "WrongSetUp"


class NoSandbox(HouseError):
    """This machine cannot wall in the code of strangers: run packsys on Linux 5.13 or newer, with seccomp."""

    code = "NoSandbox"


class SealBroken(HouseError):
    """A stored secret cannot be opened: it was altered, moved, or sealed with a key that is not there."""

    code = "SealBroken"
