"""The page "Queue": who serves the line and how dialogs are handed out (Q1–Q5), whom clients see (Q6)."""

# unfold carries no types; what mypy infers from its defaults is narrower than what it takes:
# mypy: disable-error-code="arg-type,assignment,override,dict-item,type-arg,operator,no-any-return"

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.options import VERTICAL
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from openlines.admin import entries, places, sentences
from openlines.admin.block_page import BlockAdmin, BlockForm, Group, PageFacts
from openlines.admin.journal import record
from openlines.models import LineEntry, OpenLine, QueueSettings
from openlines.models.blocks import QueueBlock
from openlines.services import lines


class QueueForm(BlockForm):
    """``members``: the places in their order; see ``places``."""

    members = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        chosen, of_people = self.rows
        self.saved = places.load(chosen)
        self.people = self.saved.people()
        self.fields["members"].initial = places.encode(chosen)
        entries.add_fields(self, self.people, of_people)
        field = self.fields["distribution"]
        field.choices = [  # type: ignore[attr-defined]
            (QueueBlock.Distribution.EVENLY, _("Evenly: to whoever has waited longest for a dialog")),
            (QueueBlock.Distribution.STRICTLY, _("Strictly: to the first free person in the list")),
            (QueueBlock.Distribution.TO_ALL, _("To all at once: whoever accepts first holds it")),
        ]
        field.help_text = ""
        one_to_thousand = _("Choose a whole number from 1 to 1000.")
        self.fields["limit"].error_messages |= dict.fromkeys(
            ("invalid", "required", "min_value", "max_value"), one_to_thousand
        )

    def read_rows(self) -> tuple[list[lines.Place], dict[int, LineEntry]]:
        return places.of_line(self.instance.pk), entries.of_line(self.instance.pk)

    def print_of(self, rows: Any) -> str:
        chosen, of_people = rows
        return f"{places.encode(chosen)} {sorted(map(entries.as_text, of_people.values()))}"

    def clean_members(self) -> list[lines.Place]:
        chosen = places.decode(self.cleaned_data["members"])
        known = places.existing(chosen)
        if len(known) < len(chosen):
            raise forms.ValidationError(
                _("Somebody in the list has been deleted meanwhile. Load the page again."), code="unknown"
            )
        return known

    def unsaved_members(self) -> list[int]:
        return [person.pk for person in places.load(self.cleaned_data["members"]).people()]


@admin.register(QueueSettings)
class QueueSettingsAdmin(BlockAdmin):
    place: ClassVar = 10
    block: ClassVar = QueueBlock
    page_form = QueueForm
    groups: ClassVar = (
        Group(gettext_lazy("Who answers"), ("members",)),
        Group(
            gettext_lazy("How dialogs are handed out"),
            ("distribution", "idle_time"),
            shown_when={"idle_time": "distribution!=to_all"},
        ),
        Group(
            gettext_lazy("Who may be offered a dialog"),
            ("check_availability", "limit_enabled", "limit", "limit_leaves_out"),
            shown_when={"limit": "limit_enabled", "limit_leaves_out": "limit_enabled"},
        ),
        Group(
            gettext_lazy("Whom the client sees"),
            ("identity", "entries", "identity_first_name", "identity_photo", "name_before_text"),
            shown_when={
                "entries": "identity=entries",
                "identity_first_name": "identity=information",
                "identity_photo": "identity=information",
            },
        ),
    )
    radio_fields: ClassVar = {"distribution": VERTICAL, "identity": VERTICAL}
    usual_times: ClassVar = {
        "idle_time": [timedelta(seconds=30), *(timedelta(minutes=n) for n in (1, 2, 5, 10, 30, 60))]
    }

    def error_field(self, code: str) -> str | None:
        return "members" if code == "empty" else None

    def save_rows(self, request: HttpRequest, line: OpenLine, form: QueueForm, *, now: datetime) -> bool:
        wanted: list[lines.Place] = form.cleaned_data["members"]
        earlier = form.saved
        if wanted != earlier.places:
            lines.set_queue(line.pk, wanted, now=now)
            record(request, line, "queue", before=earlier.names(), after=places.load(wanted).names())
        changed = []
        if form.cleaned_data["identity"] == QueueBlock.Identity.ENTRIES:
            changed = entries.save(line.pk, form, form.people)
            if changed:
                record(request, line, "entries", before=[], after=changed)
        return wanted != earlier.places or bool(changed)

    def facts(self, request: HttpRequest, line: OpenLine, form: QueueForm) -> PageFacts:
        typed = places.decode(form["members"].value() or "")
        chosen = form.saved if typed == form.saved.places else places.load(typed)
        people = form.people if chosen is form.saved else chosen.people()
        return PageFacts(
            sentences=sentences.queue(line, people=len(form.people)),
            warnings=sentences.queue_warnings(people=len(form.people)),
            context={"queue": chosen.rows(), "expansion": people, "entries": entries.rows(form, form.people)},
        )

    # -- what the page asks while one chooses

    def get_urls(self) -> list[URLPattern]:
        return [
            path("search/", self.admin_site.admin_view(self.search_view), name="openlines_queue_search"),
            path(
                "expansion/",
                self.admin_site.admin_view(self.expansion_view),
                name="openlines_queue_expansion",
            ),
            *super().get_urls(),
        ]

    def search_view(self, request: HttpRequest) -> HttpResponse:
        """Employees and departments by part of a name, for the search box."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return JsonResponse({"found": places.search(request.GET.get("q", ""))})

    def expansion_view(self, request: HttpRequest) -> HttpResponse:
        """Who the chosen places are today, before they are saved."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        chosen = places.decode(request.GET.get("members", ""))
        return render(request, "admin/openlines/_expansion.html", {"expansion": places.load(chosen).people()})
