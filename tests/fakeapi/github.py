"""What the stand-in answers: a path and a query lead to a status, headers and a body, without any network."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from math import ceil
from typing import Any
from urllib.parse import urlencode

from tests.fakeapi import shapes
from tests.fakeapi.world import JsonObject, Owner, Repository, World

DOCUMENTATION = "https://docs.github.com/rest"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Is a request, as far as an answer depends on it; ``api`` is the address that it came to."""

    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    api: str = "https://api.github.com"
    authenticated: bool = True


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Is a status, some headers and a value for the body; None stands for no body."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        """Is the body in bytes."""
        return b"" if self.body is None else json.dumps(self.body, ensure_ascii=False).encode()

    @property
    def etag(self) -> str:
        """Names this content; equal content has an equal name."""
        return f'W/"{sha256(self.content).hexdigest()}"'


def failure(status: int, message: str, page: str = "") -> Answer:
    """Writes a failure as GitHub does."""
    return Answer(
        status=status,
        body={"message": message, "documentation_url": f"{DOCUMENTATION}{page}", "status": str(status)},
    )


def answer(world: World, asked: Asked) -> Answer:
    """Answers a request for GET."""
    for pattern, view in _ROUTES:
        if found := re.fullmatch(pattern, asked.path):
            return view(world, asked, *found.groups())
    return failure(404, "Not Found")


def _root(world: World, asked: Asked) -> Answer:
    return Answer(
        body={
            "current_user_url": f"{asked.api}/user",
            "current_user_repositories_url": f"{asked.api}/user/repos{{?type,page,per_page,sort}}",
            "organization_url": f"{asked.api}/orgs/{{org}}",
            "rate_limit_url": f"{asked.api}/rate_limit",
            "repository_url": f"{asked.api}/repos/{{owner}}/{{repo}}",
            "user_url": f"{asked.api}/users/{{user}}",
        }
    )


def _account(world: World, asked: Asked) -> Answer:
    if not asked.authenticated:
        return failure(401, "Requires authentication", "/users/users#get-the-authenticated-user")
    return Answer(body=shapes.private_user(world, world.owners[world.account], asked.api))


def _account_repositories(world: World, asked: Asked) -> Answer:
    if not asked.authenticated:
        return failure(401, "Requires authentication", "/repos/repos#list-repositories-for-the-authenticated-user")
    reach = (world.account, *world.memberships.get(world.account, ()))
    affiliated = (world.account,) if asked.query.get("affiliation") == "owner" else reach
    return _listing(world, asked, [each for each in world.repositories if each.owner in affiliated])


def _account_organisations(world: World, asked: Asked) -> Answer:
    if not asked.authenticated:
        return failure(401, "Requires authentication", "/orgs/orgs#list-organizations-for-the-authenticated-user")
    return _organisations(world, asked, world.account)


def _user(world: World, asked: Asked, login: str) -> Answer:
    owner = _owner(world, login)
    return Answer(body=shapes.user(world, owner, asked.api)) if owner else failure(404, "Not Found", "/users/users")


def _repositories(world: World, asked: Asked, login: str) -> Answer:
    owner = _owner(world, login)
    if owner is None:
        return failure(404, "Not Found", "/repos/repos#list-repositories-for-a-user")
    return _listing(
        world, asked, [each for each in world.repositories if each.owner == owner.login and not each.private]
    )


def _organisations(world: World, asked: Asked, login: str) -> Answer:
    members = world.memberships.get(login, ())
    return _page(asked, [shapes.simple_organisation(world.owners[name], asked.api) for name in members])


def _organisation(world: World, asked: Asked, login: str) -> Answer:
    owner = _owner(world, login)
    if owner is None or owner.type != "Organization":
        return failure(404, "Not Found", "/orgs/orgs#get-an-organization")
    return Answer(body=shapes.organisation(world, owner, asked.api))


def _repository(world: World, asked: Asked, owner: str, name: str) -> Answer:
    full_name = f"{owner}/{name}".lower()
    for each in world.repositories:
        if each.full_name.lower() == full_name:
            return _visible(world, asked, each)
    if moved := world.renamed.get(full_name):
        return _moved(f"{asked.api}/repositories/{moved}")
    return failure(404, "Not Found", "/repos/repos#get-a-repository")


def _numbered_repository(world: World, asked: Asked, number: str) -> Answer:
    found = [each for each in world.repositories if each.id == int(number)]
    return _visible(world, asked, found[0]) if found else failure(404, "Not Found")


def _issues(world: World, asked: Asked, owner: str, name: str) -> Answer:
    repository = next((each for each in world.repositories if each.full_name == f"{owner}/{name}"), None)
    if repository is None or (repository.private and not asked.authenticated):
        return failure(404, "Not Found", "/issues/issues#list-repository-issues")
    if repository.full_name not in world.issues:
        return failure(410, "Issues are disabled for this repo", "/v3/issues/")
    state, since = asked.query.get("state", "open"), asked.query.get("since", "")
    order, down = f"{asked.query.get('sort', 'created')}_at", asked.query.get("direction", "desc") == "desc"
    kept = [each for each in world.issues[repository.full_name] if state in ("all", each.state)]
    kept = [each for each in kept if each.updated_at >= since]
    kept.sort(key=lambda each: (getattr(each, order), each.number), reverse=down)
    return _page(asked, [shapes.issue(world, repository, each, asked.api) for each in kept])


def _visible(world: World, asked: Asked, each: Repository) -> Answer:
    if each.private and not asked.authenticated:
        return failure(404, "Not Found", "/repos/repos#get-a-repository")
    return Answer(body=shapes.full_repository(world, each, asked.api))


def _moved(url: str) -> Answer:
    return Answer(
        status=301,
        body={"message": "Moved Permanently", "url": url, "documentation_url": f"{DOCUMENTATION}/guides"},
        headers={"Location": url},
    )


def _owner(world: World, login: str) -> Owner | None:
    return next((owner for owner in world.owners.values() if owner.login.lower() == login.lower()), None)


_ORDERS: Mapping[str, Callable[[Repository], str]] = {
    "full_name": lambda each: each.full_name,
    "created": lambda each: each.created_at,
    "updated": lambda each: each.pushed_at,
    "pushed": lambda each: each.pushed_at,
}


def _listing(world: World, asked: Asked, found: Sequence[Repository]) -> Answer:
    order = asked.query.get("sort", "full_name")
    if order not in _ORDERS:
        return failure(422, "Validation Failed", "/repos/repos")
    descending = asked.query.get("direction", "asc" if order == "full_name" else "desc") == "desc"
    ordered = sorted(found, key=_ORDERS[order], reverse=descending)
    return _page(asked, [shapes.repository(world, each, asked.api) for each in ordered])


def _page(asked: Asked, rows: Sequence[JsonObject]) -> Answer:
    size = min(max(_number(asked.query.get("per_page"), 30), 1), 100)
    page = max(_number(asked.query.get("page"), 1), 1)
    links = _links(asked, page, max(ceil(len(rows) / size), 1))
    return Answer(body=rows[(page - 1) * size : page * size], headers={"Link": links} if links else {})


def _links(asked: Asked, page: int, last: int) -> str:
    numbers = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
    backward = {"prev", "first"} if page > 1 else set[str]()
    forward = {"next", "last"} if page < last else set[str]()
    return ", ".join(
        f'<{asked.api}{asked.path}?{urlencode({**asked.query, "page": number})}>; rel="{relation}"'
        for relation, number in numbers.items()
        if relation in backward | forward
    )


def _number(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.isdecimal() else default


_ROUTES: Sequence[tuple[str, Callable[..., Answer]]] = (
    ("/", _root),
    ("/user", _account),
    ("/user/repos", _account_repositories),
    ("/user/orgs", _account_organisations),
    ("/users/([^/]+)", _user),
    ("/users/([^/]+)/repos", _repositories),
    ("/users/([^/]+)/orgs", _organisations),
    ("/orgs/([^/]+)", _organisation),
    ("/orgs/([^/]+)/repos", _repositories),
    ("/repos/([^/]+)/([^/]+)", _repository),
    ("/repos/([^/]+)/([^/]+)/issues", _issues),
    ("/repositories/([0-9]+)", _numbered_repository),
)
