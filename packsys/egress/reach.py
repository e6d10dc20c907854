"""Where a pack may send requests, and where the account's secret may go with them."""

from __future__ import annotations

from dataclasses import dataclass

from packsys.catalog.domains import is_public_suffix
from packsys.egress import url
from packsys.egress.url import Url
from packsys.errors import BrokenPack, ForbiddenRequest
from packsys.model import Connection, PackVersion


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Is the reach of one call.

    ``endpoint`` is the account's own and one origin: scheme, host and port. ``secret_domain`` is the one of the
    ``domains`` that the secret is for, or empty when it is for all.
    """

    pack: str
    domains: tuple[str, ...]
    endpoint: Url | None
    secret_domain: str

    @classmethod
    def of(cls, pack: PackVersion, connection: Connection | None) -> Reach:
        """Reads where a pack may go; raises :class:`~packsys.errors.BrokenPack` for a domain that is nobody's."""
        for domain in pack.domains:
            if is_public_suffix(domain):
                raise BrokenPack(f"{pack.name} declares {domain}, below which everybody can have a name: name its own.")
        own = connection.endpoint if connection is not None else ""
        endpoint = url.parse(own) if own else None
        confined = ((pack.authentication.get("endpoint") or {}).get("domain") or "") if endpoint else ""
        if endpoint is not None and confined and not endpoint.within(confined):
            raise ForbiddenRequest(
                f"The account's endpoint {endpoint.host} is not below {confined}.", reason="undeclared"
            )
        secret_domain = str(pack.authentication.get("domain") or "")
        return cls(pack=pack.name, domains=pack.domains, endpoint=endpoint, secret_domain=secret_domain)

    def check(self, asked: Url) -> None:
        """Refuses an address out of reach with :class:`~packsys.errors.ForbiddenRequest`."""
        if self._at_endpoint(asked):
            return
        if asked.literal:
            raise ForbiddenRequest(f"{self.pack} may not reach {asked.host}: it is no name.", reason="ip_literal")
        if not self._declared(asked):
            known = ", ".join(self.domains) or "none"
            raise ForbiddenRequest(
                f"{self.pack} may not reach {asked.host}: its domains are {known}.", reason="undeclared"
            )
        if not any(asked.within(domain) and not _international(asked, domain) for domain in self.domains):
            raise ForbiddenRequest(
                f"{self.pack} may not reach {asked.host}: a name with letters beyond ASCII must be declared as it is.",
                reason="bad_host",
            )
        if asked.scheme != "https" or asked.port != 443:
            raise ForbiddenRequest(
                f"{self.pack} may reach {asked.host} over https on port 443 only.",
                reason="scheme" if asked.scheme != "https" else "port",
            )

    def trusts(self, asked: Url) -> bool:
        """Tells whether the secret may go there: an account's own endpoint shares it with nobody.

        Only where that endpoint itself lies below the domain that the secret is for may that domain have it too.
        """
        if self.endpoint is None:
            return asked.within(self.secret_domain) if self.secret_domain else self._declared(asked)
        if self._at_endpoint(asked):
            return True
        shared = bool(self.secret_domain) and self.endpoint.within(self.secret_domain)
        return shared and asked.within(self.secret_domain) and asked.scheme == "https"

    def _at_endpoint(self, asked: Url) -> bool:
        return self.endpoint is not None and asked.origin == self.endpoint.origin

    def _declared(self, asked: Url) -> bool:
        return any(asked.within(domain) for domain in self.domains)


def _international(asked: Url, domain: str) -> bool:
    """Tells whether there are letters beyond ASCII in what comes before the domain, where nobody has looked at them."""
    return any(label.startswith("xn--") for label in asked.host.removesuffix(domain).split("."))
