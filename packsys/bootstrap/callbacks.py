"""Puts what tells callbacks on the adapters."""

from __future__ import annotations

import random
import secrets
from dataclasses import dataclass
from functools import cached_property

from packsys.adapters import Adapters, callback_couriers, new_id, now
from packsys.model import Subject
from packsys.runtime.deliver import Deliver
from packsys.runtime.message import message, run_message
from packsys.runtime.webhook_secrets import WebhookSecrets
from packsys.settings import Settings


@dataclass(frozen=True)
class Callbacks:
    """Is what tells callbacks of ends, and what it signs with."""

    settings: Settings
    adapters: Adapters

    @cached_property
    def secrets(self) -> WebhookSecrets:
        """Makes what messages are signed with."""
        return WebhookSecrets(
            store=self.adapters.stores.webhook_secrets,
            vault=self.adapters.vault,
            randomness=secrets.token_bytes,
            new_id=new_id,
            now=now,
        )

    @property
    def deliver(self) -> Deliver:
        """Sends the messages that are due."""
        jobs, runs = self.adapters.stores.jobs, self.adapters.syncs.runs
        return Deliver(
            deliveries=self.adapters.stores.deliveries,
            messages={
                Subject.JOB: lambda job: message(jobs.get(job)),
                Subject.RUN: lambda run: run_message(runs.get(run)),
            },
            secrets=self.secrets.of,
            couriers=callback_couriers(self.settings),
            now=now,
            random=random.random,
            post=self.adapters.post,
        )
