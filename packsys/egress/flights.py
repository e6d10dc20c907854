"""Asks once what is asked for several times at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable
from concurrent.futures import CancelledError, Future

from packsys.egress.deadline import Deadline
from packsys.ports import Response


class Flights:
    """Gives equal requests that are under way in this process the same answer. A failure is nobody else's."""

    def __init__(self) -> None:
        """Begins with none."""
        self._under_way: dict[tuple[int, Hashable], Future[Response]] = {}

    def join(self, name: Hashable, ask: Callable[[], Response], deadline: Deadline) -> Response:
        """Asks, or waits for the answer to the same question; after a failure the next who waits asks."""
        while True:
            own: Future[Response] = Future()
            first = self._under_way.setdefault((os.getpid(), name), own)
            if first is own:
                return self._led(name, own, ask)
            try:
                return first.result(timeout=deadline.left())
            except TimeoutError:
                raise deadline.missed() from None
            except CancelledError:
                continue

    def _led(self, name: Hashable, own: Future[Response], ask: Callable[[], Response]) -> Response:
        try:
            response = ask()
            own.set_result(response)
        finally:
            self._under_way.pop((os.getpid(), name), None)
            own.cancel()  # changes nothing once there is a result
        return response
