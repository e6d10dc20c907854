"""The tests that any pack gets for one line: ``TestStandard = standard_tests(pack)``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from packsys.sdk.errors import FetchError, StatusCodeError, UserVisibleError
from packsys.sdk.formula import Formula
from packsys.sdk.http import Fetcher, Request, Response
from packsys.sdk.names import nearest
from packsys.sdk.pack import Pack
from packsys.sdk.parameters import Parameter
from packsys.sdk.tables import SyncTable
from packsys.sdk.targets import Aim, Target, invoke
from packsys.sdk.testing.running import a_context, run, sync

_SAMPLES = {"text": "x", "number": 1, "boolean": True, "any": "x"}


def standard_tests(pack: Pack, *, fetcher: Callable[[], Fetcher] | None = None) -> type:
    """Makes a class of tests, one for each promise of each formula and table, for pytest to collect.

    Examples are run and their results compared; with a ``fetcher`` for each run those that ask the service too.
    Formulas and tables are called while the service is down, and refuses: they must let that be seen, not fail in
    another way. Requests must stay below the declared domains.
    """
    made = {name: _as_test(name, check) for name, check in _tests(pack, fetcher)}
    return type(f"Test{pack.name}", (), {"__doc__": f"Holds {pack.name} to what every pack promises.", **made})


def _as_test(name: str, check: Callable[[], None]) -> Callable[[object], None]:
    def test(self: object) -> None:
        check()

    test.__name__ = name
    return test


def _tests(pack: Pack, fetcher: Callable[[], Fetcher] | None) -> Iterator[tuple[str, Callable[[], None]]]:
    for formula in pack.formulas.values():
        known = f"test_{formula.name}"
        yield f"{known}_says_in_sentences_what_it_is", partial(_check_words, formula)
        yield f"{known}_is_plain_json", partial(_check_plain, formula)
        if formula.examples and (fetcher is not None or not pack.domains):
            yield f"{known}_does_what_its_examples_show", partial(_check_examples, pack, formula, fetcher)
        if _callable(formula.parameters):
            yield f"{known}_lets_a_failing_service_be_seen", partial(_check_failing, pack, Target(name=formula.name))
    for table in pack.sync_tables.values():
        known = f"test_{table.name}"
        yield f"{known}_says_in_sentences_what_it_is", partial(_check_words, table)
        if _callable(table.parameters) and not table.dynamic:
            target = Target(aim=Aim.PAGE, name=table.name)
            yield f"{known}_lets_a_failing_service_be_seen", partial(_check_failing, pack, target)
    for target in _of_account(pack):
        called = target.part or target.aim
        yield f"test_{called}_lets_a_failing_service_be_seen", partial(_check_failing, pack, target)


def _of_account(pack: Pack) -> Iterator[Target]:
    if pack.account.name is not None:
        yield Target(aim=Aim.CONNECTION_NAME)
    if pack.account.user_id is not None:
        yield Target(aim=Aim.CONNECTION_USER_ID)
    for step in pack.account.steps:
        yield Target(aim=Aim.ENDPOINTS, part=step.name)


def _check_words(declared: Formula | SyncTable) -> None:
    _check_sentence(declared.name, declared.description)
    for parameter in declared.parameters:
        _check_sentence(f"{declared.name}, {parameter.name}", parameter.description)


def _check_sentence(what: str, said: str) -> None:
    assert said[0].upper() == said[0], f"{what}: begin the description {said!r} with a capital."
    assert said[-1] in ".!?。！？", f"{what}: end the description {said!r} with a full stop."


def _check_plain(formula: Formula) -> None:
    for parameter in formula.parameters:
        json.dumps([parameter.default, parameter.suggested], default=str, allow_nan=False)
    for example in formula.examples:
        json.dumps([[*example.arguments], example.result], default=str, allow_nan=False)


def _check_examples(pack: Pack, formula: Formula, fetcher: Callable[[], Fetcher] | None) -> None:
    for example in formula.examples:
        found = run(pack, formula.name, *example.arguments, fetcher=fetcher() if fetcher else None)
        shown = ", ".join(map(repr, example.arguments))
        assert found == example.result, f"{formula.name}({shown}) is {found!r}, not {example.result!r} as shown."


def _check_failing(pack: Pack, target: Target) -> None:
    for status in (401, 404, 429, 503):
        service = _Failing(pack, status)
        try:
            _try(pack, target, service)
        except (StatusCodeError, FetchError, UserVisibleError):
            continue  # seen, as it should be
        except Exception as error:
            raise AssertionError(
                f"{target.name or target.part or target.aim} raises {type(error).__name__} when the service answers "
                f"{status}: let StatusCodeError pass, or raise UserVisibleError."
            ) from error


def _try(pack: Pack, target: Target, service: Fetcher) -> None:
    match target.aim:
        case Aim.FORMULA:
            run(pack, target.name, fetcher=service, **_samples(pack.formulas[target.name].parameters))
        case Aim.PAGE:
            sync(pack, target.name, fetcher=service, **_samples(pack.sync_tables[target.name].parameters))
        case _:
            invoke(pack, target, a_context(pack, target.aim, fetcher=service), {})


def _samples(parameters: tuple[Parameter, ...]) -> dict[str, Any]:
    return {each.name: _sample(each) for each in parameters if each.required}


def _callable(parameters: tuple[Parameter, ...]) -> bool:
    kinds = [(each.type.item or each.type).kind for each in parameters if each.required]
    return all(kind in _SAMPLES for kind in kinds)


def _sample(parameter: Parameter) -> Any:
    value = _SAMPLES[(parameter.type.item or parameter.type).kind]
    offers = parameter.autocomplete.choices if parameter.autocomplete else ()
    chosen = offers[0].value if offers else value
    return [chosen] if parameter.type.item else chosen


class _Failing:
    """Is a service that answers every request with one status, and watches where requests go."""

    def __init__(self, pack: Pack, status: int) -> None:
        self._pack = pack
        self._status = status

    def fetch(self, request: Request) -> Response:
        _, mark, rest = request.url.partition("://")
        host = rest.partition("/")[0].partition("?")[0]
        if mark and not any(host == each or host.endswith(f".{each}") for each in self._pack.domains):
            raise AssertionError(f"{request.url} is below no declared domain: {nearest(host, self._pack.domains)}")
        return Response(status=self._status, headers={"content-type": "application/json"}, body=b"{}")
