"""Automatic texts (A12): which language a client gets, macros, and what a text falls back to. Pure.

The shipped wordings are in ``shipped_texts.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from openlines.policies.facts import TextTrigger
from openlines.policies.shipped_texts import LABELS, LANGUAGES, SHIPPED

__all__ = ["LANGUAGES", "SHIPPED", "Label", "MacroValues", "choose", "label", "render", "unknown_macros"]

MACROS = ("CLIENT", "OPERATOR", "DIALOG", "LINE", "COMPANY", "DOCUMENT", "OPENS")
_MACRO = re.compile(r"#([A-Z_]+)#")

FALLBACKS = {TextTrigger.DAY_OFF: TextTrigger.OFF_HOURS, TextTrigger.HOLIDAY: TextTrigger.OFF_HOURS}
"""W4: a trigger without a text of the line's own takes this one's."""


@dataclass(frozen=True)
class MacroValues:
    """What macros stand for; empty values have words of their own, so that no text is ever a bare macro."""

    client: str = ""
    operator: str = ""
    dialog: str = ""
    line: str = ""
    company: str = ""
    document: str = ""
    """The address of the full document (P1)."""
    opens: str = ""
    """When the line opens again (W4), as ``opening.words`` has it."""


_NOBODY = {
    "CLIENT": {"en": "customer", "pl": "klient"},
    "OPERATOR": {"en": "our team", "pl": "nasz zespół"},
    "COMPANY": {"en": "our company", "pl": "nasza firma"},
    "OPENS": {"en": "soon", "pl": "wkrótce"},
}


def choose(
    own: Mapping[tuple[str, str], str], trigger: TextTrigger, *, languages: Iterable[str]
) -> tuple[str, str]:
    """(text, language): the first of ``languages`` (the client's, then the line's) that has a version, else English.

    The line's own texts lie over the shipped ones, language by language.
    """
    tags = tuple(tag.lower() for tag in languages if tag)
    fallback = FALLBACKS.get(trigger)
    if fallback is not None and not any(
        text.strip() for (own_of, _tag), text in own.items() if own_of == trigger
    ):
        return choose(own, fallback, languages=tags)
    for language in (*tags, "en"):
        for tag in dict.fromkeys((language, language.split("-")[0])):
            text = own.get((trigger, tag)) or SHIPPED.get((trigger, tag))
            if text and text.strip():
                return text, tag
    if fallback is not None:  # the line has its own, but in none of these languages
        return choose(own, fallback, languages=tags)
    raise AssertionError(f"no shipped English text for {trigger}")


def render(text: str, values: MacroValues, *, language: str) -> str:
    """The text with its macros replaced; an unknown macro stays as written (it is refused on saving)."""
    known = {
        "CLIENT": values.client,
        "OPERATOR": values.operator,
        "DIALOG": values.dialog,
        "LINE": values.line,
        "COMPANY": values.company,
        "DOCUMENT": values.document,
        "OPENS": values.opens,
    }

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name not in known:
            return match[0]
        return (
            known[name]
            or _NOBODY.get(name, {}).get(language.split("-")[0])
            or _NOBODY.get(name, {}).get("en", "")
        )

    return _MACRO.sub(value, text).strip()


def unknown_macros(text: str) -> list[str]:
    """Macros of ``text`` that do not exist, as written, in order and once each."""
    return list(dict.fromkeys(m[0] for m in _MACRO.finditer(text) if m[1] not in MACROS))


Label = str


def label(name: Label, *, language: str) -> str:
    """What stands on a button that the client can press: ``agree``, ``refuse``, ``good``, ``bad``, ``document``."""
    tag = language.lower().split("-")[0]
    return LABELS.get((name, tag)) or LABELS[name, "en"]
