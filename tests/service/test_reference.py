from __future__ import annotations

from html.parser import HTMLParser

import httpx


class Page(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.tags: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.ids |= {value for name, value in attrs if name == "id" and value}
        self.links |= {value for name, value in attrs if name in ("href", "src") and value}


def test_the_page_shows_every_operation_and_shape(http: httpx.Client) -> None:
    described, page = http.get("/openapi.json").json(), http.get("/docs").text
    for path, methods in described["paths"].items():
        for method in methods:
            assert f"{method.upper()} {path}" in page
    assert Page(page).ids == set(described["components"]["schemas"])


def test_the_page_links_within_itself_and_runs_nothing(http: httpx.Client) -> None:
    answer = http.get("/docs")
    page = Page(answer.text)
    assert page.links <= {f"#{name}" for name in page.ids}
    assert "script" not in page.tags
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src")
