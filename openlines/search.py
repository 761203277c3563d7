"""Whom and what a person looks for: one reading of the typed words for the desk, new dialogs, the dialog list and the admin."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.db.models import Q

from contactcenter.lib import folding

LONGEST_QUERY = 200
MOST_WORDS = 10
_NUMBER = re.compile(r"(?:no\.?|nr\.?|#)?\s*([0-9]{1,17})")
"""A dialog's number as it is shown or said; "№" is folded to "no"."""


@dataclass(frozen=True)
class Search:
    """What was typed, read once. Every word must be found somewhere; a phone number in any spelling is one word."""

    words: tuple[str, ...]
    phones: tuple[str, ...]
    """The digit strings by which a typed phone number is found; empty where none was typed."""
    number: int | None
    """The dialog's number, where that may be meant."""

    @property
    def is_empty(self) -> bool:
        return not self.words

    def in_client(self, path: str = "") -> Q:
        """Clients by name, user name, e-mail and phone. ``path``: where the client stands, such as ``client__``."""
        column = f"{path}search_text__contains"
        found = Q()
        for word in self.words:
            found &= Q(**{column: word})
        return found | self._any(column)

    def in_dialog(self, *, last_words: bool) -> Q:
        """Dialogs by number and client; ``last_words``: and by what was written last, which reads every row's text."""
        found = Q()
        for word in self.words:
            in_word = Q(client__search_text__contains=word)
            found &= in_word | Q(last_text__folded=word) if last_words else in_word
        found |= self._any("client__search_text__contains")
        return found | Q(pk=self.number) if self.number is not None else found

    def finds_dialog(self, *, number: int, client: str, last_text: str) -> bool:
        """As ``in_dialog`` with last words, for a row at hand; ``client``: its ``search_text``."""
        texts = (client, folding.fold(last_text))
        every = all(any(word in text for text in texts) for word in self.words)
        return every or number == self.number or any(phone in client for phone in self.phones)

    def _any(self, column: str) -> Q:
        found = Q()
        for phone in self.phones:
            found |= Q(**{column: phone})
        return found


def read(typed: str) -> Search:
    typed = typed.replace("\x00", "")[:LONGEST_QUERY]
    return Search(
        words=tuple(dict.fromkeys(folding.words(typed)))[:MOST_WORDS],
        phones=tuple(folding.phone_spellings(typed)),
        number=_dialog_number(typed),
    )


def _dialog_number(typed: str) -> int | None:
    found = _NUMBER.fullmatch(folding.fold(typed).strip())
    return int(found[1]) if found else None


def folded_words(typed: str, *columns: str) -> Q:
    """Rows that have every typed word in one of ``columns`` (of employees, departments …)."""
    found = Q()
    for word in read(typed).words:
        anywhere = Q()
        for column in columns:
            anywhere |= Q(**{f"{column}__folded": word})
        found &= anywhere
    return found
