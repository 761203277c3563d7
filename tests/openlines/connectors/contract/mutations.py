"""Bodies spoilt in the ways that bodies get spoilt: values replaced, keys lost, lists doubled, bytes cut or flipped."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

from hypothesis import strategies as st

WORDS = ["\0", "\ud800", "", "0", "-1", "text", "image", "null", "👨‍👩‍👧", "x" * 5000, "1e999", "2026-13-45"]

wild = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**80), max_value=2**80)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(WORDS),
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
            return json.dumps(_spoilt(found, draw)).encode()
        if b"=" in body[:200] and b"\n" not in body[:200]:
            return _form(body, draw)
    return _bytes(body, draw)


def _spoilt(value: Any, draw: st.DrawFn) -> Any:
    path = draw(st.sampled_from(paths(value)))
    way = draw(st.sampled_from(["replace", "replace", "drop", "double"]))
    if way == "replace" or not path:
        return put(value, path, draw(wild))
    holder = at(value, path[:-1])
    if isinstance(holder, dict):
        kept = {k: v for k, v in holder.items() if k != path[-1]}
        return put(value, path[:-1], kept if way == "drop" else holder | {f"{path[-1]}_2": holder[path[-1]]})
    kept_items = [v for i, v in enumerate(holder) if i != path[-1]]
    return put(value, path[:-1], kept_items if way == "drop" else [*holder, holder[path[-1]]])


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
