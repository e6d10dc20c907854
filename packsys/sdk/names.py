"""Names as formulas use them, and the other short texts of a declaration."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from packsys.sdk.errors import PackDeclarationError

LONGEST_NAME = 50
LONGEST_DESCRIPTION = 1000

# https://semver.org, "Is there a suggested regular expression".
_VERSION = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?"
    r"(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?",
    re.ASCII,
)
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)


def pascal(text: str) -> str:
    """Writes a key as formulas write names: ``full_name``, ``fullName`` and ``full name`` become ``FullName``."""
    words = "".join(letter if letter.isalnum() else " " for letter in text).split()
    return "".join(word[0].upper() + word[1:] for word in words)


def check_name(what: str, name: str) -> None:
    """Refuses a name that is not a letter followed by at most 49 letters, digits and underscores."""
    if not name or not name[0].isalpha() or not all(letter.isalnum() or letter == "_" for letter in name):
        raise PackDeclarationError(
            f"{what} cannot be called {name!r}: begin with a letter and go on with letters, digits and underscores."
        )
    if len(name) > LONGEST_NAME:
        raise PackDeclarationError(
            f"{what} {name!r} has {len(name)} characters: names have {LONGEST_NAME} at most, so shorten it."
        )


def check_description(what: str, description: str) -> None:
    """Refuses a missing or endless description."""
    if not description.strip():
        raise PackDeclarationError(f"{what} is not described: say in a sentence what it is.")
    if len(description) > LONGEST_DESCRIPTION:
        raise PackDeclarationError(
            f"The description of {what[0].lower()}{what[1:]} has {len(description)} characters: "
            f"say it in {LONGEST_DESCRIPTION} at most."
        )


def check_version(pack: str, version: str) -> None:
    """Refuses a version that is not a semantic one."""
    if not _VERSION.fullmatch(version):
        raise PackDeclarationError(
            f"Pack {pack} has the version {version!r}: write three numbers with dots, such as '1.4.0' (semver.org)."
        )


def check_domain(pack: str, domain: str) -> None:
    """Refuses anything but a bare host name of two labels or more, in lower case ASCII."""
    wrong = f"Pack {pack} declares the domain {domain!r}: "
    if "://" in domain or "/" in domain:
        raise PackDeclarationError(f"{wrong}write the host name alone, without a scheme and without a path.")
    if "*" in domain:
        raise PackDeclarationError(f"{wrong}leave the wildcard out, since a domain stands for all names below it.")
    if ":" in domain or "@" in domain:
        raise PackDeclarationError(f"{wrong}write the host name alone, without a port or a user.")
    if not domain.isascii():
        raise PackDeclarationError(f"{wrong}write an international name in its ASCII form, which begins with 'xn--'.")
    labels = domain.split(".")
    if all(label.isdigit() for label in labels):
        raise PackDeclarationError(f"{wrong}an address is not a name; declare the host name of the service.")
    if len(domain) > 253 or not all(_LABEL.fullmatch(label) for label in labels) or labels[-1][0].isdigit():
        raise PackDeclarationError(f"{wrong}this is no host name; write it as in 'api.example.com', in lower case.")
    if len(labels) == 1:
        raise PackDeclarationError(f"{wrong}one label covers far too much; declare the service's own name.")


def check_base_url(pack: str, base_url: str, domains: Sequence[str]) -> None:
    """Refuses a base address that is not below one of the domains, or not secured."""
    scheme, _, rest = base_url.partition("://")
    host = rest.partition("/")[0]
    if scheme != "https" or not any(host == domain or host.endswith(f".{domain}") for domain in domains):
        raise PackDeclarationError(
            f"Pack {pack} has the base_url {base_url!r}: "
            "begin it with 'https://' and one of the domains that it declares."
        )


def nearest(wrong: str, names: Iterable[str]) -> str:
    """Ends a sentence with the name that was probably meant, or with all that there are."""
    from difflib import get_close_matches  # noqa: PLC0415 - only a failing declaration pays for it

    known = sorted(names)
    close = get_close_matches(wrong, known, 1)
    return f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known) or 'none'}."
