"""Shows how a formula of a pack is called."""

from __future__ import annotations

from collections.abc import Sequence

from packsys.language.signature import Need, Parameter, Signature


def usage_of(signature: Signature) -> str:
    """Shows a call with its parameters, the ones that can be left out in brackets: ``Repos(account, [owner])``."""
    return f"{signature.name}({', '.join(shown(parameters_of(signature)))})"


def parameters_of(signature: Signature) -> tuple[Parameter, ...]:
    """Lists the parameters as formulas see them, the account first."""
    account = Parameter("account", required=signature.account is Need.REQUIRED, description="A connected account.")
    return signature.parameters if signature.account is Need.NONE else (account, *signature.parameters)


def shown(parameters: Sequence[Parameter]) -> list[str]:
    """Names parameters as usage lines do."""
    names = [parameter.name if parameter.required else f"[{parameter.name}]" for parameter in parameters]
    return [*names, "…"] if any(parameter.variadic for parameter in parameters) else names
