"""Talks to the HTTP service from other programs.

::

    with Packsys("https://packsys.example.com", "pk_…") as packsys:
        print(packsys.run("=GitHub::Repos([my account]).Count()"))

It imports nothing of packsys but its errors. What fails on the way is sent again, under one idempotency key, so
that a formula is never evaluated twice for one call.
"""

from packsys.client.errors import Refused, Unreachable
from packsys.client.jobs import Event, Job, JobFailed, StillRunning
from packsys.client.packsys import Packsys
from packsys.client.syncs import SyncTables
from packsys.client.transport import View

__all__ = [
    "Event",
    "Job",
    "JobFailed",
    "Packsys",
    "Refused",
    "StillRunning",
    "SyncTables",
    "Unreachable",
    "View",
]
