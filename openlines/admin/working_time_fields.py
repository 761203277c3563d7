"""The controls of the page "Working time": hours of each weekday, exceptions by date, countries and their regions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import zip_longest
from typing import Any

from babel import Locale, UnknownLocaleError
from django import forms
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from unfold.widgets import INPUT_CLASSES

from contactcenter.lib.folding import fold
from openlines.models.blocks import WorkingTimeBlock
from openlines.policies import calendars
from openlines.policies.worktime import BadItem, in_text, parse_intervals

NOTE_LENGTH = 100
COMING = timedelta(days=365)
PARTS = ("date", "hours", "note")


def bad_item_in_words(bad: BadItem) -> str:
    """W3: nonsense is refused with the bad item named."""
    words = {
        "not_a_date": _(
            "“%(item)s” is no date. Write day and month like 24.12, or with the year 24.12.2027."
        ),
        "no_such_day": _("“%(item)s” is no day of the calendar. Write the day first, then the month."),
        "not_an_interval": _("“%(item)s” is no interval. Write it like 09:00-13:00."),
        "no_such_time": _("“%(item)s”: there is no such time. Times go from 00:00 to 24:00."),
        "overlaps": _("“%(item)s” overlaps another interval of that day."),
        "repeated": _("“%(item)s” is there twice."),
        "break_outside": _("The break %(item)s does not lie within the working hours."),
    }
    return words[bad.code] % {"item": bad.item}


def weekday(number: int) -> str:
    return str(WorkingTimeBlock.Weekday(number).label)


def day_in_words(day: date) -> str:
    return date_format(day, "DATE_FORMAT")


class WeekWidget(forms.Widget):
    """A line of intervals for each weekday: ``<name>_0`` is Monday's."""

    template_name = "admin/openlines/working_time_week.html"
    use_fieldset = True

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.problems: dict[str, str] = {}
        """Weekday → what is wrong with what was typed there."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        typed: Mapping[str, str] = value or {}
        base = context["widget"]["attrs"].get("id", f"id_{name}")
        context["widget"]["days"] = [
            {
                "name": f"{name}_{day}",
                "id": f"{base}_{day}",
                "label": weekday(day),
                "value": typed.get(str(day), ""),
                "problem": self.problems.get(str(day), ""),
            }
            for day in range(7)
        ]
        context["widget"]["classes"] = " ".join(INPUT_CLASSES)
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> dict[str, str]:
        return {str(day): str(data.get(f"{name}_{day}", "")).strip() for day in range(7)}

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return not any(f"{name}_{day}" in data for day in range(7))

    def id_for_label(self, id_: str) -> str:
        return f"{id_}_0"


class WeekField(forms.Field):
    """Weekday ("0" is Monday) → intervals as text; days without any are left out."""

    widget = WeekWidget

    def clean(self, value: dict[str, str]) -> dict[str, str]:
        found, problems = {}, {}
        for day, text in value.items():
            try:
                intervals = parse_intervals(text)
            except BadItem as bad:
                problems[day] = bad_item_in_words(bad)
                continue
            if intervals:
                found[day] = in_text(intervals)
        self.widget.problems = problems
        if problems:
            wrong = [
                _("%(day)s: %(problem)s") % {"day": weekday(int(day)), "problem": problem}
                for day, problem in problems.items()
            ]
            raise forms.ValidationError(wrong, code="intervals")
        return found


class ExceptionsWidget(forms.Widget):
    """Rows of date, hours and note; working_time.js adds and removes them, without it there is always an empty one."""

    template_name = "admin/openlines/working_time_exceptions.html"
    use_fieldset = True

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["rows"] = [*(value or []), dict.fromkeys(PARTS, "")]
        context["widget"]["classes"] = " ".join(INPUT_CLASSES)
        context["widget"]["note_length"] = NOTE_LENGTH
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[dict[str, str]]:
        columns = [data.getlist(f"{name}_{part}") if hasattr(data, "getlist") else [] for part in PARTS]
        rows = [
            dict(zip(PARTS, (cell.strip() for cell in row), strict=True))
            for row in zip_longest(*columns, fillvalue="")
        ]
        return [row for row in rows if any(row.values())]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}_date" not in data


class ExceptionsField(forms.Field):
    """[{"date": ISO, "hours": intervals as text, "note": …}] in order of dates, each date once."""

    widget = ExceptionsWidget

    def clean(self, value: list[dict[str, str]]) -> list[dict[str, str]]:
        found: dict[date, dict[str, str]] = {}
        wrong = []
        for row in value:
            try:
                day = date.fromisoformat(row["date"])
            except ValueError:
                item = row["date"] or row["hours"] or row["note"]
                wrong.append(
                    _("“%(item)s” is no date.") % {"item": item}
                    if row["date"]
                    else _("“%(item)s” has no date.") % {"item": item}
                )
                continue
            if day in found:
                wrong.append(_("%(day)s is there twice.") % {"day": day_in_words(day)})
            if len(row["note"]) > NOTE_LENGTH:
                wrong.append(
                    _("%(day)s: the note is longer than %(most)d characters.")
                    % {"day": day_in_words(day), "most": NOTE_LENGTH}
                )
            try:
                hours = in_text(parse_intervals(row["hours"]))
            except BadItem as bad:
                problem = {"day": day_in_words(day), "problem": bad_item_in_words(bad)}
                wrong.append(_("%(day)s: %(problem)s") % problem)
                continue
            found[day] = {"date": day.isoformat(), "hours": hours, "note": row["note"]}
        if wrong:
            raise forms.ValidationError(wrong, code="exceptions")
        return [found[day] for day in sorted(found)]


# -- countries


def country_name(code: str) -> str:
    return _territories().get(code, code)


def country_choices() -> list[tuple[str, str]]:
    """Every country with a calendar, by name in the reader's language."""
    names = _territories()
    known = [(code, names.get(code, code)) for code in calendars.countries()]
    return [("", _("none but those typed")), *sorted(known, key=lambda choice: fold(choice[1]))]


def region_choices(country: str) -> list[tuple[str, str]]:
    """The country's regions with holidays of their own; nothing to choose where there are none."""
    names = calendars.region_names(country) if country else {}
    known = sorted(names.items(), key=lambda choice: fold(choice[1]))
    return [("", _("the whole country: what at least three quarters of it keep")), *known]


def coming_holidays(country: str, region: str, *, today: date) -> list[tuple[date, str]]:
    """Of the year that begins today, named in the reader's language where the calendar has it."""
    language = get_language() or ""
    found = [
        (day, name)
        for year in (today.year, today.year + 1)
        for day, name in calendars.public_holidays(country, region, year, language).items()
    ]
    return [(day, name) for day, name in found if today <= day < today + COMING]


def _territories() -> Mapping[str, str]:
    try:
        return Locale.parse((get_language() or "en").replace("-", "_")).territories
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en").territories
