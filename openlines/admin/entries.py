"""What clients see of each person in the queue where the line has entries of its own (Q6): name, position, photo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from unfold.widgets import UnfoldAdminImageSmallFieldWidget, UnfoldAdminTextInputWidget

from contactcenter.staff.models import Employee
from contactcenter.staff.photos import validate_photo
from openlines.models import LineEntry
from openlines.services import lines

PARTS = ("name", "position", "photo")


def field_name(employee_id: int, part: str) -> str:
    return f"entry_{employee_id}_{part}"


def of_line(line_id: int) -> dict[int, LineEntry]:
    return {entry.employee_id: entry for entry in LineEntry.objects.filter(line_id=line_id)}


def as_text(entry: LineEntry) -> str:
    return f"{entry.employee_id} {entry.name!r} {entry.position!r} {entry.photo.name!r}"


def add_fields(form: forms.BaseForm, people: Sequence[Employee], saved: dict[int, LineEntry]) -> None:
    for person in people:
        entry = saved.get(person.pk)
        of_profile = {"name": person.get_full_name(), "position": ""}
        for part, label in (("name", pgettext("person", "Name")), ("position", _("Position"))):
            form.fields[field_name(person.pk, part)] = forms.CharField(
                label=label,
                max_length=150,
                required=False,
                initial=getattr(entry, part, ""),
                widget=UnfoldAdminTextInputWidget({"placeholder": of_profile[part]}),
            )
        form.fields[field_name(person.pk, "photo")] = forms.ImageField(
            label=_("Photo"),
            required=False,
            initial=entry.photo if entry else None,
            validators=[validate_photo],
            widget=UnfoldAdminImageSmallFieldWidget,
        )


def rows(form: forms.BaseForm, people: Sequence[Employee]) -> list[dict[str, Any]]:
    """For the template: a person and the bound fields."""
    return [
        {"person": person, "fields": [form[field_name(person.pk, part)] for part in PARTS]}
        for person in people
    ]


def save(line_id: int, form: forms.BaseForm, people: Sequence[Employee]) -> list[str]:
    """Save what was changed; the names of the people."""
    changed = []
    saved = of_line(line_id)
    for person in people:
        name, position, photo = (form.cleaned_data[field_name(person.pk, part)] for part in PARTS)
        entry = saved.get(person.pk) or LineEntry()
        has_photo = field_name(person.pk, "photo") in form.changed_data
        if (name.strip(), position.strip()) != (entry.name, entry.position) or has_photo:
            new_photo = (photo or "") if has_photo else None
            lines.set_entry(line_id, person.pk, name=name, position=position, photo=new_photo)
            changed.append(str(person))
    return changed
