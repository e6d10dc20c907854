"""The pack follows the service's pages, and stars only on demand."""

from pathlib import Path

import pytest

from packsys.sandbox.loading import load_pack
from packsys.sdk import Aim, OAuth2, Target, UserVisibleError
from packsys.sdk.targets import invoke
from packsys.sdk.testing import ScriptedFetcher, a_context, run, standard_tests, sync

pack = load_pack(Path(__file__).parent)

TestStandard = standard_tests(pack)

PAGE = "https://github.com/octocat/hello"
HELLO = {"html_url": PAGE, "full_name": "octocat/hello", "stargazers_count": 3}


def test_people_sign_in_with_pkce() -> None:
    assert isinstance(pack.authentication, OAuth2)
    assert pack.authentication.pkce == "S256"


def test_pages_follow_the_links() -> None:
    after = "https://api.github.com/user/repos?page=2"
    fetcher = ScriptedFetcher()
    fetcher.answer("/user/repos?per_page=100", json=[HELLO], headers={"Link": f'<{after}>; rel="next"'})
    fetcher.answer(after, json=[{**HELLO, "html_url": f"{PAGE}2"}])
    with fetcher:
        assert len(sync(pack, "Repositories", fetcher=fetcher)) == 2


def test_a_repository_is_found_and_starred() -> None:
    fetcher = ScriptedFetcher().answer("/repos/octocat/hello", json=HELLO)
    fetcher.answer("/user/starred/octocat/hello", method="PUT", status=204)
    with fetcher:
        assert run(pack, "Repository", PAGE, fetcher=fetcher)["Stars"] == 3
        assert run(pack, "Star", PAGE, fetcher=fetcher) is True


@pytest.mark.parametrize("url", ["https://example.com/a/b", "https://github.com/octocat", "a"])
def test_another_address_is_refused(url: str) -> None:
    with pytest.raises(UserVisibleError, match="not the address"):
        run(pack, "Repository", url)


def test_the_account_has_a_name() -> None:
    fetcher = ScriptedFetcher().answer("/user", json={"login": "octocat"})
    assert invoke(pack, Target(aim=Aim.CONNECTION_NAME), a_context(pack, "", fetcher=fetcher), {}) == "octocat"
