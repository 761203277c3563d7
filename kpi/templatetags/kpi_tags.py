from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kpi.presenters import in_words

register = template.Library()


@register.filter
def duration(value: timedelta | None) -> str:
    return in_words(value)


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """Day and time as short as they can be told apart: the year only where it is another one; in full on hovering."""
    if value is None:
        return ""
    local = timezone.localtime(value)
    this_year = local.year == timezone.localtime().year
    short, full = _day(local.date(), get_language() or "", this_year)
    clock = f"{local.hour:02}:{local.minute:02}"
    return format_html(
        '<time datetime="{}" title="{}, {}">{} {}</time>', value.isoformat(), full, clock, short, clock
    )


@lru_cache(maxsize=2048)
def _day(day: date, language: str, this_year: bool) -> tuple[str, str]:
    """Short and in full. A page of the list shows three hundred moments, of a few days; formatting one takes longer
    than fetching a row.
    """
    return date_format(day, _("j M") if this_year else _("j M Y")), date_format(day, "DATE_FORMAT")
