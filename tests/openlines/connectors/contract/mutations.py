"""Bodies spoilt in the ways that bodies get spoilt: values replaced by other types, by parts of the same body or by what
no database takes, keys lost, renamed or told twice, lists doubled, values nested deep, bytes cut or flipped.

``FUZZ_EXAMPLES=5000 pytest tests/openlines/connectors/contract -k "spoilt or breaks"`` looks longer than the suite does.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

from hypothesis import strategies as st

WORDS = [
    *(
        "\0",
        "a\0b",
        "\ud800",
        "\udfff\ud800",
        "",
        " ",
        "0",
        "-1",
        "text",
        "image",
        "null",
        "👨‍👩‍👧",
        "\u202ea\u2028",
    ),
    *(
        "1e999",
        "9" * 30,
        "٣",
        "²",
        "0x1f",
        "2026-13-45",
        "0001-01-01T00:00:00-14:00",
        "9999-12-31T23:59:59-14:00",
    ),
    *("x" * 5000, "é" * 300, "//", "http://[", "https://x@y:99999/", "{", "[[", "=?utf-8?q?=?="),
]
NUMBERS = [
    *(
        0,
        -1,
        1,
        2**31,
        2**53 + 1,
        2**63 - 1,
        2**63,
        -(2**63),
        -(2**63) - 1,
        2**64,
        10**18,
        10**30,
        -62135596801,
    ),
    *(253402300800, 253402300800000, 0.5, -0.0, 1e17, 1e308, float("nan"), float("inf"), float("-inf")),
]
TWICE = "\N{REFERENCE MARK}"
"""Ends a key that shall stand in the JSON a second time: no dictionary can hold it."""


def examples(usual: int) -> int:
    return int(os.environ.get("FUZZ_EXAMPLES", usual))


def nested(levels: int) -> object:
    found: object = {"id": "deep"}
    for level in range(levels):
        found = [found] if level % 2 else {"x": found}
    return found


wild = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**80), max_value=2**80)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(WORDS)
    | st.sampled_from(NUMBERS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def mutated(draw: st.DrawFn, bodies: Sequence[bytes]) -> bytes:
    """One of ``bodies``, spoilt once to three times: as JSON or as a form where it is one, and as mere bytes."""
    body = draw(st.sampled_from(bodies))
    for _ in range(draw(st.integers(1, 3))):
        body = draw(_once(body))
    return body


@st.composite
def _once(draw: st.DrawFn, body: bytes) -> bytes:
    way = draw(st.sampled_from(["value", "value", "value", "bytes"]))
    if way == "value":
        try:
            found: Any = json.loads(body)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict | list):
            return _dumped(_spoilt(found, draw))
        if b"=" in body[:200] and b"\n" not in body[:200]:
            return _form(body, draw)
    return _bytes(body, draw)


def _spoilt(value: Any, draw: st.DrawFn) -> Any:
    path = draw(st.sampled_from(paths(value)))
    way = draw(
        st.sampled_from(["replace", "replace", "replace", "graft", "retype", "drop", "double", "nest"])
    )
    if way == "replace" or not path:
        return put(value, path, draw(wild))
    if way == "graft":
        return put(value, path, at(value, draw(st.sampled_from(paths(value)))))
    if way == "retype":
        return put(value, path, draw(st.sampled_from(_retyped(at(value, path)))))
    if way == "nest":
        return put(value, path, nested(draw(st.sampled_from([1, 3, 60, 400]))))
    holder = at(value, path[:-1])
    if isinstance(holder, dict):
        kept = {k: v for k, v in holder.items() if k != path[-1]}
        if way == "drop":
            return put(value, path[:-1], kept)
        name = draw(st.sampled_from([f"{path[-1]}_2", f"{path[-1]}{TWICE}", f"{path[-1]}\0", "\ud83d"]))
        return put(value, path[:-1], holder | {name: draw(wild | st.just(holder[path[-1]]))})
    kept_items = [v for i, v in enumerate(holder) if i != path[-1]]
    return put(value, path[:-1], kept_items if way == "drop" else [*holder, holder[path[-1]]])


def _retyped(value: Any) -> list[Any]:
    """The same thing as other types: an id as a number, a number as text, one as a list of one."""
    said = str(value)[:200]
    numbers = [int(said[:18]), float(said[:18])] if said.isascii() and said.isdecimal() else []
    return [said, *numbers, [value], {"id": value}, [value, value], None, bool(value)]


def _dumped(value: Any) -> bytes:
    try:
        return json.dumps(value).replace(json.dumps(TWICE)[1:-1], "").encode()
    except (ValueError, RecursionError):
        return b"[" * 100


def _form(body: bytes, draw: st.DrawFn) -> bytes:
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    if not pairs:
        return body
    index = draw(st.integers(0, len(pairs) - 1))
    name, _value = pairs[index]
    way = draw(st.sampled_from(["replace", "drop", "double"]))
    word = draw(st.text(max_size=20) | st.sampled_from(WORDS))
    changed = {
        "replace": [*pairs[:index], (name, word), *pairs[index + 1 :]],
        "drop": [*pairs[:index], *pairs[index + 1 :]],
        "double": [*pairs, (name, word)],
    }[way]
    return urlencode(changed, errors="replace").encode()


def _bytes(body: bytes, draw: st.DrawFn) -> bytes:
    start = draw(st.integers(0, len(body)))
    length = draw(st.integers(0, 20))
    return body[:start] + draw(st.binary(max_size=8)) + body[start + length :]


def paths(value: object, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [before]
    if isinstance(value, dict):
        found += [path for key, inner in value.items() for path in paths(inner, (*before, key))]
    elif isinstance(value, list):
        found += [path for index, inner in enumerate(value) for path in paths(inner, (*before, index))]
    return found


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def put(value: Any, path: tuple[Any, ...], new: object) -> Any:
    if not path:
        return new
    first, *rest = path
    if isinstance(value, dict):
        return {key: put(inner, tuple(rest), new) if key == first else inner for key, inner in value.items()}
    return [put(inner, tuple(rest), new) if index == first else inner for index, inner in enumerate(value)]
