from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.utils.translation import gettext_lazy as _

from contactcenter.staff.models import Employee


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
