"""The pack: a name, a version, the domains that it may reach, and its formulas."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

from packsys.sdk.authentication import Authentication
from packsys.sdk.errors import PackDeclarationError
from packsys.sdk.formula import Example, Formula, Need, Terms, declare
from packsys.sdk.names import check_description, check_domain, check_name, check_version
from packsys.sdk.schema import ObjectSchema, Type

_Function = TypeVar("_Function", bound=Callable[..., Any])


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
    needs a connected account for every formula that does not say otherwise.
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
        self.author = author
        self.icon = icon
        self.categories = tuple(categories)
        self._formulas: dict[str, Formula] = {}
        _check(self)

    @property
    def formulas(self) -> Mapping[str, Formula]:
        """Holds the formulas by name, in the order of their declaration."""
        return MappingProxyType(self._formulas)

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
        examples: Sequence[Example] = (),
    ) -> Callable[[_Function], _Function]:
        """Makes a formula of the function below it, and leaves the function as it is.

        Name, description, parameters and, where they say enough, the result are read off the function:
        ``list_repos`` is called ``ListRepos``, the docstring's first paragraph describes it, and each parameter
        is written as ``owner: Annotated[str, "What it is."]``, with a default when it is optional. The other
        arguments are those of :class:`packsys.sdk.formula.Terms`.
        """
        terms = Terms(
            cache_ttl=cache_ttl, timeout=timeout, attempts=attempts, connection=connection, is_action=is_action
        )

        def add(function: _Function) -> _Function:
            self._add(
                declare(
                    function,
                    terms=terms,
                    authenticated=self.authentication is not None,
                    name=name,
                    description=description,
                    result=result,
                    examples=examples,
                )
            )
            return function

        return add

    def __repr__(self) -> str:
        """Shows the pack by its number, name and version."""
        return f"Pack({self.id}, {self.name!r}, {self.version!r})"

    def _add(self, formula: Formula) -> None:
        taken = {name.lower() for name in self._formulas}
        if formula.name.lower() in taken:
            raise PackDeclarationError(
                f"Pack {self.name} has two formulas {formula.name}: rename one, since case does not count."
            )
        self._formulas[formula.name] = formula


def _check(pack: Pack) -> None:
    check_name("A pack", pack.name)
    if type(pack.id) is not int or pack.id <= 0:
        raise PackDeclarationError(f"Pack {pack.name} has the id {pack.id!r}: give it a whole number above 0.")
    check_version(pack.name, pack.version)
    check_description(f"Pack {pack.name}", pack.description)
    for domain in pack.domains:
        check_domain(pack.name, domain)
    if pack.authentication is not None and not pack.domains:
        raise PackDeclarationError(
            f"Pack {pack.name} declares authentication but no domains: declare those that may receive the secret."
        )
    if pack.base_url:
        _check_base_url(pack)


def _check_base_url(pack: Pack) -> None:
    scheme, _, rest = pack.base_url.partition("://")
    host = rest.partition("/")[0]
    if scheme != "https" or not any(host == domain or host.endswith(f".{domain}") for domain in pack.domains):
        raise PackDeclarationError(
            f"Pack {pack.name} has the base_url {pack.base_url!r}: "
            "begin it with 'https://' and one of the domains that it declares."
        )
