"""Which sandbox is for which runtime, said once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

from packsys.catalog.bundle import Bundle
from packsys.ports import PackRunner
from packsys.sandbox.javascript.runner import JavaScriptSandbox
from packsys.sandbox.python import Files, PythonSandbox, describe_source
from packsys.sandbox.report import report


def runners(files: Callable[[int, str], Files]) -> Mapping[str, PackRunner]:
    """Gives a sandbox for each runtime, and starts none yet; ``files`` are those of a release."""
    return {"python": PythonSandbox(files), "javascript": JavaScriptSandbox(files)}


def describers() -> Mapping[str, Callable[[Bundle], Mapping[str, Any]]]:
    """Gives what reads a manifest off code, for each runtime, behind the walls of its sandbox."""
    return {"python": lambda bundle: describe_source(bundle.files), "javascript": _describe_javascript}


def report_walls() -> None:
    """Logs which walls this machine puts around the code of strangers; leaves nothing running."""
    with (
        closing(PythonSandbox(lambda pack_id, version: {})) as python,
        closing(JavaScriptSandbox(lambda pack_id, version: {}, spare=0)) as javascript,
    ):
        report({"python": python, "javascript": javascript})


def _describe_javascript(bundle: Bundle) -> Mapping[str, Any]:
    manifest = bundle.manifest
    with closing(JavaScriptSandbox(lambda pack_id, version: bundle.files, spare=0)) as sandbox:
        return sandbox.describe(manifest["id"], manifest["version"], name=manifest["name"])
