"""Writes ``docs/errors.md`` from the code: ``python -m tests.docs.errors > docs/errors.md``."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from packsys import client, errors
from packsys.taxonomy import RECOVERY, Category

HEAD = """# Errors

Every error has a `code` that never changes, a `message` that says what is wrong, an `actor` who must act, a `category`,
and an `advice` that says what helps. `retryable` says whether time alone may help, and `retry_after` after how many
seconds. Where a formula meets one, it is a value: `IfError` mends it, and a job that ends with it tells it as `error`.

Calls that meet a retryable error are tried again by packsys itself; actions never are. A call that waits for a rate
limit is no failure: its step is `waiting`, with the cause `rate_limit` and the seconds.

This page is written from the code, `python -m tests.docs.errors`, and a test compares them.
"""

WHAT = {
    Category.CONNECTION: "A service, or a server of packsys, does not answer.",
    Category.AUTH: "Somebody is not who they must be.",
    Category.RATE_LIMIT: "A service is asked too often.",
    Category.API: "A service answered, and the answer is a refusal.",
    Category.TIMEOUT: "It took too long.",
    Category.PARSE: "A formula cannot be understood.",
    Category.VALIDATION: "A value, a request or a result is not what it must be.",
    Category.PERMISSION: "Somebody may not do this.",
    Category.SANDBOX: "A pack was stopped at a wall.",
    Category.PACK: "A pack is broken.",
    Category.HOUSE: "packsys is broken, or set up wrong.",
}


def kinds() -> dict[str, type[errors.PacksysError]]:
    """Lists the errors by code; of several with one code the widest."""
    named = (*vars(errors).values(), client.Unreachable, client.StillRunning)
    found = [each for each in named if isinstance(each, type) and issubclass(each, errors.PacksysError)]
    return {each.code: each for each in reversed(found) if each is not errors.PacksysError}


def page() -> str:
    """Gives the page."""
    return HEAD + "".join(f"\n## {category.value}\n\n{WHAT[category]}\n\n{_table(category)}" for category in Category)


def _table(category: Category) -> str:
    rows = "".join(f"{row}\n" for row in _rows(category))
    return f"| code | it says | what helps | who acts | again? |\n|---|---|---|---|---|\n{rows}"


def _rows(category: Category) -> Iterator[str]:
    known = kinds()
    for code, recovery in RECOVERY.items():
        if recovery.category is category:
            kind = known.get(code)
            said = (kind.__doc__ or "").split("\n", 1)[0] if kind else "what is wrong, and where in the formula"
            actor = kind.actor if kind else errors.Actor.AUTHOR
            again = "yes" if kind and kind.retryable else "no"
            yield f"| `{code}` | {said} | {recovery.advice} | {actor} | {again} |"


if __name__ == "__main__":
    sys.stdout.write(page())
