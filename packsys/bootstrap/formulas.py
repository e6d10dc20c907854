"""Puts the use cases of formulas and jobs on the adapters."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial

from packsys.adapters import Adapters, new_id, now
from packsys.bootstrap.queues import backlog
from packsys.bootstrap.worker import worker
from packsys.language.compile import Compiler
from packsys.limits.calls import call_limits
from packsys.metrics.declared import REPAIRS
from packsys.metrics.runner import TimedRunner
from packsys.model import Claim
from packsys.ports import Display
from packsys.runtime.admission import Admission
from packsys.runtime.advance import Advance
from packsys.runtime.ahead import RunAhead
from packsys.runtime.batch import SubmitMany
from packsys.runtime.calling import MakeCall
from packsys.runtime.execute import Execute
from packsys.runtime.flights import Flights
from packsys.runtime.heartbeat import Heartbeats
from packsys.runtime.nearby import Nearby
from packsys.runtime.opening import LIGHT, Open
from packsys.runtime.preview import AssistAuthor
from packsys.runtime.reconcile import Reconcile
from packsys.runtime.retries import Retries
from packsys.runtime.scope import Compile
from packsys.runtime.submit import Submit
from packsys.runtime.tally import Tally
from packsys.runtime.unwritten import Unwritten
from packsys.settings import Settings
from packsys.sync.answering import AnswerTables


@dataclass(frozen=True, kw_only=True)
class Formulas:
    """Is what takes formulas and brings their jobs to an end.

    ``display`` shows the calls that a worker goes on with, ``may_call_back`` refuses workspaces whose messages nothing
    could sign.
    """

    settings: Settings
    adapters: Adapters
    display: Display
    may_call_back: Callable[[str], None]

    @cached_property
    def compile(self) -> Compile:
        """Parses and binds them."""
        return Compile(
            compiler=Compiler(),
            packs=self.adapters.shelf,
            connections=self.adapters.stores.connections,
            tables=self._tables,
        )

    @property
    def assist(self) -> AssistAuthor:
        """Helps who writes them."""
        return AssistAuthor(
            packs=self.adapters.shelf, connections=self.adapters.stores.connections, tables=self._tables
        )

    @cached_property
    def submit(self) -> Submit:
        """Accepts one."""
        return Submit(
            compile=self.compile,
            open=self._open,
            jobs=self.adapters.stores.jobs,
            dispatcher=self.adapters.sending.dispatcher,
            pressure=self.adapters.sending.pressure,
            now=now,
            new_id=new_id,
            may_call_back=self.may_call_back,
        )

    @property
    def submit_many(self) -> SubmitMany:
        """Accepts those that somebody sends together."""
        return SubmitMany(submit=self.submit, compiling=self.compile.together)

    @property
    def submit_together(self) -> SubmitMany:
        """Accepts those that come at the same time."""
        light = replace(self.submit, open=replace(self._open, budget=LIGHT))
        return SubmitMany(submit=light, compiling=self.compile.together, telling=True)

    @property
    def execute(self) -> Execute:
        """Makes calls."""
        return Execute(
            steps=self.adapters.stores.steps,
            make=self._make,
            dispatcher=self.adapters.sending.dispatcher,
            advance=self.advance,
            ahead=RunAhead(
                advance=self.advance, make=self._make, unwritten=self._unwritten, heartbeats=self._heartbeats
            ),
            heartbeats=self._heartbeats,
            display=self.display,
        )

    @cached_property
    def advance(self) -> Advance:
        """Moves jobs on."""
        return Advance(
            jobs=self.adapters.stores.jobs,
            steps=self.adapters.stores.steps,
            dispatcher=self.adapters.sending.dispatcher,
            worker=worker(),
            lease=self.settings.lease,
            clock=time.monotonic,
        )

    @property
    def reconcile(self) -> Reconcile:
        """Finds what stands still."""
        return Reconcile(
            upkeep=self.adapters.stores.upkeep,
            steps=self.adapters.stores.steps,
            dispatcher=self.adapters.sending.dispatcher,
            grace=self.settings.grace,
            attempts=self.settings.attempts,
            backlog=partial(backlog, self.adapters.sending.queues),
            repaired=partial(self.adapters.measure.count, REPAIRS),
        )

    @cached_property
    def _tables(self) -> AnswerTables:
        stores = self.adapters.syncs
        return AnswerTables(tables=stores.tables, runs=stores.runs, rows=stores.rows)

    @cached_property
    def _open(self) -> Open:
        return Open(packs=self.adapters.shelf, flights=self._flights)

    @cached_property
    def _unwritten(self) -> Unwritten:
        return Unwritten(self.adapters.stores.steps)

    @cached_property
    def _heartbeats(self) -> Heartbeats[Claim]:
        renew, figures = partial(self.adapters.stores.steps.renew, wait=False), self.adapters.exposition.figures
        return Heartbeats(renew, lease=self.settings.lease, lost=figures.lost, missed=figures.missed)

    @cached_property
    def _flights(self) -> Flights:
        return Flights(
            desk=self.adapters.desk,
            cache=self.adapters.cache,
            nearby=Nearby(),
            lasting=self.adapters.stores.lasting,
            claims=self._unwritten,
            dispatcher=self.adapters.sending.dispatcher,
            tally=Tally(self.adapters.cache.count),
            random=random.random,
            lease=self.settings.lease,
        )

    @cached_property
    def _make(self) -> MakeCall:
        return MakeCall(
            claims=self._unwritten,
            packs=self.adapters.shelf,
            runner=TimedRunner(runner=self.adapters.shelf, figures=self.adapters.exposition.figures),
            surround=self.adapters.surround,
            flights=self._flights,
            admission=self._admission(),
            dispatcher=self.adapters.sending.dispatcher,
            retries=Retries(random=random.random),
            lease=self.settings.lease,
            tables=self._tables,
        )

    def _admission(self) -> Admission:
        return Admission(
            limits=call_limits(self.settings.calls_at_once),
            slots=self.adapters.call_slots,
            claims=self._unwritten,
            dispatcher=self.adapters.sending.dispatcher,
            retries=Retries(random=random.random),
            lease=self.settings.lease,
        )
