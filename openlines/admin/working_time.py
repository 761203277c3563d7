"""The page "Working time" (W1–W5) with its texts, and the calendar that answers for a moment (W8)."""

# unfold carries no types; what mypy infers from its defaults is narrower than what it takes:
# mypy: disable-error-code="arg-type,assignment,override,dict-item,type-arg,operator,no-any-return"

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.options import VERTICAL
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    INPUT_CLASSES,
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
)

from contactcenter.staff.forms import time_zone_choices
from openlines.admin import working_time_calendar as calendar
from openlines.admin import working_time_fields as fields
from openlines.admin import working_time_sentences as sentences
from openlines.admin.block_page import BlockForm, Group, PageFacts, tabs
from openlines.admin.line_texts import LineTextsAdmin, LineTextsForm, fields_of, missing_in_words
from openlines.models import OpenLine, WorkingTimeSettings
from openlines.models.blocks import WorkingTimeBlock
from openlines.policies import texts, worktime
from openlines.policies.facts import TextTrigger
from openlines.policies.worktime import BadItem, in_text, parse_holidays
from openlines.services.settings import working_time_of

CLOSED_TEXTS = (TextTrigger.OFF_HOURS.value, TextTrigger.DAY_OFF.value, TextTrigger.HOLIDAY.value)
UNAVAILABLE_TEXT = TextTrigger.UNAVAILABLE.value


class WorkingTimeForm(LineTextsForm):
    triggers: ClassVar = (*CLOSED_TEXTS, UNAVAILABLE_TEXT)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        zones = [(name, label) for name, label in time_zone_choices(self.instance.time_zone)]
        own = _("the installation’s: %(zone)s") % {"zone": settings.TIME_ZONE.replace("_", " ")}
        self._choose("time_zone", [("", own), *zones])
        self._choose("holiday_country", self._with_current("holiday_country", fields.country_choices()))
        self._choose("holiday_region", fields.region_choices(str(self["holiday_country"].value() or "")))
        for name in ("hours_from", "hours_to", "break_from", "break_to"):
            attrs = {"type": "time", "class": " ".join(INPUT_CLASSES)}
            self.fields[name].widget = forms.TimeInput(attrs, format="%H:%M")
        for name, field in (("weekly_hours", fields.WeekField), ("date_exceptions", fields.ExceptionsField)):
            shown = self.fields[name]
            self.fields[name] = field(label=shown.label, help_text=shown.help_text, required=False)
        self.fields["days_off"] = forms.TypedMultipleChoiceField(
            label=self.fields["days_off"].label,
            choices=WorkingTimeBlock.Weekday.choices,
            coerce=int,
            required=False,
            widget=UnfoldAdminCheckboxSelectMultipleWidget,
        )
        if not self.instance.weekly_hours:
            self.initial["weekly_hours"] = self._week_of_simple()
        self.fields["holidays"].widget.attrs["rows"] = 2
        for trigger in CLOSED_TEXTS[1:]:
            for name in fields_of(trigger):
                self.fields[name].help_text = _("Empty: the text for outside working hours.")

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        shown = self.fields[name]
        self.fields[name] = forms.ChoiceField(
            label=shown.label,
            help_text=shown.help_text,
            required=False,
            choices=choices,
            widget=UnfoldAdminSelectWidget(),
        )

    def _week_of_simple(self) -> dict[str, str]:
        """The weekdays begin with the hours that the line has had for all days: nothing is typed seven times."""
        line = self.instance
        try:
            hours = worktime.without_break(
                worktime.Interval(line.hours_from, line.hours_to), line.break_from, line.break_to
            )
        except BadItem:
            return {}
        return {str(day): in_text(hours) for day in range(7) if day not in line.days_off}

    def _with_current(self, name: str, choices: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """A saved code that the calendars no longer know stays until another is chosen."""
        current = getattr(self.instance, name)
        return choices if current in dict(choices) else [*choices, (current, current)]

    def label_of(self, trigger: str, language: str) -> str:
        return _("%(text)s: %(language)s") % {"text": trigger, "language": language}

    def clean_days_off(self) -> list[int]:
        return sorted(self.cleaned_data["days_off"])

    def clean_holidays(self) -> str:
        text: str = self.cleaned_data["holidays"].strip()
        try:
            parse_holidays(text)
        except BadItem as bad:
            raise forms.ValidationError(fields.bad_item_in_words(bad), code=bad.code) from None
        return text

    def clean(self) -> dict[str, Any]:
        """A region of another country (chosen without JavaScript) is none."""
        cleaned = super().clean()
        self._check_break(cleaned)
        if "holiday_region" in self.errors and self.applies("holiday_region"):
            self.errors.pop("holiday_region")
            cleaned["holiday_region"] = ""
        return cleaned

    def _check_break(self, cleaned: dict[str, Any]) -> None:
        names = ("hours_from", "hours_to", "break_from", "break_to")
        opens, closes, start, end = (cleaned.get(name) for name in names)
        if not self.applies("break_from") or any(name in self.errors for name in names):
            return
        if (start is None) != (end is None):
            missing = "break_from" if start is None else "break_to"
            self.add_error(missing, _("A break has a beginning and an end; leave both empty for none."))
        elif opens and closes:
            try:
                worktime.without_break(worktime.Interval(opens, closes), start, end)
            except BadItem as bad:
                self.add_error("break_from", fields.bad_item_in_words(bad))


@admin.register(WorkingTimeSettings)
class WorkingTimeAdmin(LineTextsAdmin):
    place: ClassVar = 20
    block: ClassVar = WorkingTimeBlock
    page_form = WorkingTimeForm
    page_template = "admin/openlines/working_time.html"
    parts: ClassVar = {"holiday_region": "admin/openlines/_working_time_country.html"}
    radio_fields: ClassVar = {"hours_mode": VERTICAL, "off_hours_rule": VERTICAL}
    groups: ClassVar = (
        Group(
            gettext_lazy("When the line works"),
            (
                "working_time_enabled",
                "hours_mode",
                "hours_from",
                "hours_to",
                "break_from",
                "break_to",
                "weekly_hours",
                "days_off",
                "time_zone",
            ),
            shown_when={
                **dict.fromkeys(("hours_mode", "days_off", "time_zone"), "working_time_enabled"),
                **dict.fromkeys(("hours_from", "hours_to", "break_from", "break_to"), "hours_mode=simple"),
                "weekly_hours": "hours_mode=weekly",
            },
        ),
        Group(
            gettext_lazy("Holidays and exceptions"),
            ("holidays", "holiday_country", "holiday_region", "date_exceptions"),
            shown_when={
                **dict.fromkeys(("holidays", "holiday_country", "date_exceptions"), "working_time_enabled"),
                "holiday_region": "holiday_country",
            },
        ),
        Group(
            gettext_lazy("What happens outside working hours"),
            ("off_hours_rule", *fields_of(*CLOSED_TEXTS)),
            shown_when={
                "off_hours_rule": "working_time_enabled",
                **dict.fromkeys(fields_of(*CLOSED_TEXTS), "off_hours_rule=text"),
            },
        ),
        Group(
            gettext_lazy("When nobody is available"),
            ("unavailable_text_enabled", *fields_of(UNAVAILABLE_TEXT)),
            shown_when=dict.fromkeys(fields_of(UNAVAILABLE_TEXT), "unavailable_text_enabled"),
        ),
    )

    def facts(self, request: HttpRequest, line: OpenLine, form: LineTextsForm) -> PageFacts:
        now, hours = timezone.now(), working_time_of(line)
        has_own = any(trigger == UNAVAILABLE_TEXT for trigger, _language in form.own)
        sent = [UNAVAILABLE_TEXT] if line.unavailable_text_enabled else []
        if hours is not None and line.off_hours_rule == WorkingTimeBlock.OffHoursRule.TEXT:
            sent += [t for t in CLOSED_TEXTS if TextTrigger(t) not in texts.FALLBACKS or _has(form, t)]
        return PageFacts(
            sentences=sentences.working_time(line, hours, now=now),
            warnings=[
                *sentences.working_time_warnings(line, hours, now=now, has_own_unavailable=has_own),
                *missing_in_words(form.own, sent),
            ],
            context={
                "calendar": calendar.look(hours, now=now),
                **_country_context(form, now=now),
                "bar_width": calendar.WIDTH,
            },
        )

    # -- what the page asks while one chooses

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:line_id>/calendar/", view(self.calendar_view), name="openlines_workingtime_calendar"),
            path("country/", view(self.country_view), name="openlines_workingtime_country"),
            *super().get_urls(),
        ]

    def calendar_view(self, request: HttpRequest, line_id: int) -> HttpResponse:
        """W8. GET: of the saved settings, a page, or with ``?part=answer`` its fragment. POST: the fragment for what the
        block's page holds, saved or not; nothing is written.
        """
        line = self._line(request, str(line_id))
        is_typed = request.method == "POST"
        asked = _wall((request.POST if is_typed else request.GET).get("at", ""))
        hours = working_time_of(line)
        context: dict[str, Any] = {"line": line, "bar_width": calendar.WIDTH}
        if is_typed:
            saved = {name: getattr(line, name) for name in self.field_names()}
            form = self._form(request, line, data=request.POST)
            form.is_valid()
            context["wrong"] = [str(form[name].label) for name in saved if name in form.errors]
            context["is_unsaved"] = saved != {name: form.cleaned_data.get(name) for name in saved}
            hours = hours if context["wrong"] else working_time_of(form.instance)
        context["calendar"] = calendar.look(hours, now=timezone.now(), asked=asked)
        if is_typed or request.GET.get("part"):
            return render(request, "admin/openlines/_working_time_calendar.html", context)
        context |= {
            **self.admin_site.each_context(request),
            "opts": OpenLine._meta,
            "title": line.name,
            "subtitle": _("Calendar"),
            "original": line,
            "inline_admin_formsets": [],
            "media": self.media,
            "tabs_list": tabs(line, active="workingtimesettings"),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/openlines/working_time_calendar.html", context)

    def country_view(self, request: HttpRequest) -> HttpResponse:
        """Regions and coming holidays of a country that is being chosen."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        country, region = request.GET.get("country", ""), request.GET.get("region", "")
        choices = fields.region_choices(country)
        form = forms.Form(initial={"holiday_region": region if region in dict(choices) else ""})
        form.fields["holiday_region"] = forms.ChoiceField(
            label=_("region"), choices=choices, widget=UnfoldAdminSelectWidget(), required=False
        )
        context = {"field": form["holiday_region"], **_coming(country, region, now=timezone.now())}
        return render(request, "admin/openlines/_working_time_country.html", context)


def _has(form: LineTextsForm, trigger: str) -> bool:
    return any(of == trigger for of, _language in form.own)


def _country_context(form: BlockForm, *, now: datetime) -> dict[str, Any]:
    country = str(form["holiday_country"].value() or "")
    return _coming(country, str(form["holiday_region"].value() or ""), now=now)


def _coming(country: str, region: str, *, now: datetime) -> dict[str, Any]:
    today = now.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    return {
        "country": country,
        "has_regions": len(fields.region_choices(country)) > 1,
        "coming": fields.coming_holidays(country, region, today=today) if country else [],
    }


def _wall(text: str) -> datetime | None:
    """A time on the clock, as a control of the type ``datetime-local`` gives it; None for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is None and 1970 < found.year < 9000 else None
