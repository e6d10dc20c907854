"""Every socket in the wall: what the house asks of the outside, as protocols of a few methods.

Real adapters live in ``store``, ``kvstore``, ``sandbox``, ``egress`` and ``dispatch``; ``memory`` has a twin of
each, and one suite in ``tests/ports`` holds both to the same promises.
"""

from __future__ import annotations

from packsys.ports.blobs import Blobs, BlobStore
from packsys.ports.connections import ConnectionStore, OAuthStore
from packsys.ports.deliveries import DeliveryStore, WebhookSecretStore
from packsys.ports.events import Bells, EventStore, Feed
from packsys.ports.fetching import AnswerCache, Egress, Fetcher, Found, Request, Response
from packsys.ports.jobs import ClaimStore, JobStore, ProgressStore, StepStore, UpkeepStore
from packsys.ports.keys import KeyStore
from packsys.ports.limiting import Admitted, CallSlots, Gate, RateLimiter
from packsys.ports.measuring import Counters, Meter, Sample, Series
from packsys.ports.packs import PackStore, ReleaseStore
from packsys.ports.results import Asked, FlightDesk, Handed, Kept, LastingResults, Lead, ResultCache, Wait
from packsys.ports.running import Call, Inquiry, PackRunner, World
from packsys.ports.sending import Dispatcher, Display, Due, Flowed, Pressure, Queues
from packsys.ports.tables import TableReader

__all__ = [
    "Admitted",
    "AnswerCache",
    "Asked",
    "Bells",
    "BlobStore",
    "Blobs",
    "Call",
    "CallSlots",
    "ClaimStore",
    "ConnectionStore",
    "Counters",
    "DeliveryStore",
    "Dispatcher",
    "Display",
    "Due",
    "Egress",
    "EventStore",
    "Feed",
    "Fetcher",
    "FlightDesk",
    "Flowed",
    "Found",
    "Gate",
    "Handed",
    "Inquiry",
    "JobStore",
    "Kept",
    "KeyStore",
    "LastingResults",
    "Lead",
    "Meter",
    "OAuthStore",
    "PackRunner",
    "PackStore",
    "Pressure",
    "ProgressStore",
    "Queues",
    "RateLimiter",
    "ReleaseStore",
    "Request",
    "Response",
    "ResultCache",
    "Sample",
    "Series",
    "StepStore",
    "TableReader",
    "UpkeepStore",
    "Wait",
    "WebhookSecretStore",
    "World",
]
