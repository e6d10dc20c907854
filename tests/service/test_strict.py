from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packsys.errors import RequestError
from packsys.service.strict import DEPTH, loads

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
)

REFUSED = {
    "nothing": b"",
    "half an object": b'{"a": 1',
    "two documents": b"1 2",
    "a byte order mark": b"\xef\xbb\xbf1",
    "bytes that are not UTF-8": b'"\xff"',
    "a comment": b"1 // one",
    "a trailing comma": b"[1,]",
    "a field named twice": b'{"a": 1, "b": 2, "a": 3}',
    "a field named twice, once by escape": b'{"a": 1, "\\u0061": 3}',
    "a field named twice further in": b'[{"a": [{"b": 1, "b": 1}]}]',
    "not a number": b"NaN",
    "infinity": b"[-Infinity]",
    "a number out of range": b"1e999",
    "a number of 5,000 digits": b"1" * 5_000,
    "a control character": b'"\n"',
    "NUL": b'"\\u0000"',
    "NUL after a backslash": b'"\\\\\\u0000"',
    "NUL in a name": b'{"\\u0000": 1}',
    "the first half of a surrogate pair": b'"\\ud83d"',
    "the second half": b'"\\uDE00 \\ud83d\\ude00"',
    "half a pair in a name": b'{"\\ud83d": 1}',
    "lists too deep": b"[" * (DEPTH + 1) + b"]" * (DEPTH + 1),
    "objects too deep": b'{"a":' * (DEPTH + 1) + b"1" + b"}" * (DEPTH + 1),
    "lists as deep as a body may be large": b"[" * 500_000 + b"]" * 500_000,
}

TAKEN: dict[str, tuple[bytes, Any]] = {
    "an object": (b' {"a": [1, 2.5, null, true]} ', {"a": [1, 2.5, None, True]}),
    "a whole surrogate pair": (b'"\\ud83d\\ude00"', "😀"),
    "an escaped backslash before u0000": (b'"\\\\u0000"', "\\u0000"),
    "an escaped backslash before ud83d": (b'"\\\\ud83d"', "\\ud83d"),
    "brackets in text": (b'["' + b"[{" * 100 + b'\\"[["]', ["[{" * 100 + '"[[']),
    "many lists side by side": (b"[" + b"[]," * 100 + b"[]]", [[]] * 101),
    "lists and objects just deep enough": (b'[{"a":' * 32 + b"1" + b"}]" * 32, None),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_could_be_understood_in_two_ways_is_refused(name: str) -> None:
    with pytest.raises(RequestError) as caught:
        loads(REFUSED[name])
    assert caught.value.message.endswith((".", ")"))


@pytest.mark.parametrize("name", TAKEN)
def test_what_only_looks_odd_is_taken(name: str) -> None:
    raw, document = TAKEN[name]
    assert loads(raw) == (document or json.loads(raw))


@given(documents, st.booleans())
def test_every_document_is_read_back(document: Any, ascii_only: bool) -> None:
    assert loads(json.dumps(document, ensure_ascii=ascii_only).encode()) == document


@given(st.lists(st.sampled_from(["[]", '{"a":}', '["[{",]', '{"]":0,"b":}']), min_size=1, max_size=2 * DEPTH))
def test_depth_is_counted_exactly(layers: list[str]) -> None:
    raw = "1"
    for layer in layers:
        raw = f"{layer[:-1]}{raw}{layer[-1]}"
    if len(layers) <= DEPTH:
        assert loads(raw.encode()) == json.loads(raw)
    else:
        with pytest.raises(RequestError, match="deep"):
            loads(raw.encode())
