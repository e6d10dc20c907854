"""Imports the modules of a pack from memory: in the sandbox there are no files."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType
from typing import Any, Final

PACKAGE: Final = "pack_source"
"""The package that a pack's files are the modules of, so that ``from . import`` finds what lies beside."""


class PackFinder:
    """Finds modules among the files of the pack that is loaded, and says so about all others that they are absent.

    It is the last finder of ``sys.meta_path``; ``files`` are set when the source has come.
    """

    def __init__(self) -> None:
        """Begins without files."""
        self.files: Mapping[str, bytes] = {}

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Finds a module of the pack; None for a name that is nowhere."""
        if name == PACKAGE:
            return ModuleSpec(name, _loader("", b""), origin="", is_package=True)
        stem = name.removeprefix(f"{PACKAGE}.").replace(".", "/")
        for place, is_package in ((f"{stem}.py", False), (f"{stem}/__init__.py", True)):
            if name.startswith(f"{PACKAGE}.") and place in self.files:
                return self._spec(name, place, is_package)
        return None

    def _spec(self, name: str, place: str, is_package: bool) -> ModuleSpec:
        spec = ModuleSpec(name, _loader(place, self.files[place]), origin=place, is_package=is_package)
        spec.has_location = True
        return spec


class _Loader:
    """Runs one file as a module; ``get_source`` lets tracebacks show its lines."""

    def __init__(self, place: str, source: bytes) -> None:
        self._place = place
        self._source = source

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        exec(self._code(), vars(module))

    def get_source(self, name: str) -> str:
        return self._source.decode("utf-8", "replace")

    def _code(self) -> CodeType:
        return compile(self._source, self._place, "exec", dont_inherit=True)


def _loader(place: str, source: bytes) -> Any:
    return _Loader(place, source)  # the import system asks for three methods, not for a base class


def only_from_memory(finder: PackFinder) -> None:
    """Lets nothing be imported any more but what is loaded, what is built in, and the files of a pack."""
    sys.path.clear()
    sys.meta_path[:] = [each for each in sys.meta_path if getattr(each, "__name__", "") != "PathFinder"]
    sys.meta_path.append(finder)
