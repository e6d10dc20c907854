"""Writes accounts and repositories as GitHub's REST API does, field for field."""

from __future__ import annotations

from base64 import b64encode

from tests.fakeapi.world import Issue, JsonObject, Owner, Repository, World, license_json

# The templates of a repository's other addresses, by the name before "_url".
_REPOSITORY_LINKS = {
    "archive": "/{archive_format}{/ref}",
    "assignees": "/assignees{/user}",
    "blobs": "/git/blobs{/sha}",
    "branches": "/branches{/branch}",
    "collaborators": "/collaborators{/collaborator}",
    "comments": "/comments{/number}",
    "commits": "/commits{/sha}",
    "compare": "/compare/{base}...{head}",
    "contents": "/contents/{+path}",
    "contributors": "/contributors",
    "deployments": "/deployments",
    "downloads": "/downloads",
    "events": "/events",
    "forks": "/forks",
    "git_commits": "/git/commits{/sha}",
    "git_refs": "/git/refs{/sha}",
    "git_tags": "/git/tags{/sha}",
    "hooks": "/hooks",
    "issue_comment": "/issues/comments{/number}",
    "issue_events": "/issues/events{/number}",
    "issues": "/issues{/number}",
    "keys": "/keys{/key_id}",
    "labels": "/labels{/name}",
    "languages": "/languages",
    "merges": "/merges",
    "milestones": "/milestones{/number}",
    "notifications": "/notifications{?since,all,participating}",
    "pulls": "/pulls{/number}",
    "releases": "/releases{/id}",
    "stargazers": "/stargazers",
    "statuses": "/statuses/{sha}",
    "subscribers": "/subscribers",
    "subscription": "/subscription",
    "tags": "/tags",
    "teams": "/teams",
    "trees": "/git/trees{/sha}",
}
_OWNER_LINKS = {
    "events": "/events{/privacy}",
    "followers": "/followers",
    "following": "/following{/other_user}",
    "gists": "/gists{/gist_id}",
    "organizations": "/orgs",
    "received_events": "/received_events",
    "repos": "/repos",
    "starred": "/starred{/owner}{/repo}",
    "subscriptions": "/subscriptions",
}


def simple_owner(owner: Owner, api: str) -> JsonObject:
    """Writes an owner as repositories carry it."""
    url = f"{api}/users/{owner.login}"
    return {
        "login": owner.login,
        "id": owner.id,
        "node_id": _node("User", owner.id),
        "avatar_url": f"https://avatars.githubusercontent.com/u/{owner.id}?v=4",
        "gravatar_id": "",
        "url": url,
        "html_url": f"https://github.com/{owner.login}",
        **{f"{name}_url": f"{url}{path}" for name, path in _OWNER_LINKS.items()},
        "type": owner.type,
        "user_view_type": "public",
        "site_admin": False,
    }


def user(world: World, owner: Owner, api: str) -> JsonObject:
    """Writes an account as ``/users/{login}`` gives it."""
    return {
        **simple_owner(owner, api),
        "name": owner.name,
        "company": owner.company,
        "blog": owner.blog,
        "location": owner.location,
        "email": owner.email,
        "hireable": None,
        "bio": owner.bio,
        "twitter_username": None,
        "public_repos": sum(each.owner == owner.login and not each.private for each in world.repositories),
        "public_gists": 4,
        "followers": owner.followers,
        "following": owner.following,
        "created_at": owner.created_at,
        "updated_at": "2026-10-30T11:20:00Z",
    }


def private_user(world: World, owner: Owner, api: str) -> JsonObject:
    """Writes the account that asks, as ``/user`` gives it."""
    private = sum(each.owner == owner.login and each.private for each in world.repositories)
    return {
        **user(world, owner, api),
        "user_view_type": "private",
        "private_gists": 1,
        "total_private_repos": private,
        "owned_private_repos": private,
        "disk_usage": sum(each.size for each in world.repositories if each.owner == owner.login),
        "collaborators": 0,
        "two_factor_authentication": True,
        "plan": {"name": "free", "space": 976_562_499, "collaborators": 0, "private_repos": 10_000},
    }


def simple_organisation(owner: Owner, api: str) -> JsonObject:
    """Writes an organisation as lists of them carry it."""
    url = f"{api}/orgs/{owner.login}"
    return {
        "login": owner.login,
        "id": owner.id,
        "node_id": _node("Organization", owner.id),
        "url": url,
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events",
        "hooks_url": f"{url}/hooks",
        "issues_url": f"{url}/issues",
        "members_url": f"{url}/members{{/member}}",
        "public_members_url": f"{url}/public_members{{/member}}",
        "avatar_url": f"https://avatars.githubusercontent.com/u/{owner.id}?v=4",
        "description": owner.bio,
    }


def organisation(world: World, owner: Owner, api: str) -> JsonObject:
    """Writes an organisation as ``/orgs/{org}`` gives it."""
    return {
        **simple_organisation(owner, api),
        "name": owner.name,
        "company": owner.company,
        "blog": owner.blog,
        "location": owner.location,
        "email": owner.email,
        "twitter_username": None,
        "is_verified": False,
        "has_organization_projects": True,
        "has_repository_projects": True,
        "public_repos": sum(each.owner == owner.login and not each.private for each in world.repositories),
        "public_gists": 0,
        "followers": owner.followers,
        "following": owner.following,
        "html_url": f"https://github.com/{owner.login}",
        "created_at": owner.created_at,
        "updated_at": "2026-08-14T16:42:18Z",
        "archived_at": None,
        "type": "Organization",
    }


def repository(world: World, each: Repository, api: str) -> JsonObject:
    """Writes a repository as lists of them carry it."""
    url = f"{api}/repos/{each.full_name}"
    page = f"https://github.com/{each.full_name}"
    return {
        "id": each.id,
        "node_id": _node("Repository", each.id),
        "name": each.name,
        "full_name": each.full_name,
        "private": each.private,
        "owner": simple_owner(world.owners[each.owner], api),
        "html_url": page,
        "description": each.description,
        "fork": each.fork_of is not None,
        "url": url,
        **{f"{name}_url": f"{url}{path}" for name, path in _REPOSITORY_LINKS.items()},
        "git_url": f"git://github.com/{each.full_name}.git",
        "ssh_url": f"git@github.com:{each.full_name}.git",
        "clone_url": f"{page}.git",
        "svn_url": page,
        "mirror_url": None,
        "created_at": each.created_at,
        "updated_at": each.pushed_at,
        "pushed_at": each.pushed_at,
        "homepage": each.homepage,
        "size": each.size,
        "stargazers_count": each.stars,
        "watchers_count": each.stars,
        "language": each.language,
        **_features(each),
        "forks_count": each.forks,
        "archived": each.archived,
        "disabled": False,
        "open_issues_count": each.issues,
        "license": license_json(each.license, api),
        "allow_forking": True,
        "is_template": each.template,
        "web_commit_signoff_required": False,
        "topics": list(each.topics),
        "visibility": "private" if each.private else "public",
        "forks": each.forks,
        "open_issues": each.issues,
        "watchers": each.stars,
        "default_branch": each.branch,
        "permissions": {"admin": True, "maintain": True, "push": True, "triage": True, "pull": True},
    }


def full_repository(world: World, each: Repository, api: str) -> JsonObject:
    """Writes a repository as ``/repos/{owner}/{repo}`` gives it."""
    owner = world.owners[each.owner]
    organised = {"organization": simple_owner(owner, api)} if owner.type == "Organization" else {}
    source = next((other for other in world.repositories if other.full_name == each.fork_of), None)
    forked = {"parent": repository(world, source, api), "source": repository(world, source, api)} if source else {}
    return {
        **repository(world, each, api),
        "temp_clone_token": "",
        "allow_squash_merge": True,
        "allow_merge_commit": True,
        "allow_rebase_merge": True,
        "allow_auto_merge": False,
        "delete_branch_on_merge": False,
        "allow_update_branch": False,
        **organised,
        **forked,
        "network_count": each.forks,
        "subscribers_count": each.stars // 40,
    }


def issue(world: World, repository: Repository, each: Issue, api: str) -> JsonObject:
    """Writes an issue as lists of issues carry it."""
    own, home = f"{api}/repos/{repository.full_name}", f"https://github.com/{repository.full_name}"
    url = f"{own}/issues/{each.number}"
    kind = "pull" if each.pull else "issues"
    closed = each.state == "closed"
    written = {
        "url": url,
        "repository_url": own,
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": f"{home}/{kind}/{each.number}",
        "id": each.id,
        "node_id": _node("Issue", each.id),
        "number": each.number,
        "title": each.title,
        "user": simple_owner(world.owners[each.author], api),
        "labels": [_label(own, name, place) for place, name in enumerate(each.labels)],
        "state": each.state,
        "locked": False,
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "comments": each.comments,
        "created_at": each.created_at,
        "updated_at": each.updated_at,
        "closed_at": each.updated_at if closed else None,
        "author_association": "OWNER" if each.author == repository.owner else "NONE",
        "active_lock_reason": None,
        "body": each.body,
        "closed_by": None,
        "timeline_url": f"{url}/timeline",
        "performed_via_github_app": None,
        "state_reason": "completed" if closed else None,
    }
    return {**written, **(_pull(own, home, each) if each.pull else {})}


def _label(repository: str, name: str, place: int) -> JsonObject:
    return {
        "id": 990700000 + place,
        "node_id": _node("Label", 990700000 + place),
        "url": f"{repository}/labels/{name}",
        "name": name,
        "color": "d73a4a",
        "default": True,
        "description": None,
    }


def _pull(repository: str, home: str, each: Issue) -> JsonObject:
    page = f"{home}/pull/{each.number}"
    urls = {"url": f"{repository}/pulls/{each.number}", "html_url": page}
    files = {"diff_url": f"{page}.diff", "patch_url": f"{page}.patch"}
    return {"draft": False, "pull_request": {**urls, **files, "merged_at": None}}


def _features(each: Repository) -> JsonObject:
    return {
        "has_issues": True,
        "has_projects": True,
        "has_downloads": True,
        "has_wiki": not each.archived,
        "has_pages": each.homepage is not None,
        "has_discussions": False,
    }


def _node(kind: str, number: int) -> str:
    return b64encode(f"0{len(kind)}:{kind}{number}".encode()).decode()
