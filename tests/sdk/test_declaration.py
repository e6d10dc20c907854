"""A pack that makes no sense is refused where it is declared, in a sentence that says what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any

import pytest

from packsys.sdk import (
    Context,
    Date,
    Example,
    HeaderBearerToken,
    Number,
    ObjectSchema,
    Property,
    RateLimit,
    Text,
    Url,
)
from packsys.sdk.kinds import Kind
from packsys.sdk.schema import Type
from tests.sdk.declaring import a_pack, refused

Name = Annotated[str, "A name."]


@pytest.mark.parametrize(
    ("terms", "sentence"),
    [
        ({"name": "1st"}, "begin with a letter"),
        ({"name": "_Trial"}, "begin with a letter"),
        ({"name": "Git Hub"}, "letters, digits and underscores"),
        ({"name": "N" * 51}, "51 characters"),
        ({"id": 0}, "a whole number above 0"),
        ({"id": True}, "a whole number above 0"),
        ({"id": "9100"}, "a whole number above 0"),
        ({"version": "1.0"}, "three numbers with dots"),
        ({"version": "v1.0.0"}, "three numbers with dots"),
        ({"version": "1.0.01"}, "three numbers with dots"),
        ({"description": " "}, "say in a sentence what it is"),
        ({"description": "d" * 1001}, "1000 at most"),
        ({"domains": ["https://api.example.com"]}, "without a scheme"),
        ({"domains": ["api.example.com/v1"]}, "without a path"),
        ({"domains": ["*.example.com"]}, "leave the wildcard out"),
        ({"domains": ["*"]}, "leave the wildcard out"),
        ({"domains": ["10.0.0.1"]}, "an address is not a name"),
        ({"domains": ["example.com:8080"]}, "without a port"),
        ({"domains": ["user@example.com"]}, "without a port or a user"),
        ({"domains": ["localhost"]}, "one label covers far too much"),
        ({"domains": ["com"]}, "one label covers far too much"),
        ({"domains": ["exämple.com"]}, "begins with 'xn--'"),
        ({"domains": ["Example.com"]}, "in lower case"),
        ({"domains": ["-a.example.com"]}, "no host name"),
        ({"domains": ["a..example.com"]}, "no host name"),
        ({"domains": [f"{'a' * 64}.example.com"]}, "no host name"),
        ({"domains": [""]}, "no host name"),
        ({"authentication": HeaderBearerToken()}, "declare those that may receive the secret"),
        ({"isolation": "cold"}, "say 'fresh'"),
        ({"rate_limits": [RateLimit(requests=0, seconds=1)]}, "allow at least 1 request"),
        ({"rate_limits": [RateLimit(requests=1, seconds=0)]}, "in more than 0 seconds and at most a day"),
        ({"rate_limits": [RateLimit(requests=1, seconds=1, per="hour")]}, "say 'connection' or 'pack'"),
        ({"base_url": "http://api.example.com", "domains": ["api.example.com"]}, "begin it with 'https://'"),
        ({"base_url": "https://api.evil.com", "domains": ["api.example.com"]}, "one of the domains"),
        ({"base_url": "https://evilexample.com", "domains": ["example.com"]}, "one of the domains"),
    ],
)
def test_a_pack_is_refused(terms: dict[str, Any], sentence: str) -> None:
    assert sentence in refused(lambda: a_pack(**terms))


@pytest.mark.parametrize("version", ["0.0.1", "85.0.7", "1.0.0-alpha.1", "1.0.0+build.7", "2.0.0-rc.1+x"])
def test_any_semantic_version_will_do(version: str) -> None:
    assert a_pack(version=version).version == version


@pytest.mark.parametrize("name", ["GitHub", "测试", "Étoile_2", "A"])
def test_a_name_may_be_in_any_script(name: str) -> None:
    assert a_pack(name=name).name == name


def no_parameters() -> str:
    """Gives text."""
    return ""


def no_context(name: Name) -> str:
    """Gives text."""
    return name


def undocumented(context: Context) -> str:
    return ""


def untyped(context: Context, name) -> str:  # type: ignore[no-untyped-def]
    """Gives text."""
    return str(name)


def undescribed(context: Context, name: str) -> str:
    """Gives text."""
    return name


def object_parameter(context: Context, row: Annotated[dict[str, Any], "A row."]) -> str:
    """Gives text."""
    return str(row)


def nested_list(context: Context, rows: Annotated[list[list[str]], "Rows."]) -> str:
    """Gives text."""
    return str(rows)


def foreign_type(context: Context, value: Annotated[complex, "A number."]) -> str:
    """Gives text."""
    return str(value)


def wrong_default(context: Context, count: Annotated[int, "A number."] = "three") -> str:  # type: ignore[assignment]
    """Gives text."""
    return str(count)


def flag_as_number(context: Context, count: Annotated[int, "A number."] = True) -> str:
    """Gives text."""
    return str(count)


def hidden_none(context: Context, name: Name = None) -> str:  # type: ignore[assignment]
    """Gives text."""
    return name


def required_last(context: Context, first: Name = "", *, second: Name) -> str:
    """Gives text."""
    return first + second


def any_keyword(context: Context, **names: Name) -> str:
    """Gives text."""
    return str(names)


def after_variadic(context: Context, *names: Name, last: Name = "") -> str:
    """Gives text."""
    return str(names) + last


def takes_account(context: Context, account: Name) -> str:
    """Gives text."""
    return account


def gives_nothing_known(context: Context):  # type: ignore[no-untyped-def]
    """Gives something."""


def gives_none(context: Context) -> None:
    """Gives nothing."""


def gives_objects(context: Context) -> list[dict[str, Any]]:
    """Gives objects."""
    return []


async def asynchronous(context: Context) -> str:
    """Gives text."""
    return ""


def yields(context: Context) -> Iterator[str]:
    """Gives text."""
    yield ""


def unresolved(context: Context, name: "Annotated[Nowhere, 'A name.']") -> str:  # type: ignore[name-defined] # noqa: F821, UP037
    """Gives text."""
    return str(name)


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (no_parameters, "takes no context"),
        (no_context, "takes no context"),
        (undocumented, "is not described"),
        (untyped, "has no type"),
        (undescribed, "Parameter 'name' of formula Undescribed is not described"),
        (object_parameter, "is an object"),
        (nested_list, "is a list of lists"),
        (foreign_type, "has the type"),
        (wrong_default, "has the default 'three', which is not a number"),
        (flag_as_number, "has the default True, which is not a number"),
        (hidden_none, "use '| None' and None"),
        (required_last, "put the required parameters first"),
        (any_keyword, "takes any keyword"),
        (after_variadic, "put that one last"),
        (takes_account, "the name of the connected account"),
        (gives_nothing_known, "does not say what it gives"),
        (gives_none, "does not say what it gives"),
        (gives_objects, "declare them with an ObjectSchema"),
        (asynchronous, "is asynchronous"),
        (yields, "yields its result"),
        (unresolved, "cannot be read"),
    ],
)
def test_a_function_is_refused(function: Callable[..., Any], sentence: str) -> None:
    assert sentence in refused(lambda: a_pack().formula()(function))


def plain(context: Context, name: Name) -> str:
    """Gives text."""
    return name


@pytest.mark.parametrize(
    ("terms", "sentence"),
    [
        ({"cache_ttl": -1}, "the cache_ttl -1"),
        ({"cache_ttl": 60, "is_action": True}, "never answered from a cache"),
        ({"cache_ttl": 86_401}, "0 to 86400"),
        ({"cache_stale": 60}, "and a cache_ttl besides"),
        ({"cache_stale": -1, "cache_ttl": 60}, "the cache_stale -1"),
        ({"cache_stale": 86_401, "cache_ttl": 60}, "give 0 to 86400 seconds"),
        ({"isolation": "cold"}, "say 'fresh'"),
        ({"rate_limit": RateLimit(requests=0, seconds=1)}, "Formula Plain has the rate limit"),
        ({"timeout": 0}, "at most 60 seconds"),
        ({"timeout": 61}, "at most 60 seconds"),
        ({"attempts": 0}, "1 to 10"),
        ({"attempts": 2, "is_action": True}, "never repeated by itself"),
        ({"connection": "required"}, "declares no authentication"),
        ({"connection": "maybe"}, "'none', 'optional' or 'required'"),
        ({"name": "not a name"}, "letters, digits and underscores"),
        ({"result": Number.list()}, "make the two agree"),
        ({"result": str}, "use a type of the SDK"),
        ({"examples": [Example(arguments=(), result="x")]}, "takes 1 to 1"),
        ({"examples": [Example(arguments=("a", "b"), result="x")]}, "has 2 arguments"),
        ({"examples": [Example(arguments=("a",), result=None)]}, "shows no result"),
    ],
)
def test_terms_are_refused(terms: dict[str, Any], sentence: str) -> None:
    assert sentence in refused(lambda: a_pack().formula(**terms)(plain))


def test_two_formulas_of_one_name_are_refused_whatever_their_case() -> None:
    pack = a_pack()
    pack.formula(name="Plain")(plain)
    assert "two formulas PLAIN" in refused(lambda: pack.formula(name="PLAIN")(plain))


def test_a_pack_has_a_hundred_formulas_at_most() -> None:
    pack = a_pack()
    for number in range(100):
        pack.formula(name=f"Plain{number}")(plain)
    assert "make two packs of it" in refused(lambda: pack.formula()(plain))


def test_terms_of_the_pack_are_those_of_its_formulas() -> None:
    limit = RateLimit(requests=1, seconds=2)
    pack = a_pack(isolation="warm", domains=["example.com"], authentication=HeaderBearerToken(), connection="optional")
    pack.formula(rate_limit=limit)(plain)
    pack.formula(name="Cold", isolation="fresh", connection="none")(plain)
    made = [(each.isolation, each.connection, each.rate_limit) for each in pack.formulas.values()]
    assert made == [("warm", "optional", limit), ("fresh", "none", None)]


@pytest.mark.parametrize(
    ("declare", "sentence"),
    [
        (lambda: ObjectSchema("Row", properties={}), "has no properties"),
        (lambda: ObjectSchema("a row", properties={"x": Text}), "cannot be called"),
        (lambda: ObjectSchema("Row", properties={"+1": Number}), "cannot be called"),
        (lambda: ObjectSchema("Row", properties={"full_name": Text, "fullName": Text}), "two properties FullName"),
        (lambda: ObjectSchema("Row", properties={"x": str}), "use a type of the SDK"),  # type: ignore[dict-item]
        (lambda: ObjectSchema("Row", properties={"url": Url}, id="Id"), "names 'Id' as id"),
        (lambda: ObjectSchema("Row", properties={"name": Text}, display="Nmae"), "did you mean 'Name'?"),
        (lambda: ObjectSchema("Row", properties={"name": Text}, featured=["Stars"]), "names 'Stars' as featured"),
    ],
)
def test_a_schema_is_refused(declare: Callable[[], object], sentence: str) -> None:
    assert sentence in refused(declare)


def test_hints_defaults_and_docstring_say_what_a_formula_is() -> None:
    pack = a_pack(domains=["api.example.com"], authentication=HeaderBearerToken())

    @pack.formula(cache_ttl=60, timeout=10)
    def list_rows(
        context: Context,
        table: Annotated[str, Url, "The table's address."],
        columns: Annotated[list[str | None], "Which columns."],
        limit: Annotated[int, "How many at most."] = 100,
        since: Annotated[str | None, Date, "The first day."] = None,
    ) -> list[float]:
        """Lists the numbers of a table.

        This is for the maker, not for users.
        """
        return []

    formula = pack.formulas["ListRows"]
    assert formula.description == "Lists the numbers of a table."
    assert (formula.connection, formula.attempts, formula.cache_ttl, formula.timeout) == ("required", 4, 60, 10)
    assert formula.result == Number.list()
    table, columns, limit, since = formula.parameters
    assert (table.type, table.required) == (Url, True)
    assert (columns.type, columns.sparse) == (Text.list(), True)
    assert (limit.required, limit.default, limit.whole) == (False, 100, True)
    assert (since.type, since.default) == (Date, None)


def test_a_repeated_parameter_is_optional_and_last() -> None:
    pack = a_pack()

    @pack.formula()
    def join(context: Context, separator: Name, *parts: Annotated[str, "What to join."]) -> str:
        """Joins text."""
        return separator.join(parts)

    (separator, parts) = pack.formulas["Join"].parameters
    assert separator.required
    assert (parts.variadic, parts.required) == (True, False)


def test_an_action_is_tried_once_and_may_give_nothing() -> None:
    pack = a_pack()

    @pack.formula(is_action=True)
    def post(context: Context, text: Name) -> None:
        """Posts something."""

    assert (pack.formulas["Post"].attempts, pack.formulas["Post"].result) == (1, Type(kind=Kind.ANY))


def test_the_decorated_function_stays_callable() -> None:
    assert a_pack().formula()(plain) is plain


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("full_name", "FullName"),
        ("fullName", "FullName"),
        ("full name", "FullName"),
        ("FullName", "FullName"),
        ("html_url", "HtmlUrl"),
        ("spdx-id", "SpdxId"),
        ("名字", "名字"),
        ("été_2", "Été2"),
    ],
)
def test_keys_become_names_in_pascal_case_and_stay_keys(key: str, name: str) -> None:
    schema = ObjectSchema("Row", properties={key: Text})
    assert {each: declared.from_key for each, declared in schema.properties.items()} == {name: key}


def test_a_property_may_have_another_key_than_its_name() -> None:
    schema = ObjectSchema("Row", properties={"Url": Property(Url, from_key="html_url")}, id="url", display="Url")
    assert (schema.properties["Url"].from_key, schema.id, schema.display) == ("html_url", "Url", "Url")
