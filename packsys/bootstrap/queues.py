"""What is done about messages that wait before the workers."""

from __future__ import annotations

from packsys.errors import NotReady
from packsys.ports import Flowed, Queues


def backlog(queues: Queues | None) -> bool:
    """Tells whether messages wait for workers, or whether that is not known."""
    from packsys.dispatch.app import QUEUES

    try:
        return queues is None or any(map(queues.depth, QUEUES.values()))
    except NotReady:
        return True


def flow(queues: Queues | None) -> Flowed:
    """Moves on the messages that wait before the workers' queues."""
    from packsys.dispatch.app import QUEUES

    return queues.flow(tuple(QUEUES.values())) if queues else Flowed(0)
