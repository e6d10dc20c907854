"""The pack: a name, a version, the domains that it may reach, and all that it brings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from packsys.sdk.account import AccountFunctions, Step
from packsys.sdk.authentication import Authentication, NoAuthentication, SystemAuthentication
from packsys.sdk.columns import ColumnFormat, check_format
from packsys.sdk.declared import Declared
from packsys.sdk.errors import PackDeclarationError
from packsys.sdk.formula import Example, Formula, Need, Terms, check_terms, declare
from packsys.sdk.limits import Isolation, RateLimit, check_isolation, check_rate_limit
from packsys.sdk.names import check_base_url, check_description, check_domain, check_name, check_version
from packsys.sdk.schema import ObjectSchema, Type
from packsys.sdk.signing import check_authentication, check_system_authentication
from packsys.sdk.tables import Dynamic, Page, SyncTable, check_update, declare_table

_Function = TypeVar("_Function", bound=Callable[..., Any])
_PageFunction = TypeVar("_PageFunction", bound=Callable[..., Page])


class Pack:
    """Is one pack. A pack's file defines exactly one, under the name ``pack``.

    >>> pack = Pack(id=9000, name="Hello", version="1.0.0", description="Greets people.")
    >>> @pack.formula()
    ... def greet(context: Context, name: Annotated[str, "Whom to greet."] = "world") -> str:
    ...     \"\"\"Greets somebody.\"\"\"
    ...     return f"Hello, {name}!"
    >>> list(pack.formulas)
    ['Greet']

    ``domains`` are the host names that the pack may reach, each with all names below it. ``base_url`` completes
    relative addresses when the connection has no endpoint of its own. A pack that declares ``authentication``
    needs a connected account for every formula that does not say otherwise; with ``system_authentication`` the
    host signs with an account of the maker's. ``isolation`` says whether a call may find what an earlier one left
    in memory.
    """

    def __init__(
        self,
        *,
        id: int,
        name: str,
        version: str,
        description: str,
        domains: Iterable[str] = (),
        base_url: str = "",
        authentication: Authentication | None = None,
        system_authentication: SystemAuthentication | None = None,
        connection: Need | None = None,
        rate_limits: Iterable[RateLimit] = (),
        isolation: Isolation = "fresh",
        author: str = "",
        icon: str = "",
        categories: Iterable[str] = (),
    ) -> None:
        """Refuses what makes no sense, with :class:`packsys.sdk.PackDeclarationError`."""
        self.id = id
        self.name = name
        self.version = version
        self.description = description
        self.domains = (domains,) if isinstance(domains, str) else tuple(domains)
        self.base_url = base_url.rstrip("/")
        self.authentication = authentication
        self.system_authentication = system_authentication
        self.connection = connection
        self.rate_limits = tuple(rate_limits)
        self.isolation = isolation
        self.author = author
        self.icon = icon
        self.categories = tuple(categories)
        self.account = AccountFunctions()
        self._formulas: Declared[Formula] = Declared(name, "formula")
        self._tables: Declared[SyncTable] = Declared(name, "sync table")
        self._formats: Declared[ColumnFormat] = Declared(name, "column format")
        _check(self)

    @property
    def formulas(self) -> Mapping[str, Formula]:
        """Holds the formulas by name, in the order of their declaration."""
        return self._formulas.by_name

    @property
    def sync_tables(self) -> Mapping[str, SyncTable]:
        """Holds the sync tables by name, in the order of their declaration."""
        return self._tables.by_name

    @property
    def column_formats(self) -> Mapping[str, ColumnFormat]:
        """Holds the column formats by name, in the order in which their matchers are tried."""
        return self._formats.by_name

    def formula(
        self,
        *,
        name: str = "",
        description: str = "",
        result: Type | ObjectSchema | None = None,
        cache_ttl: float = 0.0,
        timeout: float = 30.0,
        attempts: int | None = None,
        connection: Need | None = None,
        is_action: bool = False,
        rate_limit: RateLimit | None = None,
        isolation: Isolation | None = None,
        examples: Sequence[Example] = (),
        cache_stale: float = 0.0,
    ) -> Callable[[_Function], _Function]:
        """Makes a formula of the function below it, and leaves the function as it is.

        Name, description, parameters and, where they say enough, the result are read off the function:
        ``list_repos`` is called ``ListRepos``, the docstring's first paragraph describes it, and each parameter
        is written as ``owner: Annotated[str, "What it is."]``, with a default when it is optional. The other
        arguments are those of :class:`packsys.sdk.formula.Terms`.
        """
        terms = Terms(
            cache_ttl=cache_ttl,
            timeout=timeout,
            attempts=attempts,
            connection=connection or self.connection,
            is_action=is_action,
            rate_limit=rate_limit,
            isolation=isolation or self.isolation,
            cache_stale=cache_stale,
        )

        def add(function: _Function) -> _Function:
            made = declare(
                function,
                terms=terms,
                authenticated=self._authenticated,
                name=name,
                description=description,
                result=result,
                examples=examples,
            )
            self._formulas.add(made.name, made)
            return function

        return add

    def sync_table(
        self,
        *,
        schema: ObjectSchema | None = None,
        dynamic: Dynamic | None = None,
        name: str = "",
        description: str = "",
        timeout: float = 60.0,
        attempts: int = 4,
        connection: Need | None = None,
        isolation: Isolation | None = None,
    ) -> Callable[[_PageFunction], _PageFunction]:
        """Makes a sync table of the function below it, which gives a :class:`packsys.sdk.Page`.

        It is called again with the page's continuation until a page has none. ``schema`` describes a row and names
        its id; a table that only the service can describe says ``dynamic``.
        """
        terms = Terms(
            timeout=timeout,
            attempts=attempts,
            connection=connection or self.connection,
            isolation=isolation or self.isolation,
        )

        def add(function: _PageFunction) -> _PageFunction:
            made = declare_table(
                function,
                name=name,
                description=description,
                schema=schema,
                dynamic=dynamic,
                connection=terms.connection or ("required" if self._authenticated else "none"),
                timeout=timeout,
                attempts=attempts,
                isolation=terms.isolation,
            )
            check_terms(f"Sync table {made.name}", terms, self._authenticated)
            self._check_identity(made)
            self._tables.add(made.name, made)
            return function

        return add

    def update(self, table: str, *, max_update_batch_size: int = 1) -> Callable[[_Function], _Function]:
        """Makes the function below it push edits of a table back.

        It takes the context and up to ``max_update_batch_size`` of :class:`packsys.sdk.Update`, and gives for each, in
        their order, the row as it is now, or the exception that it met.
        """

        def add(function: _Function) -> _Function:
            if table not in self.sync_tables:
                raise PackDeclarationError(
                    f"Updates are declared for the sync table {table!r}, which is not there: declare it first."
                )
            declared = self.sync_tables[table]
            check_update(declared, function, max_update_batch_size)
            self._tables.change(table, replace(declared, update=function, max_update_batch_size=max_update_batch_size))
            return function

        return add

    def column_format(
        self,
        name: str,
        *,
        formula: str,
        domains: Iterable[str] = (),
        matchers: Iterable[str] = (),
        instructions: str = "",
        placeholder: str = "",
    ) -> ColumnFormat:
        """Declares that pasted values go to a formula: addresses below ``domains``, or text that fits a matcher."""
        made = ColumnFormat(
            name=name,
            formula=formula,
            domains=tuple(domains),
            matchers=tuple(matchers),
            instructions=instructions,
            placeholder=placeholder,
        )
        check_format(self.name, made, self.formulas.get(formula))
        self._formats.add(made.name, made)
        return made

    def connection_name(self, function: _Function) -> _Function:
        """Makes the function below it tell the name of a connected account."""
        self._needs_account("tells the account's name")
        self.account = replace(self.account, name=function)
        return function

    def connection_user_id(self, function: _Function) -> _Function:
        """Makes the function below it tell by which id the service knows the account."""
        self._needs_account("tells the account's id")
        self.account = replace(self.account, user_id=function)
        return function

    def endpoint_step(self, name: str, *, description: str = "") -> Callable[[_Function], _Function]:
        """Makes the function below it list the endpoints from which people choose one after connecting."""
        check_name("A step", name)

        def add(function: _Function) -> _Function:
            self._needs_account("asks for an endpoint")
            step = Step(name=name, function=function, description=description)
            self.account = replace(self.account, steps=(*self.account.steps, step))
            return function

        return add

    def __repr__(self) -> str:
        """Shows the pack by its number, name and version."""
        return f"Pack({self.id}, {self.name!r}, {self.version!r})"

    @property
    def _authenticated(self) -> bool:
        return self.authentication is not None and not isinstance(self.authentication, NoAuthentication)

    def _needs_account(self, purpose: str) -> None:
        if not self._authenticated:
            raise PackDeclarationError(
                f"Pack {self.name} {purpose}, but declares no authentication: declare one, or leave the function out."
            )

    def _check_identity(self, table: SyncTable) -> None:
        for other in self.sync_tables.values():
            if other.identity.lower() == table.identity.lower():
                raise PackDeclarationError(
                    f"Sync tables {other.name} and {table.name} have the identity {table.identity}: "
                    "give one schema another identity=."
                )


def _check(pack: Pack) -> None:
    check_name("A pack", pack.name)
    if type(pack.id) is not int or pack.id <= 0:
        raise PackDeclarationError(f"Pack {pack.name} has the id {pack.id!r}: give it a whole number above 0.")
    check_version(pack.name, pack.version)
    check_description(f"Pack {pack.name}", pack.description)
    for domain in pack.domains:
        check_domain(pack.name, domain)
    for declared in (pack.authentication, pack.system_authentication):
        if declared is not None:
            check_authentication(pack.name, declared, pack.domains)
    if pack.system_authentication is not None:
        check_system_authentication(pack.name, pack.system_authentication)
    for limit in pack.rate_limits:
        check_rate_limit(f"Pack {pack.name}", limit)
    check_isolation(f"Pack {pack.name}", pack.isolation)
    if pack.base_url:
        check_base_url(pack.name, pack.base_url, pack.domains)
