"""A pack version as one immutable archive: a ZIP file that is the same, byte for byte, wherever it is built.

Names are sorted, times and rights fixed, contents stored plain: two builds of one folder have one digest. Whoever
opens an archive trusts nothing in it: names that lead elsewhere, links, doubles, and contents that grow beyond what
they say are refused, with :class:`~packsys.errors.BrokenPack`.
"""

from __future__ import annotations

import io
import json
import re
import stat
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, cast

from packsys.catalog.validation import validate
from packsys.errors import BrokenPack

MANIFEST = "manifest.json"
ENTRIES = MappingProxyType({"python": ("pack.py",), "javascript": ("bundle.js", "pack.json")})

MOST_FILES = 200
LONGEST_PATH = 200  # characters
LARGEST_FILE = 5_000_000  # bytes; bundles of the packs that people know have half a megabyte
LARGEST_BUNDLE = 10_000_000  # bytes, of the archive and of its contents
LARGEST_MANIFEST = 1_000_000  # bytes

_NAME = re.compile(r"[\w.-]+(?:/[\w.-]+)*", re.ASCII)
_LEFT_OUT = ("__pycache__", "node_modules", "recordings")
_ENTRY_MARK = b"PK\x01\x02"  # begins each entry of a ZIP file's directory
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment that a ZIP file knows


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """Is an opened archive: ``digest`` is the SHA-256 of its bytes, ``files`` all but the manifest."""

    digest: str
    manifest: Mapping[str, Any]
    files: Mapping[str, bytes]

    @property
    def runtime(self) -> Literal["python", "javascript"]:
        """Says what runs the pack."""
        return cast('Literal["python", "javascript"]', self.manifest["runtime"])


def pack(folder: Path, manifest: Mapping[str, Any]) -> bytes:
    """Makes the archive of a pack's folder and its manifest; raises BrokenPack for what :func:`unpack` would refuse."""
    return archive(sources(folder), manifest)


def sources(folder: Path) -> dict[str, bytes]:
    """Reads the files of a pack's folder: tests, recordings, hidden files and what was compiled stay behind."""
    return {name: (folder / name).read_bytes() for name in _sources(folder)}


def archive(files: Mapping[str, bytes], manifest: Mapping[str, Any]) -> bytes:
    """Makes the archive of some files and a manifest, and opens it once to see that it can be."""
    written = json.dumps(manifest, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False).encode()
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as made:
        for name, content in sorted({**files, MANIFEST: written}.items()):
            made.writestr(_entry(name), content)
    unpack(target.getvalue())
    return target.getvalue()


def unpack(content: bytes) -> Bundle:
    """Opens an archive that comes from outside; its manifest is checked again, whoever checked it before."""
    if len(content) > LARGEST_BUNDLE:
        raise BrokenPack(f"The archive has {len(content)} bytes: {LARGEST_BUNDLE} are the most.")
    files = _read(content)
    manifest = validate(_manifest(files.pop(MANIFEST, None)))
    runtime = manifest.get("runtime", "python")
    if not any(name in files for name in ENTRIES[runtime]):
        raise BrokenPack(f"The archive of a {runtime} pack has no {' or '.join(ENTRIES[runtime])}: put it at the top.")
    return Bundle(
        digest=sha256(content).hexdigest(),
        manifest=MappingProxyType({"runtime": runtime, **manifest}),
        files=MappingProxyType(files),
    )


def _sources(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        hidden = any(part.startswith(".") or part in _LEFT_OUT for part in name.parts)
        test = path.name.startswith("test_") or path.name == "conftest.py" or "tests" in name.parts
        if hidden or test or path.is_dir():
            continue
        if path.is_symlink():
            raise BrokenPack(f"{path} is a link: put the file itself there.")
        yield name.as_posix()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.create_system = 3  # Unix, so that the rights mean the same wherever it was built
    entry.external_attr = (stat.S_IFREG | 0o644) << 16
    return entry


def _read(content: bytes) -> dict[str, bytes]:
    _check_count(content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as opened:
            entries = opened.infolist()
            _check_entries(entries)
            return {entry.filename: _inflated(opened, entry) for entry in entries}
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        raise BrokenPack(f"The archive cannot be read: {error}; build it with 'packsys pack build'.") from error


def _check_count(content: bytes) -> None:
    # Looked at before the archive is opened: reading 200,000 entries of no bytes would take seconds and 100 MB.
    found = content.count(_ENTRY_MARK)
    if found > MOST_FILES:
        raise BrokenPack(f"The archive has {found} files, with those of archives in it: {MOST_FILES} are the most.")


def _check_entries(entries: list[zipfile.ZipInfo]) -> None:
    seen: set[str] = set()
    for entry in entries:
        wrong = _wrong(entry, seen)
        if wrong:
            raise BrokenPack(f"The archive holds {entry.filename[:80]!r}, {wrong}.")
        seen.add(entry.filename.casefold())
    if sum(entry.file_size for entry in entries) > LARGEST_BUNDLE:
        raise BrokenPack(f"The archive unpacks to more than {LARGEST_BUNDLE} bytes: leave out what it does not need.")


def _wrong(entry: zipfile.ZipInfo, seen: set[str]) -> str:
    name, kind = entry.filename, stat.S_IFMT(entry.external_attr >> 16)
    if entry.orig_filename != name or len(name) > LONGEST_PATH or not _NAME.fullmatch(name):
        return "whose name is not plain: use letters, digits, dots and dashes, with a slash between folders"
    if any(not part.strip(".") for part in name.split("/")):
        return "which leads out of the archive: name files below it"
    if kind not in (0, stat.S_IFREG):
        return "which is no plain file: leave links and devices out"
    if name.casefold() in seen:
        return "which is there twice: keep one of them"
    if entry.file_size > LARGEST_FILE:
        return f"which has {entry.file_size} bytes: {LARGEST_FILE} are the most"
    if entry.flag_bits & 1:
        return "which is encrypted: store it plain"
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "which is compressed in a rare way, whose readers may take any amount of memory: deflate it"
    return ""


def _inflated(opened: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with opened.open(entry) as source:
        content = source.read(entry.file_size + 1)  # never more than it says, whatever the bytes would become
    if len(content) != entry.file_size:
        raise BrokenPack(f"The archive holds {entry.filename!r}, which is not of the size that it says: build it anew.")
    return content


def _manifest(content: bytes | None) -> object:
    if content is None:
        raise BrokenPack(f"The archive has no {MANIFEST}: build it with 'packsys pack build'.")
    if len(content) > LARGEST_MANIFEST:
        raise BrokenPack(f"The {MANIFEST} has {len(content)} bytes: {LARGEST_MANIFEST} are the most.")
    try:
        return json.loads(content, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise BrokenPack(f"The {MANIFEST} is not JSON: {str(error)[:200]}.") from None


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")
