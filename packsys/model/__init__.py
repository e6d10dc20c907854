"""The nouns of the house, as frozen dataclasses, and the states they move through."""

from __future__ import annotations

from packsys.model.connections import AuditEntry, AuditNote, Connection, ConnectionState, OAuthClient
from packsys.model.deliveries import Delivery, DeliveryState, Subject, WebhookSecret
from packsys.model.events import Event, EventKind, followed
from packsys.model.jobs import Claim, Job, JobState, Priority, Route, Stall, Step, StepState, Submission
from packsys.model.keys import Key, Scope
from packsys.model.packs import Blob, PackFormula, PackTable, PackVersion, Release
from packsys.model.progress import Progress, Waiting, waiting_by_cause

__all__ = [
    "AuditEntry",
    "AuditNote",
    "Blob",
    "Claim",
    "Connection",
    "ConnectionState",
    "Delivery",
    "DeliveryState",
    "Event",
    "EventKind",
    "Job",
    "JobState",
    "Key",
    "OAuthClient",
    "PackFormula",
    "PackTable",
    "PackVersion",
    "Priority",
    "Progress",
    "Release",
    "Route",
    "Scope",
    "Stall",
    "Step",
    "StepState",
    "Subject",
    "Submission",
    "Waiting",
    "WebhookSecret",
    "followed",
    "waiting_by_cause",
]
