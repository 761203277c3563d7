from __future__ import annotations

from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
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
    day = _("j M") if this_year else _("j M Y")
    short = date_format(local, f"{day} H:i")
    full = date_format(local, "DATETIME_FORMAT")
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), full, short)
