"""No more calls run at once than the operator allows, on real workers, and all of them are made."""

from __future__ import annotations

from itertools import accumulate
from pathlib import Path

import psycopg
import pytest

from packsys.cli.system import Plan, System
from packsys.client import Packsys

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

CROWD = str(Path(__file__).parents[1] / "packs" / "crowd.py")
WAITED = "select count(*) from event where kind = 'step.waiting' and detail::json ->> 'cause' = 'slots'"


@pytest.mark.parametrize("limits", ["pack 9007=2", "workspace=2; pack=3"])
def test_no_more_run_at_once_than_may_and_all_of_them_run(
    tmp_path_factory: pytest.TempPathFactory, limits: str
) -> None:
    """One job asks for many at once, others come beside it; the workers have four slots."""
    place = tmp_path_factory.mktemp("slots")
    book, parts = place / "book", ("service", "worker", "beat")
    plan = Plan(directory=place, parts=parts, packs=(CROWD,), slots=4, durable=False, calls_at_once=limits)
    with System(plan) as system, Packsys(system.url, system.key) as client:
        jobs = [client.submit(f'Crowd::Visit("{book}", {number})', timeout=120).id for number in range(10)]
        many = client.submit(f'Sequence(101, 120).FormulaMap(Crowd::Visit("{book}", CurrentValue)).Sum()', timeout=120)
        assert [client.wait(job).result() for job in jobs] == [*range(10)]
        assert client.wait(many.id).result() == sum(range(101, 121))
        with psycopg.connect(system.settings.database_url.replace("+psycopg", "")) as connection:
            waited = connection.execute(WAITED).fetchone()
    inside = list(accumulate(1 if sign == "+" else -1 for sign in book.read_text()))
    assert (max(inside), inside[-1], len(inside)) == (2, 0, 60)
    assert waited is not None
    assert waited[0] > 0
