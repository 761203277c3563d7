"""A setting's value as people read it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models import FileField
from django.utils.translation import gettext as _

from openlines.admin import working_time_sentences
from openlines.admin.durations import in_words
from openlines.admin.working_time_fields import country_name
from openlines.models import OpenLine

_WORDS: dict[str, Callable[[Any], str]] = {
    "weekly_hours": working_time_sentences.weekly_hours_in_words,
    "days_off": working_time_sentences.days_off_in_words,
    "date_exceptions": working_time_sentences.exceptions_in_words,
    "holiday_country": country_name,
}
"""Settings that are lists or codes."""


def value_in_words(line: OpenLine, name: str) -> str:
    return in_words_of(name, getattr(line, name))


def in_words_of(name: str, value: Any) -> str:
    """The value of the field ``name`` of a line: durations in words, choices by their label, yes and no."""
    if name in _WORDS:
        return _WORDS[name](value) or _("(empty)")
    field = OpenLine._meta.get_field(name)
    if field.is_relation and isinstance(value, int):
        row = field.related_model._default_manager.filter(pk=value).first()  # type: ignore[union-attr]
        return str(row) if row else _("(deleted since)")
    if isinstance(value, timedelta):
        return in_words(value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(field, FileField):
        return _("a picture") if value else _("(empty)")
    choices = dict(field.flatchoices) if getattr(field, "choices", None) else {}  # type: ignore[union-attr]
    if value in choices:
        return str(choices[value])
    return str(value) if value not in (None, "") else _("(empty)")
