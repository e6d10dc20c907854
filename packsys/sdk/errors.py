"""What can go wrong in a pack: while it is declared, and while it runs."""

from __future__ import annotations

from packsys.sdk.http import Response


class PackDeclarationError(Exception):
    """A declaration makes no sense; the message says what it is about and what to write instead."""


class UserVisibleError(Exception):
    """The call cannot be done, and its user can mend that: the message is shown to them as it is.

    Raise it for a mistake in the arguments, such as an address of another service.
    """


class FetchError(Exception):
    """The host did not do what it was asked for: a request is forbidden, the service out of reach, a file too large.

    The host raises it. Let it pass unless the formula has another way to its result: the host knows best
    whether the call is worth another try.
    """


class StatusCodeError(Exception):
    """The service answered with a status of 400 or more.

    Left alone it becomes the right error for the formula's user: a refused token, a missing right, a rate limit,
    a service that is down. Catch it to give a status another meaning.
    """

    def __init__(self, response: Response, *, method: str = "GET", url: str = "") -> None:
        """Takes the answer and the request that it answers; the query of ``url`` is left out of the message."""
        self.response = response
        self.status = response.status
        self.method = method
        self.url = url.partition("?")[0]
        super().__init__(f"{method} {self.url} was answered with status {response.status}.")
