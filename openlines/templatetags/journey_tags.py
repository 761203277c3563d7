"""Times of a message's journey: to the second, to the millisecond on hovering, and what lies between two of them."""

from __future__ import annotations

from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def exact(value: datetime | None) -> SafeString | str:
    """``12:03:01``, with its day where that is not today's."""
    if value is None:
        return ""
    local, today = timezone.localtime(value), timezone.localtime()
    short = f"{local:%H:%M:%S}"
    if local.date() != today.date():
        day = date_format(local, _("j M") if local.year == today.year else _("j M Y"))
        short = f"{day} {short}"
    full = f"{local:%Y-%m-%d %H:%M:%S}.{local.microsecond // 1000:03d} {local:%Z}"
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), full, short)


@register.filter
def span(value: timedelta | None) -> str:
    """``0.24 s``, ``8 s``, ``4 min 5 s``, ``2 h 10 min``, ``3 d 2 h``: as much as a person needs to see."""
    if value is None:
        return ""
    seconds = abs(value.total_seconds())
    if seconds < 10:
        return _("%(number)s s") % {"number": f"{seconds:.2f}".rstrip("0").rstrip(".")}
    whole = round(seconds)
    if whole < 60:
        return _("%(number)s s") % {"number": whole}
    if whole < 3600:
        return _("%(minutes)s min %(seconds)s s") % {"minutes": whole // 60, "seconds": whole % 60}
    if whole < 86400:
        return _("%(hours)s h %(minutes)s min") % {"hours": whole // 3600, "minutes": whole % 3600 // 60}
    return _("%(days)s d %(hours)s h") % {"days": whole // 86400, "hours": whole % 86400 // 3600}
