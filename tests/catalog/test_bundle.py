"""An archive is the same wherever it is built, and nothing that is odd about one is let in."""

from __future__ import annotations

import io
import json
import stat
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packsys.catalog.bundle import LARGEST_FILE, MANIFEST, archive, pack, unpack
from packsys.catalog.manifest import describe
from packsys.errors import BrokenPack
from packsys.sandbox.loading import load_pack

HELLO = Path(__file__).resolve().parents[2] / "examples" / "hello"
WRITTEN: dict[str, Any] = describe(load_pack(HELLO))
FILES = {"pack.py": b"pack = None\n", "inner/words.txt": "été".encode()}


def test_what_went_in_comes_out() -> None:
    bundle = unpack(archive(FILES, WRITTEN))
    assert (dict(bundle.files), bundle.manifest["name"], bundle.runtime) == (FILES, "Hello", "python")


def test_two_builds_are_one() -> None:
    one, other = archive(FILES, WRITTEN), archive(dict(reversed(FILES.items())), dict(reversed(WRITTEN.items())))
    assert one == other
    assert unpack(one).digest == unpack(other).digest
    assert unpack(one).digest != unpack(archive({**FILES, "pack.py": b""}, WRITTEN)).digest


def test_a_folder_leaves_its_tests_and_hidden_files_behind(tmp_path: Path) -> None:
    for name in ("pack.py", "words.json", "test_pack.py", "conftest.py", ".env", "__pycache__/x.pyc", "tests/a.py",
                 "recordings/a.json", "inner/more.py"):  # fmt: skip
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    assert sorted(unpack(pack(tmp_path, WRITTEN)).files) == ["inner/more.py", "pack.py", "words.json"]


def test_a_folder_with_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pack.py").symlink_to("/etc/hostname")
    with pytest.raises(BrokenPack, match="is a link"):
        pack(tmp_path, WRITTEN)


def test_a_javascript_pack_has_a_bundle() -> None:
    script = {**WRITTEN, "runtime": "javascript"}
    assert unpack(archive({"bundle.js": b""}, script)).runtime == "javascript"
    with pytest.raises(BrokenPack, match=r"no bundle\.js or pack\.json"):
        archive(FILES, script)


def test_an_archive_has_its_entry() -> None:
    with pytest.raises(BrokenPack, match=r"no pack\.py"):
        archive({}, WRITTEN)


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes], manifest: bytes | None = None) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in (("pack.py", b""), (MANIFEST, manifest or json.dumps(WRITTEN).encode()), *entries):
            made.writestr(name, content)
    return target.getvalue()


def link() -> bytes:
    entry = zipfile.ZipInfo("link")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return zipped((entry, b"/etc/passwd"))


def lying() -> bytes:
    """Gives an archive with an entry that unpacks to far more than it says."""
    honest = zipped(("bomb", b"\0" * 1_000_000))
    return honest.replace((1_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))


def encrypted() -> bytes:
    content = bytearray(archive(FILES, WRITTEN))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.index(mark)
        content[place + offset] |= 1
    return bytes(content)


def rare() -> bytes:
    entry = zipfile.ZipInfo("words")
    entry.compress_type = zipfile.ZIP_LZMA
    return zipped((entry, b"words"))


def torn() -> bytes:
    return archive(FILES, WRITTEN)[:-30]


def altered() -> bytes:
    return archive(FILES, WRITTEN).replace(b"pack = None", b"pack = Nine")


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "leads up": (lambda: zipped(("../evil.py", b"")), "leads out"),
    "leads up inside": (lambda: zipped(("a/../../evil.py", b"")), "leads out"),
    "is absolute": (lambda: zipped(("/etc/cron", b"")), "not plain"),
    "is Windows' way": (lambda: zipped(("..\\evil.py", b"")), "not plain"),
    "has a drive": (lambda: zipped(("C:evil.py", b"")), "not plain"),
    "is a folder": (lambda: zipped(("a/", b"")), "not plain"),
    "is a dot": (lambda: zipped(("a/./b", b"")), "leads out"),
    "has a blank": (lambda: zipped(("a b", b"")), "not plain"),
    "has a line break": (lambda: zipped(("a\nb", b"")), "not plain"),
    "is long": (lambda: zipped(("a" * 201, b"")), "not plain"),
    "is a link": (link, "no plain file"),
    "is there twice": (lambda: zipped(("a", b"1"), ("A", b"2")), "there twice"),
    "is large": (lambda: zipped(("a", b"\0" * (LARGEST_FILE + 1))), "are the most"),
    "is large together": (lambda: zipped(*((f"a{each}", b"\0" * LARGEST_FILE) for each in range(3))), "unpacks to"),
    "are many": (lambda: zipped(*((f"a{each}", b"") for each in range(200))), "202 files"),
    "lies": (lying, "cannot be read|not of the size"),
    "is encrypted": (encrypted, "encrypted"),
    "is compressed in a rare way": (rare, "deflate it"),
    "is torn": (torn, "cannot be read"),
    "is altered": (altered, "cannot be read"),
    "is none": (lambda: b"not an archive", "cannot be read"),
    "is empty": (lambda: b"", "cannot be read"),
    "is huge": (lambda: b"\0" * 10_000_001, "are the most"),
    "has no manifest": (lambda: zipped(manifest=b"{"), "is not JSON"),
    "has a number that is none": (lambda: zipped(manifest=b'{"id": NaN}'), "NaN is no number"),
    "has a deep manifest": (lambda: zipped(manifest=b"[" * 100_000), "is not JSON"),
    "has a large manifest": (lambda: zipped(manifest=b" " * 1_000_001), "are the most"),
    "has a wrong manifest": (lambda: zipped(manifest=b"{}"), "give it"),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_odd_archive_is_refused(name: str) -> None:
    make, sentence = REFUSED[name]
    with pytest.raises(BrokenPack, match=sentence):
        unpack(make())


def test_a_manifest_may_be_missing() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        made.writestr("pack.py", b"")
    with pytest.raises(BrokenPack, match=r"has no manifest\.json"):
        unpack(target.getvalue())


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_whatever_is_damaged_is_refused_or_harmless(data: st.DataObject) -> None:
    content = bytearray(archive(FILES, WRITTEN))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        bundle = unpack(bytes(content))
    except BrokenPack:
        return
    assert all(zlib.crc32(each) == zlib.crc32(FILES.get(name, each)) for name, each in bundle.files.items())
