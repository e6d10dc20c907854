"""How a worker takes messages."""

from __future__ import annotations

from typing import Any

from celery.worker.request import Request


class Taken(Request):
    """Is a task's request that acknowledges its message only where the broker waits for that.

    kombu's Redis transport would delete the note of a message that it never noted down: two commands for nothing.
    """

    def acknowledge(self) -> None:
        """Acknowledges the message, unless the worker takes messages for good."""
        if self.app.takes_for_good:
            self.acknowledged = True
        else:
            super().acknowledge()


def take_for_good(app: Any) -> None:
    """Makes a process that does one thing at a time take messages without acknowledging them.

    PostgreSQL knows of the work, and the reconciler sends again what a worker took and did not begin, long before the
    broker would. To note each message as taken and then as done costs about a quarter of such a process's time. What
    another service asks for through Celery is known nowhere else, so that its queue stays as it is; and with several
    slots it is the acknowledgements that keep a process from taking more than it has slots for.
    """
    app.takes_for_good = True
    for queue in app.conf.task_queues:
        queue.no_ack = queue.name != app.conf.task_default_queue
