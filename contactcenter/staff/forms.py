from datetime import date
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.utils.translation import gettext_lazy as _

from contactcenter.staff.models import Absence, Employee


@cache
def _places() -> list[str]:
    """The zones named after a place; the others (Etc/GMT+3, EST5EDT) are spellings for machines."""
    return sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))


def time_zone_choices(current: str = "") -> list[tuple[str, str]]:
    """Every zone named after a place, UTC, and the current one whatever its name."""
    zones = ["UTC", *_places()]
    if current and current not in zones:
        zones.insert(0, current)
    return [(zone, zone.replace("_", " ")) for zone in zones]


def _dress(form: forms.BaseForm) -> None:
    """The classes of the product's own fields, and what a screen reader needs to tell an error."""
    for name, field in form.fields.items():
        chosen = isinstance(field.widget, forms.Select)
        field.widget.attrs.setdefault("class", "select" if chosen else "input")
        if form.is_bound and form.errors.get(name):
            field.widget.attrs["aria-invalid"] = "true"


class LogInForm(AuthenticationForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _dress(self)


class OwnPasswordForm(PasswordChangeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _dress(self)


class ProfileForm(forms.ModelForm[Employee]):
    """What an employee may change about himself; department, position and rights are the administrator's."""

    class Meta:
        model = Employee
        fields = ("first_name", "last_name", "photo", "phone", "email", "language", "time_zone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = time_zone_choices(self.instance.time_zone)
        self.fields["time_zone"] = forms.ChoiceField(label=_("Time zone"), choices=choices)
        _dress(self)


class AbsenceForm(forms.ModelForm[Absence]):
    """An absence of the employee the instance names. `earliest` is the first day it may start on: people enter
    their own from today on, heads also those that were."""

    class Meta:
        model = Absence
        fields = ("kind", "first_day", "starts_at_noon", "last_day", "ends_at_noon", "note")
        widgets = {
            "first_day": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            "last_day": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        }

    def __init__(self, *args: Any, earliest: date | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.earliest = earliest
        self.fields["note"].widget.attrs["autocomplete"] = "off"
        if earliest is not None:
            self.fields["first_day"].widget.attrs["min"] = self.fields["last_day"].widget.attrs["min"] = (
                earliest.isoformat()
            )
        _dress(self)
        for name in ("starts_at_noon", "ends_at_noon"):
            self.fields[name].widget.attrs["class"] = "checkbox"

    def clean_first_day(self) -> date:
        first_day: date = self.cleaned_data["first_day"]
        if self.earliest is not None and first_day < self.earliest:
            raise forms.ValidationError(
                _("This day is over. The head of your department can enter absences that were.")
            )
        return first_day


class DayEndForm(forms.Form):
    """When a forgotten work day ended, by the clock of who says so."""

    ended_at = forms.DateTimeField(
        label=_("It ended at"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        widget=forms.DateTimeInput(
            format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local", "class": "input"}
        ),
    )
