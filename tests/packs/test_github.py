"""The GitHub pack asks as it should and reads what it is told."""

from __future__ import annotations

from typing import Any

import pytest

from packs.github.pack import pack
from packsys.sdk import StatusCodeError, UserVisibleError
from packsys.sdk.testing import ScriptedFetcher, run

ACCEPT = {"Accept": "application/vnd.github.v3+json"}


def a_repository(name: str = "hello-world") -> dict[str, Any]:
    return {
        "full_name": f"octocat/{name}",
        "name": name,
        "html_url": f"https://github.com/octocat/{name}",
        "owner": {"login": "octocat", "html_url": "https://github.com/octocat"},
        "stargazers_count": 80,
        "created_at": "2011-01-26T19:01:12Z",
        "node_id": "x",
    }


def a_link(page: int) -> dict[str, str]:
    return {"Link": f'<https://api.github.com/user/repos?per_page=100&page={page}>; rel="next"'}


def test_the_accounts_repositories_are_listed_page_by_page() -> None:
    next_page = "https://api.github.com/user/repos?per_page=100&page=2"
    fetcher = ScriptedFetcher()
    fetcher.answer(
        "/user/repos", query={"per_page": "100"}, request_headers=ACCEPT, headers=a_link(2), json=[a_repository("a")]
    )
    fetcher.answer(next_page, query={}, request_headers=ACCEPT, json=[a_repository("b")])
    with fetcher:
        assert [each["FullName"] for each in run(pack, "Repos", fetcher=fetcher)] == ["octocat/a", "octocat/b"]


def test_no_more_pages_are_asked_for_than_needed() -> None:
    rows = [a_repository(f"r{number}") for number in range(100)]
    with ScriptedFetcher().answer("/user/repos", json=rows, headers=a_link(2)) as fetcher:
        assert len(run(pack, "Repos", limit=100, fetcher=fetcher)) == 100
    with ScriptedFetcher().answer("/user/repos", query={"per_page": "3"}, json=rows[:3], headers=a_link(2)) as fetcher:
        assert len(run(pack, "Repos", limit=3, fetcher=fetcher)) == 3


@pytest.mark.parametrize("limit", [0, -1, 10_001])
def test_a_senseless_limit_is_refused(limit: int) -> None:
    with pytest.raises(UserVisibleError, match="between 1 and 10000"):
        run(pack, "Repos", limit=limit)


def test_an_owners_repositories_are_listed() -> None:
    with ScriptedFetcher().answer("/users/octo-org/repos", json=[]) as fetcher:
        assert run(pack, "Repos", "@octo-org", fetcher=fetcher) == []


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://github.com/octocat/hello-world", "/repos/octocat/hello-world"),
        ("http://www.github.com/octocat/hello-world/", "/repos/octocat/hello-world"),
        ("https://github.com/octocat/hello-world.git", "/repos/octocat/hello-world"),
        ("https://github.com/octocat/hello-world/tree/main/src?tab=readme#top", "/repos/octocat/hello-world"),
        ("https://github.com/octocat/hello.world.github.io?x", "/repos/octocat/hello.world.github.io"),
        ("github.com/octocat/hello-world", "/repos/octocat/hello-world"),
        ("https://api.github.com/repos/octocat/hello-world", "/repos/octocat/hello-world"),
        ("https://git.example/octocat/hello-world", "/repos/octocat/hello-world"),
        ("https://git.example/api/v3/repos/octocat/hello-world", "/repos/octocat/hello-world"),
        ("octocat/hello-world", "/repos/octocat/hello-world"),
        (" octo_cat/.github ", "/repos/octo_cat/.github"),
        ("repos/tools", "/repos/repos/tools"),
        ("octocat/hello-world/../../user", "/repos/octocat/hello-world"),
    ],
)
def test_a_repository_is_found_by_its_address(url: str, path: str) -> None:
    with ScriptedFetcher().answer(path, request_headers=ACCEPT, json=a_repository()) as fetcher:
        found = run(pack, "Repo", url, fetcher=fetcher, endpoint="https://git.example/api/v3")
    assert (found["FullName"], found["Stars"], found["Owner"]["Login"]) == ("octocat/hello-world", 80, "octocat")


@pytest.mark.parametrize(
    "url",
    [
        *(
            "https://gitlab.example/octocat/hello-world",
            "https://github.com.evil.com/a/b",
            "https://evil.com/github.com/a/b",
        ),
        *("https://github.com/octocat", "octocat", "", "octocat/..", "octocat/.", "https://[", "a b/c"),
        *("ftp://github.com/a/b", "https://github.com@evil.com/a/b"),
    ],
)
def test_what_is_no_address_of_a_repository_is_refused(url: str) -> None:
    with pytest.raises(UserVisibleError):
        run(pack, "Repo", url)


@pytest.mark.parametrize(
    ("login", "path"), [("", "/user"), ("octocat", "/users/octocat"), ("bot[bot]", "/users/bot%5Bbot%5D")]
)
def test_a_user_is_found_by_login(login: str, path: str) -> None:
    answer = {"login": "octocat", "html_url": "https://github.com/octocat", "public_repos": 8}
    with ScriptedFetcher().answer(path, request_headers=ACCEPT, json=answer) as fetcher:
        found = run(pack, "User", login, fetcher=fetcher)
    assert (found["Login"], found["PublicRepos"], found["Email"]) == ("octocat", 8, None)


@pytest.mark.parametrize("login", ["../user", "a/b", "a b", "-a", "a?x"])
def test_what_is_no_login_is_refused(login: str) -> None:
    for formula in ("User", "Repos"):
        with pytest.raises(UserVisibleError, match="is not the name"):
            run(pack, formula, login)


def test_a_missing_repository_is_left_to_the_host() -> None:
    with pytest.raises(StatusCodeError), ScriptedFetcher().answer("/repos/a/b", status=404) as fetcher:
        run(pack, "Repo", "a/b", fetcher=fetcher)
