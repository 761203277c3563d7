"""Canned replies (A10): what a search finds and in which order, shortcuts, variables. Pure.

``static/workspace/canned.js`` ranks a short list by the same rules in the browser, so that no key stroke asks the server.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from contactcenter.lib.folding import fold

MACROS: Final = ("CLIENT", "OPERATOR", "DIALOG", "LINE", "COMPANY")
LONGEST_SHORTCUT: Final = 50

_MACRO = re.compile(r"#([A-Za-z_]{2,30})#")
_SHORTCUT = re.compile(r"[^\W_][\w.-]*")
_WORDS = re.compile(r"\w+")


@dataclass(frozen=True)
class Candidate:
    """``place``: its number in the list's own order."""

    key: int
    shortcut: str
    title: str
    section: str
    text: str
    uses: int
    place: int


def rank(query: str, candidates: Iterable[Candidate]) -> list[Candidate]:
    """Those that match, best first: the shortcut, its beginning, words of the title, then the text.

    Every word of the query must be there. Of equally good ones the more used is first. An empty query finds all, in
    the list's order.
    """
    wanted = fold(query).removeprefix("/").strip()
    if not wanted:
        return sorted(candidates, key=lambda one: one.place)
    found = [(tier, one) for one in candidates if (tier := _tier(wanted, one)) is not None]
    return [one for _tier_, one in sorted(found, key=lambda pair: (pair[0], -pair[1].uses, pair[1].place))]


def _tier(wanted: str, one: Candidate) -> int | None:
    shortcut = fold(one.shortcut)
    if shortcut == wanted:
        return 0
    if shortcut.startswith(wanted):
        return 1
    head = f"{shortcut} {fold(one.title)} {fold(one.section)}"
    whole = f"{head} {fold(one.text)}"
    words, beginnings = wanted.split(), _WORDS.findall(head)
    if all(_begins(word, beginnings) for word in words):
        return 2
    if all(_stands(word, head, beginnings) for word in words):
        return 3
    everywhere = _WORDS.findall(whole)
    return 4 if all(_stands(word, whole, everywhere) for word in words) else None


def _begins(word: str, words: list[str]) -> bool:
    return any(one.startswith(word) for one in words)


def _stands(word: str, text: str, words: list[str]) -> bool:
    """Within a word only from three letters on: fewer stand within too many."""
    return _begins(word, words) or (len(word) >= 3 and word in text)


def unknown_macros(text: str) -> list[str]:
    """Variables of ``text`` that canned replies do not have, as written, once each; ``#client#`` is one: it would be
    sent as it stands.
    """
    return list(dict.fromkeys(m[0] for m in _MACRO.finditer(text) if m[1] not in MACROS))


def as_shortcut(typed: str) -> str:
    """What was typed as a shortcut, without the stroke and blanks around it."""
    return typed.strip().removeprefix("/").strip()


def is_shortcut(text: str) -> bool:
    """One word, so that it can be typed after the stroke: letters, figures, point, dash and underline."""
    return len(text) <= LONGEST_SHORTCUT and _SHORTCUT.fullmatch(text) is not None


def free_shortcut(text: str, taken: Collection[str]) -> str:
    """A shortcut for ``text`` that is none of ``taken`` (compared without case): its first longer words."""
    words = [word for word in _WORDS.findall(fold(_MACRO.sub(" ", text))) if not word.isdigit()]
    longer = [word for word in words if len(word) > 3] or words
    base = "-".join(longer[:2])[:30].strip("-_") or "reply"
    used = {one.casefold() for one in taken}
    number, shortcut = 1, base
    while shortcut in used:
        number += 1
        shortcut = f"{base}-{number}"
    return shortcut


def title_of(text: str) -> str:
    """The first sentence or line of a text, cut at a word and without variables, as the title it might have."""
    words = re.sub(r"\s*#[A-Z_]+#", "", text).strip().lstrip(",;:–- ")
    first = re.split(r"(?<=[.!?…])\s|\n", words, maxsplit=1)[0].strip()
    if len(first) <= 60:
        return first
    return first[:60].rsplit(" ", 1)[0].rstrip(",;:–-") + "…"
