"""The pages of GitHub's sync tables.

Answers carry an ETag, and one that is the same again costs nothing of GitHub's rate limit: pages are asked for so that
the host keeps them, and asks each time whether they are still the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from packsys.sdk import Context, Page, Response, StatusCodeError

from .addresses import owner_and_name, repositories_of  # noqa: TID252 - published, the pack is a package of its own

HEADERS = {"Accept": "application/vnd.github.v3+json"}
PAGE = 100  # the most that GitHub puts on one page
OVERLAP = timedelta(minutes=5)  # by as much may GitHub's clock be behind ours
_ALWAYS_ASK = 0.001  # seconds for which a page is taken as it was kept

# The order in which things were made does not change while they are read, so that no page boundary skips one.
_REPOSITORIES: Mapping[str, str | int] = {"sort": "created", "direction": "asc", "per_page": PAGE}
_ISSUES: Mapping[str, str | int] = {**_REPOSITORIES, "state": "all"}
_NO_ISSUES = 410  # they are switched off
_OUT_OF_REACH = (404, 451)


def repositories(
    context: Context,
    owner: Annotated[str, "The user or organisation whose repositories to sync; blank for the account's own."] = "",
) -> Page:
    """Holds repositories: all that the account can reach, or the public ones of an owner."""
    page = _fetch(context, context.sync.continuation.get("next", "") or repositories_of(owner), _REPOSITORIES)
    following = page.links.get("next")
    return Page(page.json(), continuation={"next": following} if following else None)


def issues(
    context: Context,
    repository: Annotated[str, "The address of one repository, or its name as in octocat/hello-world."] = "",
    owner: Annotated[str, "Of whose repositories, when no one is named; blank for those of the account."] = "",
) -> Page:
    """Holds issues and pull requests, open or closed: of one repository, or of all, each as a partition of its own."""
    place = context.sync.continuation
    if "parent" in place:
        return _issues_of(context, **place)
    if repository:
        of, name = owner_and_name(repository, context.endpoint)
        return _issues_of(context, parent=_parent(_fetch(context, f"/repos/{of}/{name}", {}).json()), alone=True)
    page = _fetch(context, place.get("next") or repositories_of(owner), _REPOSITORIES)
    parents = [_parent(each) for each in page.json()]
    following = page.links.get("next")
    return Page(
        [],
        partitions={str(id): {"parent": [id, full_name]} for id, full_name in parents},
        continuation={"next": following} if following else None,
        completion=None if following else _completion(context.sync.started_at),
    )


def _parent(repository: Mapping[str, Any]) -> Sequence[Any]:
    return [repository["id"], repository["full_name"]]


def _issues_of(context: Context, parent: Sequence[Any], next: str = "", *, alone: bool = False) -> Page:
    """Reads a page of one repository's issues; its id, which survives renames, names the partition."""
    id, full_name = parent
    query = {**_ISSUES, "since": context.sync.previous.get("since")}
    try:
        page = _fetch(context, next or f"/repos/{full_name}/issues", query)
    except StatusCodeError as error:
        if error.status == _NO_ISSUES:
            return Page([], completion=_completion(context.sync.started_at))
        if alone or error.status not in _OUT_OF_REACH:
            raise
        return _missed(context)
    rows = [_row(each, id, full_name) for each in page.json()]
    following = page.links.get("next", "")
    if following:
        return Page(rows, continuation={"parent": parent, "next": following, "alone": alone})
    return Page(rows, completion=_completion(context.sync.started_at))


def _missed(context: Context) -> Page:
    # A run that asks for changes only deletes nothing: it asks for the same ones again when it can.
    previous = context.sync.previous
    return Page([], completion=previous) if previous else Page([], incomplete=True)


def _row(issue: Mapping[str, Any], id: int, full_name: str) -> dict[str, Any]:
    labels = [each if isinstance(each, str) else each.get("name") for each in issue.get("labels", ())]
    return {**issue, "labels": labels, "repository": {"id": id, "full_name": full_name}}


def _completion(started_at: datetime | None) -> Mapping[str, Any] | None:
    """Says from when on changes are to be asked for next: what changed while this run was reading is among them."""
    if started_at is None:
        return None
    return {"since": (started_at.astimezone(UTC) - OVERLAP).strftime("%Y-%m-%dT%H:%M:%SZ")}


def _fetch(context: Context, url: str, query: Mapping[str, str | int | None]) -> Response:
    given = query if url.startswith("/") else {}  # a linked address brings its own query
    return context.fetch(url, headers=HEADERS, query=given, cache_ttl=_ALWAYS_ASK)
