"""What one raw delivery says of some messages is cut out of its body; what it says of others stays.

Providers send several events in one call, each an element of a list in the JSON. An element that names a message by its
id at the provider goes as a whole.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any


def without(body: bytes, *, ids: Collection[str], words: Collection[str]) -> bytes | None:
    """The body without the elements that name one of ``ids``. None where they cannot be cut out: it is no JSON, nothing
    else is in it, or one of ``words`` still stands there.
    """
    try:
        told = json.loads(body)
    except ValueError:
        return None
    names = {one for one in ids if one}
    left, is_cut = _cut(told, names)
    if not names or not is_cut or _names(left, names):
        return None
    kept = json.dumps(left, ensure_ascii=False)
    texts = set(_texts(left))
    if any(word and any(word in text for text in texts) for word in words):
        return None
    return kept.encode()


def _cut(value: Any, names: Collection[str]) -> tuple[Any, bool]:
    """The innermost elements of lists that name one of them go; True where one went."""
    is_cut = False
    if isinstance(value, dict):
        kept: dict[str, Any] = {}
        for key, one in value.items():
            kept[key], cut_here = _cut(one, names)
            is_cut = is_cut or cut_here
        return kept, is_cut
    if not isinstance(value, list):
        return value, False
    left = []
    for one in value:
        inner, cut_here = _cut(one, names)
        if not cut_here and _names(inner, names):
            is_cut = True
            continue
        is_cut = is_cut or cut_here
        left.append(inner)
    return left, is_cut


def _names(value: Any, names: Collection[str]) -> bool:
    return any(text in names for text in _texts(value))


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for one in value.values() for text in _texts(one)]
    if isinstance(value, list):
        return [text for one in value for text in _texts(one)]
    return [str(value)] if isinstance(value, str | int) else []
