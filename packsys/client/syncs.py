"""Syncs tables over the HTTP service."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from packsys.client.transport import LONGEST_WAIT, Transport, View

ENDED = ("succeeded", "failed", "cancelled")


class SyncTables:
    """Makes, runs and reads the sync tables of a workspace; every method raises Refused and Unreachable."""

    def __init__(self, transport: Transport) -> None:
        """Takes the way to the service."""
        self._transport = transport

    def create(self, *, pack: str, table: str, **terms: Any) -> View:
        """Makes an instance of a pack's table.

        ``terms`` are ``name``, ``parameters``, ``account`` (the id of a connection), ``schedule`` (``every`` so many
        seconds, or ``cron`` and ``timezone``), ``guard`` (``rows``, ``share``, ``strikes``), ``policy``, ``weight``,
        ``callback`` (told of the end of each run), ``version``, ``timezone``, ``dynamic_url`` and ``id``.
        """
        return self._transport.view("POST", "/v1/syncs", json={"pack": pack, "table": table, **terms})

    def list(self) -> Sequence[View]:
        """Lists the sync tables, oldest first."""
        return self._transport.views("/v1/syncs")

    def get(self, sync: str) -> View:
        """Gives a sync table with its schedule, its columns and its last run."""
        return self._transport.view("GET", f"/v1/syncs/{sync}")

    def delete(self, sync: str) -> View:
        """Deletes a sync table with its rows and history, and gives it as it was."""
        return self._transport.view("DELETE", f"/v1/syncs/{sync}")

    def schedule(self, sync: str, **terms: Any) -> View:
        """Says when a table is synced: ``every`` seconds, or ``cron`` and ``timezone``; ``jitter``, ``paused``."""
        return self._transport.view("PUT", f"/v1/syncs/{sync}/schedule", json=terms)

    def pause(self, sync: str) -> View:
        """Lets no run start, and the one under way rest."""
        return self._transport.view("POST", f"/v1/syncs/{sync}/pause")

    def resume(self, sync: str) -> View:
        """Lets runs start again, and the one that rests go on."""
        return self._transport.view("POST", f"/v1/syncs/{sync}/resume")

    def reset(self, sync: str) -> View:
        """Ends the run under way and has the next one read everything."""
        return self._transport.view("POST", f"/v1/syncs/{sync}/reset")

    def preview(self, sync: str, *, mode: str = "full", pages: int = 1) -> View:
        """Counts what the first pages of a run would change; nothing is kept."""
        return self._transport.view("POST", f"/v1/syncs/{sync}/preview", json={"mode": mode, "pages": pages})

    def start(self, sync: str, *, mode: str = "incremental") -> View:
        """Starts a run, ``full`` or ``incremental``, or gives the one that is under way."""
        return self._transport.view("POST", f"/v1/syncs/{sync}/runs", json={"mode": mode})

    def runs(self, sync: str, *, limit: int = 50) -> Sequence[View]:
        """Lists the runs of a table, the newest first."""
        return self._transport.views(f"/v1/syncs/{sync}/runs", limit=limit)

    def run(self, run: str, *, wait: float = 0.0) -> View:
        """Gives a run, at once or as soon as it has ended or rests within ``wait`` seconds (30 at most)."""
        return self._transport.view("GET", f"/v1/sync-runs/{run}", params={"wait": wait})

    def wait(self, run: str) -> View:
        """Waits until a run has ended, or waits for a person itself, and gives it."""
        while (seen := self.run(run, wait=LONGEST_WAIT))["state"] not in (*ENDED, "needs_approval", "paused"):
            pass
        return seen

    def events(self, run: str, *, after: int = 0) -> Iterator[View]:
        """Follows a run from the event after the given one until it has ended; a broken stream is taken up again."""
        return self._transport.follow(f"/v1/sync-runs/{run}/events", after)

    def pages(self, run: str, *, after: int = -1, limit: int = 100) -> Sequence[View]:
        """Lists the pages that a run has kept."""
        return self._transport.views(f"/v1/sync-runs/{run}/pages", after=after, limit=limit)

    def pause_run(self, run: str) -> View:
        """Stops a run for a while."""
        return self._transport.view("POST", f"/v1/sync-runs/{run}/pause")

    def resume_run(self, run: str) -> View:
        """Lets a run go on where it was: a paused one, or its table's last that failed or was cancelled."""
        return self._transport.view("POST", f"/v1/sync-runs/{run}/resume")

    def cancel(self, run: str) -> View:
        """Ends a run."""
        return self._transport.view("POST", f"/v1/sync-runs/{run}/cancel")

    def approve(self, run: str, *, approved: bool = True) -> View:
        """Says whether a run that waits for approval may delete what it has not met."""
        return self._transport.view("POST", f"/v1/sync-runs/{run}/approve", json={"approved": approved})

    def page(
        self,
        sync: str,
        *,
        where: Sequence[str] = (),
        sort: str = "",
        limit: int = 100,
        cursor: str | None = None,
        deleted: bool = False,
    ) -> View:
        """Gives one page of rows, and as ``next`` the cursor of the one behind it.

        ``where`` are terms such as ``Stars>=5``; ``sort`` is a property, backwards with a ``-`` before it.
        """
        asked: dict[str, Any] = {"sort": sort, "limit": limit, "deleted": deleted}
        more = {"where": list(where)} if where else {}
        behind = {"cursor": cursor} if cursor else {}
        return self._transport.view("GET", f"/v1/syncs/{sync}/rows", params={**asked, **more, **behind})

    def rows(self, sync: str, **terms: Any) -> Iterator[View]:
        """Gives all rows, page by page; takes what :meth:`page` takes."""
        page = self.page(sync, **terms)
        yield from page["rows"]
        while page["next"]:
            page = self.page(sync, **{**terms, "cursor": page["next"]})
            yield from page["rows"]

    def changes(self, sync: str, *, after: int = 0, limit: int = 100) -> Sequence[View]:
        """Lists what happened to rows after a number; who has read up to one has missed nothing before it."""
        return self._transport.views(f"/v1/syncs/{sync}/changes", after=after, limit=limit)

    def rejects(self, sync: str, *, after: int = 0, limit: int = 100) -> Sequence[View]:
        """Lists the rows that were set aside, with the reasons."""
        return self._transport.views(f"/v1/syncs/{sync}/rejects", after=after, limit=limit)

    def replay(self, sync: str, *, after: int = 0, limit: int = 1000) -> View:
        """Keeps rows that were set aside and fit now, and gives the counts."""
        return self._transport.view("POST", f"/v1/syncs/{sync}/rejects/replay", json={"after": after, "limit": limit})

    def discard(self, sync: str, ids: Sequence[int]) -> int:
        """Forgets rows that were set aside, and counts them."""
        return int(self._transport.view("POST", f"/v1/syncs/{sync}/rejects/discard", json={"ids": [*ids]})["count"])
