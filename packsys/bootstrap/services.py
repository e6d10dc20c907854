"""The wired house, as its doors see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from packsys.catalog.registry import Registry
from packsys.language.editor import Assistance
from packsys.metrics.exposition import Exposition
from packsys.model import Connection, Job, Submission
from packsys.ports import (
    BlobStore,
    ConnectionStore,
    DeliveryStore,
    Due,
    EventStore,
    Feed,
    Flowed,
    JobStore,
    KeyStore,
    PackStore,
    ProgressStore,
    ResultCache,
    StepStore,
)
from packsys.runtime.batch import Answer
from packsys.runtime.clients import SetClient
from packsys.runtime.connect import NewConnection
from packsys.runtime.deliver import Deliver
from packsys.runtime.disconnect import Disconnect
from packsys.runtime.inquire import Inquire
from packsys.runtime.preview import Preview
from packsys.runtime.publish import Published
from packsys.runtime.rotate import Rotated
from packsys.runtime.signin import SignIn
from packsys.runtime.webhook_secrets import WebhookSecrets
from packsys.scheduling.ports import ScheduleStore, SlotStore
from packsys.scheduling.schedule import Schedule
from packsys.sync.house import Syncs
from packsys.sync.instances import Instances


@dataclass(frozen=True, kw_only=True)
class Services:
    """Is the wired house: the use cases that doors ring for, and the stores that they may read."""

    submit: Callable[[Submission], Job]
    submit_many: Callable[[Sequence[Submission]], Sequence[Answer]]
    submit_together: Callable[[Sequence[Submission]], Sequence[Answer]]
    preview: Callable[[Submission], Preview]
    assist: Callable[[Submission, int], Assistance]
    cancel: Callable[[str, str], Job]
    connect: Callable[[NewConnection], Connection]
    sign_in: SignIn
    disconnect: Disconnect
    set_client: SetClient
    rotate: Callable[[], Iterator[Rotated]]
    publish: Callable[[bytes, str], Published]
    execute: Callable[[Due], None]
    inquire: Inquire
    advance: Callable[[str], None]
    reconcile: Callable[[], int]
    flow: Callable[[], Flowed]
    deliver: Deliver
    webhook_secrets: WebhookSecrets
    ready: Callable[[], Mapping[str, str]]
    jobs: JobStore
    steps: StepStore
    events: EventStore
    feed: Feed
    progress: ProgressStore
    deliveries: DeliveryStore
    keys: KeyStore
    connections: ConnectionStore
    packs: PackStore
    registry: Registry
    blobs: BlobStore
    cache: ResultCache
    forget: Callable[[Sequence[str]], None]
    syncs: Syncs
    schedules: ScheduleStore
    slots: SlotStore
    keep_schedule: Callable[[Schedule], Schedule]
    instances: Instances
    exposition: Exposition = field(default_factory=Exposition)
