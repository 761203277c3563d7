"""Durations as people say them: a choice of usual ones, or a number and a unit; in words in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget

OWN = "own"
UNITS: tuple[tuple[int, Any], ...] = (
    (1, gettext_lazy("seconds")),
    (60, gettext_lazy("minutes")),
    (3600, gettext_lazy("hours")),
    (86400, gettext_lazy("days")),
)


def in_words(value: timedelta) -> str:
    """``1 hour 30 minutes``; zero is "at once"."""
    seconds = round(value.total_seconds())
    if seconds <= 0:
        return _("at once")
    days, rest = divmod(seconds, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, seconds = divmod(rest, 60)
    parts = [
        ngettext("%(n)d day", "%(n)d days", days) % {"n": days} if days else "",
        ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours} if hours else "",
        ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes} if minutes else "",
        ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds} if seconds else "",
    ]
    return " ".join(filter(None, parts))


def split(value: timedelta) -> tuple[int, int]:
    """(number, unit in seconds) in the largest unit that leaves no fraction."""
    seconds = round(value.total_seconds())
    for unit, _name in reversed(UNITS):
        if seconds and seconds % unit == 0:
            return seconds // unit, unit
    return seconds, 1


class DurationWidget(forms.MultiWidget):
    """A select of usual values whose last one opens a number and a unit. Works without JavaScript: then both show."""

    template_name = "admin/openlines/duration.html"

    def __init__(self, usual: Sequence[timedelta] = (), attrs: dict[str, Any] | None = None) -> None:
        self.usual = list(usual)
        super().__init__(
            [
                UnfoldAdminSelectWidget(),
                UnfoldAdminIntegerFieldWidget(attrs={"min": "0", "inputmode": "numeric"}),
                UnfoldAdminSelectWidget(choices=[(str(unit), name) for unit, name in UNITS]),
            ],
            attrs,
        )

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        self.widgets[0].choices = [  # type: ignore[attr-defined]  # in the reader's language, so at each rendering
            *((str(round(usual.total_seconds())), in_words(usual)) for usual in self.usual),
            (OWN, _("another time …")),
        ]
        context = super().get_context(name, value, attrs)
        choice, number, unit = context["widget"]["subwidgets"]
        choice["attrs"]["aria-labelledby"] = f"{context['widget']['attrs'].get('id', '')}_label"
        number["attrs"]["aria-label"] = _("number")
        unit["attrs"]["aria-label"] = _("unit")
        choice["attrs"]["data-own-value"] = OWN
        if "id" in context["widget"]["attrs"]:  # the group's label, admin/openlines/_field.html
            choice["attrs"]["aria-labelledby"] = f"{context['widget']['attrs']['id']}_label"
        return context

    def decompress(self, value: timedelta | None) -> list[Any]:
        if value is None:
            return [None, None, None]
        number, unit = split(value)
        chosen = str(round(value.total_seconds())) if value in self.usual else OWN
        return [chosen, number, str(unit)]

    def id_for_label(self, id_: str) -> str:
        return f"{id_}_0"


class DurationChoiceField(forms.MultiValueField):
    """A timedelta from ``usual`` or of one's own between ``shortest`` and ``longest``; errors in words."""

    def __init__(
        self,
        *,
        usual: Sequence[timedelta],
        shortest: timedelta | None = None,
        longest: timedelta | None = None,
        **options: Any,
    ) -> None:
        self.shortest, self.longest = shortest, longest
        super().__init__(
            fields=(forms.CharField(), forms.IntegerField(required=False), forms.CharField(required=False)),
            widget=DurationWidget(usual),
            require_all_fields=False,
            **options,
        )

    def clean(self, value: Any) -> timedelta:
        chosen, number, unit = [*value, None, None, None][:3] if value else [None, None, None]
        if chosen and chosen != OWN:
            seconds = _whole(chosen)
        else:
            amount, size = _whole(number), _whole(unit)
            units = [size_of_unit for size_of_unit, _name in UNITS]
            seconds = amount * size if amount is not None and size in units else None
        if seconds is None:
            raise forms.ValidationError(_("Enter a whole number and choose a unit."), code="invalid")
        result = timedelta(seconds=min(seconds, 10**9))
        if (self.shortest is not None and result < self.shortest) or (
            self.longest is not None and result > self.longest
        ):
            raise forms.ValidationError(self.range_in_words(), code="range")
        return result

    def range_in_words(self) -> str:
        return _("Choose a time from %(shortest)s to %(longest)s.") % {
            "shortest": in_words(self.shortest or timedelta()),
            "longest": in_words(self.longest or timedelta(days=3650)),
        }

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.clean(data) != initial)
        except forms.ValidationError:
            return True

    @classmethod
    def of(cls, db_field: Any, usual: Sequence[timedelta]) -> DurationChoiceField:
        """For a model's duration, with its limits."""
        return cls(
            usual=usual,
            shortest=_limit(db_field.validators, MinValueValidator),
            longest=_limit(db_field.validators, MaxValueValidator),
            label=db_field.verbose_name,
            help_text=db_field.help_text,
        )


def _limit(validators: Iterable[Any], kind: type[Any]) -> timedelta | None:
    return next((v.limit_value for v in validators if isinstance(v, kind)), None)


def _whole(value: Any) -> int | None:
    try:
        number = int(str(value).strip())
    except ValueError:
        return None
    return number if 0 <= number < 10**9 else None
