"""Automatic texts (A12): the shipped ones, which language a client gets, macros. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from openlines.policies.facts import TextTrigger

MACROS = ("CLIENT", "OPERATOR", "DIALOG", "LINE")
_MACRO = re.compile(r"#([A-Z_]+)#")

SHIPPED: dict[tuple[TextTrigger, str], str] = {
    (TextTrigger.GREETING, "en"): "Hello! Thank you for writing to us. We will answer in a moment.",
    (TextTrigger.GREETING, "pl"): "Dzień dobry! Dziękujemy za wiadomość. Za chwilę odpowiemy.",
    (
        TextTrigger.UNANSWERED,
        "en",
    ): "We are sorry that you have to wait. Your message has reached us, and we will answer as soon as we can.",
    (
        TextTrigger.UNANSWERED,
        "pl",
    ): "Przepraszamy, że trzeba czekać. Wiadomość do nas dotarła i odpowiemy, gdy tylko będzie to możliwe.",
    (TextTrigger.FINISHED, "en"): "Thank you for talking to us. If anything else comes up, just write again.",
    (
        TextTrigger.FINISHED,
        "pl",
    ): "Dziękujemy za rozmowę. W razie dalszych pytań prosimy po prostu napisać ponownie.",
    (
        TextTrigger.AUTO_CLOSED,
        "en",
    ): "We have closed this conversation because nothing was written for a while. You are welcome to write again at any time.",
    (
        TextTrigger.AUTO_CLOSED,
        "pl",
    ): "Zamknęliśmy tę rozmowę, bo od dłuższego czasu nikt nic nie napisał. W każdej chwili można napisać ponownie.",
}
LANGUAGES = ("en", "pl")


@dataclass(frozen=True)
class MacroValues:
    """What macros stand for; empty values have words of their own, so that no text is ever a bare macro."""

    client: str = ""
    operator: str = ""
    dialog: str = ""
    line: str = ""


_NOBODY = {"CLIENT": {"en": "customer", "pl": "klient"}, "OPERATOR": {"en": "our team", "pl": "nasz zespół"}}


def choose(
    own: Mapping[tuple[str, str], str], trigger: TextTrigger, *, languages: Iterable[str]
) -> tuple[str, str]:
    """(text, language): the first of ``languages`` (the client's, then the line's) that has a version, else English.

    The line's own texts lie over the shipped ones, language by language.
    """
    for language in (*(tag.lower() for tag in languages if tag), "en"):
        for tag in dict.fromkeys((language, language.split("-")[0])):
            text = own.get((trigger, tag)) or SHIPPED.get((trigger, tag))
            if text and text.strip():
                return text, tag
    raise AssertionError(f"no shipped English text for {trigger}")


def render(text: str, values: MacroValues, *, language: str) -> str:
    """The text with its macros replaced; an unknown macro stays as written (it is refused on saving)."""
    known = {
        "CLIENT": values.client,
        "OPERATOR": values.operator,
        "DIALOG": values.dialog,
        "LINE": values.line,
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
