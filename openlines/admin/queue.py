"""The page "Queue": who serves the line, in which order, and how dialogs are handed out (Q1–Q5)."""

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

from openlines.admin import places, sentences
from openlines.admin.block_page import BlockAdmin, BlockForm, Group, PageFacts
from openlines.admin.journal import record
from openlines.models import OpenLine, QueueSettings
from openlines.models.blocks import QueueBlock
from openlines.services import lines, queue_members


class QueueForm(BlockForm):
    """``members``: the places in their order; see ``places``."""

    members = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["members"].initial = places.encode(places.of_line(self.instance.pk))
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

    def clean_members(self) -> list[lines.Place]:
        chosen = places.decode(self.cleaned_data["members"])
        known = places.existing(chosen)
        if len(known) < len(chosen):
            raise forms.ValidationError(
                _("Somebody in the list has been deleted meanwhile. Load the page again."), code="unknown"
            )
        return known


@admin.register(QueueSettings)
class QueueSettingsAdmin(BlockAdmin):
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
            gettext_lazy("Who is offered a dialog"),
            ("check_availability", "limit_enabled", "limit", "limit_leaves_out"),
            shown_when={"limit": "limit_enabled", "limit_leaves_out": "limit_enabled"},
        ),
    )
    radio_fields: ClassVar = {"distribution": VERTICAL}
    usual_times: ClassVar = {
        "idle_time": [timedelta(seconds=30), *(timedelta(minutes=n) for n in (1, 2, 5, 10, 30, 60))]
    }

    def rows_print(self, line_id: int) -> str:
        return places.encode(places.of_line(line_id))

    def error_field(self, code: str) -> str | None:
        return "members" if code == "empty" else None

    def save_rows(self, request: HttpRequest, line: OpenLine, form: BlockForm, *, now: datetime) -> bool:
        wanted: list[lines.Place] = form.cleaned_data["members"]
        earlier = places.of_line(line.pk)
        if wanted == earlier:
            return False
        lines.set_queue(line.pk, wanted, now=now)
        record(request, line, "queue", before=places.names(earlier), after=places.names(wanted))
        return True

    def facts(self, request: HttpRequest, line: OpenLine, form: BlockForm) -> PageFacts:
        chosen = places.load(places.decode(form["members"].value() or ""))
        people = chosen.people()
        saved = len(queue_members.employee_ids(line.pk)) if form.is_bound else len(people)
        return PageFacts(
            sentences=sentences.queue(line, people=saved),
            warnings=sentences.queue_warnings(people=saved),
            context={"queue": chosen.rows(), "expansion": people},
        )

    # -- what the page asks while one chooses

    def get_urls(self) -> list[URLPattern]:
        return [
            path("search/", self.admin_site.admin_view(self.search_view), name="openlines_queue_search"),
            path("expansion/", self.admin_site.admin_view(self.expansion_view), name="openlines_queue_expansion"),
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
