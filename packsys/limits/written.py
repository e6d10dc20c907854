"""Policies as an operator writes them.

``*=10/s,100/min,1000/h; 1013=50/s,5000/h@account,30/min /search/*,8 at once,cost 5 POST /graphql``: for all packs
that declare nothing, and for pack 1013 whatever it declares. After ``@`` stands for whom requests are counted together:
``pack``, ``connection`` or ``account``; then the method and path that it is about.
"""

from __future__ import annotations

import re

from packsys.errors import WrongSetUp
from packsys.limits.policy import DEFAULTS, Cost, Policy, Rate, Rules, Scope, Slots

_UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}
_WHERE = r"(?:@(?P<scope>pack|connection|account))?(?:\s+(?P<endpoint>(?:[A-Z]+\s+)?/\S*))?"
_RATE = re.compile(rf"(?P<limit>\d{{1,9}})/(?P<times>\d{{0,6}})(?P<unit>s|min|h|d){_WHERE}")
_SLOTS = re.compile(rf"(?P<limit>\d{{1,9}}) at once{_WHERE}")
_COST = re.compile(r"cost (?P<weight>\d{1,9})\s+(?P<endpoint>(?:[A-Z]+\s+)?/\S*)")


def rules(text: str) -> Rules:
    """Reads an operator's rules; raises :class:`~packsys.errors.WrongSetUp` with the part that makes no sense."""
    said = dict(_pack(part.strip()) for part in text.split(";") if part.strip())
    default = said.pop("*", DEFAULTS)
    return Rules(default=default, packs={int(pack): policies for pack, policies in said.items()})


def _pack(part: str) -> tuple[str, tuple[Policy, ...]]:
    pack, equals, written = part.partition("=")
    if not equals or not re.fullmatch(r"\*|\d{1,18}", pack.strip()):
        raise WrongSetUp(f"The rate limits {part!r} do not say for which pack: write 1013=…, or *=… for all others.")
    return pack.strip(), tuple(_policy(each.strip()) for each in written.split(","))


def _policy(written: str) -> Policy:
    if found := _RATE.fullmatch(written):
        window = _UNITS[found["unit"]] * int(found["times"] or 1)
        return Rate(limit=int(found["limit"]), window=window, scope=_scope(found), endpoint=found["endpoint"] or "")
    if found := _SLOTS.fullmatch(written):
        return Slots(limit=int(found["limit"]), scope=_scope(found), endpoint=found["endpoint"] or "")
    if found := _COST.fullmatch(written):
        return Cost(weight=int(found["weight"]), endpoint=found["endpoint"])
    raise WrongSetUp(
        f"{written!r} is no rate limit: write it as 10/s, 100/min@pack, 8 at once or cost 5 POST /graphql."
    )


def _scope(found: re.Match[str]) -> Scope:
    return Scope(found["scope"] or Scope.CONNECTION)
