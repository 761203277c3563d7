"""A setting's value as people read it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import FileField
from django.utils.translation import gettext as _

from openlines.admin.durations import in_words
from openlines.models import OpenLine


def value_in_words(line: OpenLine, name: str) -> str:
    return in_words_of(name, getattr(line, name))


def in_words_of(name: str, value: Any) -> str:
    """The value of the field ``name`` of a line: durations in words, choices by their label, yes and no."""
    field = OpenLine._meta.get_field(name)
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
