"""Finds the pack that a file, a folder or a module defines."""

from __future__ import annotations

import importlib
import sys
import traceback
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from packsys import sdk
from packsys.errors import BrokenPack


def load_pack(place: str | Path) -> sdk.Pack:
    """Imports a pack and gives it: ``examples/hello``, ``examples/hello/pack.py`` or ``packs.github``.

    The pack of a folder or a package is in its ``pack.py``, which may import what lies beside it with
    ``from . import``. Loading the same file again reads it again. The code runs in this process, so load only
    what you trust. Raises :class:`~packsys.errors.BrokenPack`.
    """
    path = Path(place)
    if path.suffix == ".py" or path.exists() or "/" in str(place):
        return _pack_of(_module_at(_source(path)), str(place))
    return _pack_of(_module_named(str(place)), str(place))


def _source(path: Path) -> Path:
    source = path / "pack.py" if path.is_dir() else path
    if not source.is_file():
        raise BrokenPack(f"There is no pack at {path}: name a file, or a folder with a pack.py in it.")
    return source.resolve()


def _module_named(name: str) -> ModuleType:
    module = _imported(name, name)
    inner = f"{name}.pack"
    return _imported(inner, inner) if hasattr(module, "__path__") and find_spec(inner) else module


def _module_at(source: Path) -> ModuleType:
    package = ModuleType(f"packsys_loaded_{sha256(bytes(source.parent)).hexdigest()[:12]}")
    package.__path__ = [str(source.parent)]
    for name in [name for name in sys.modules if f"{name}.".startswith(f"{package.__name__}.")]:
        del sys.modules[name]
    sys.modules[package.__name__] = package
    importlib.invalidate_caches()
    return _imported(f"{package.__name__}.{source.stem}", str(source))


def _imported(name: str, shown: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except sdk.PackDeclarationError as error:
        raise BrokenPack(f"{error} ({_line(error, shown)})") from error
    except (Exception, SystemExit) as error:
        raise BrokenPack(
            f"{shown} cannot be imported: {type(error).__name__}: {error} ({_line(error, shown)})"
        ) from error


def _line(error: BaseException, shown: str) -> str:
    if isinstance(error, SyntaxError):
        return f"{shown}, line {error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    inside = [frame for frame in frames if "/packsys/" not in frame.filename and "importlib" not in frame.filename]
    return f"{Path(inside[-1].filename).name}, line {inside[-1].lineno}" if inside else shown


def _pack_of(module: ModuleType, shown: str) -> sdk.Pack:
    found = getattr(module, "pack", None)
    if not isinstance(found, sdk.Pack):
        others = [name for name, value in vars(module).items() if isinstance(value, sdk.Pack)]
        advice = f"call {others[0]!r} 'pack'" if others else "write pack = Pack(id=…, name=…, …)"
        raise BrokenPack(f"{shown} defines no pack: {advice}.")
    if not (found.formulas or found.sync_tables):
        raise BrokenPack(f"The pack {found.name} in {shown} has no formulas: declare one with @pack.formula().")
    return found
