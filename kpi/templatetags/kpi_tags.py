from __future__ import annotations

from datetime import timedelta

from django import template

from kpi.presenters import in_words

register = template.Library()


@register.filter
def duration(value: timedelta | None) -> str:
    return in_words(value)
