"""Lines: the list, a new one, and the history of one. Its settings are the block pages."""

# unfold carries no types; what mypy infers from its defaults is narrower than what it takes:
# mypy: disable-error-code="arg-type,assignment,override,dict-item,type-arg,operator,no-any-return"

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, IntegerField, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from unfold.admin import ModelAdmin

from openlines.admin import history, sentences
from openlines.admin.access import LineAccess, lines_for, may_change
from openlines.admin.block_page import pages, tabs
from openlines.admin.forecast import ForecastPages
from openlines.admin.line_fate import FatePages
from openlines.admin.other import name_installation_language
from openlines.admin.try_line import TryPages
from openlines.models import Connection, Dialog, OpenLine, QueueEntry
from openlines.services import lines
from openlines.services.errors import CommandRefused


class NewLineForm(forms.ModelForm[OpenLine]):
    class Meta:
        model = OpenLine
        fields = ("name", "language")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        name_installation_language(self.fields["language"])

    def clean(self) -> dict[str, Any]:
        try:
            lines.refuse_over_limit()
        except CommandRefused as refused:
            raise forms.ValidationError(refused.message, code=refused.code) from None
        return self.cleaned_data


@admin.register(OpenLine)
class OpenLineAdmin(FatePages, TryPages, ForecastPages, LineAccess, ModelAdmin):  # type: ignore[misc]  # unfold is not typed
    form = NewLineForm
    fields = ("name", "language")
    list_display = ("title", "channels", "served_by", "waiting", "open_dialogs", "pages")
    list_display_links = ("title",)
    search_fields = ("name__folded",)
    sortable_by = ()
    actions = None
    list_per_page = 50

    class Media:
        css: ClassVar = {"all": ("ui/tokens.css", "openlines/admin/admin.css")}

    # -- rights

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may_change(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[OpenLine]:
        dialogs = Dialog.objects.filter(line=OuterRef("pk")).order_by()
        rows = lines_for(request, super().get_queryset(request))
        return (
            rows.annotate(
                waiting_count=_count(dialogs.filter(state__in=[Dialog.State.NEW, Dialog.State.RETURNED])),
                open_count=_count(dialogs.exclude(state__in=[Dialog.State.CLOSED, Dialog.State.SPAM])),
            )
            .prefetch_related(
                Prefetch("connections", Connection.objects.defer("credentials").order_by("kind")),
                Prefetch("queue_entries", QueueEntry.objects.select_related("employee", "department")),
            )
            .order_by("name", "pk")
        )

    # -- columns

    @admin.display(description=gettext_lazy("line"))
    def title(self, line: OpenLine) -> str:
        if line.deleting_since is not None:
            return _("%(line)s (being deleted)") % {"line": line.name}
        return line.name if line.is_active else _("%(line)s (off)") % {"line": line.name}

    @admin.display(description=gettext_lazy("channels"))
    def channels(self, line: OpenLine) -> SafeString:
        return SafeString(
            render_to_string("admin/openlines/_channels.html", {"connections": list(line.connections.all())})
        )

    @admin.display(description=gettext_lazy("who serves it"))
    def served_by(self, line: OpenLine) -> str:
        names = [str(entry) for entry in line.queue_entries.all()]
        return sentences.people_in_words(names, most=4) if names else _("nobody")

    @admin.display(description=pgettext_lazy("dialogs", "waiting"))
    def waiting(self, line: Any) -> SafeString | int:
        count: int = line.waiting_count
        return format_html('<strong class="ol-count">{}</strong>', count) if count else count

    @admin.display(description=pgettext_lazy("dialogs", "open"))
    def open_dialogs(self, line: Any) -> int:
        count: int = line.open_count
        return count

    @admin.display(description=gettext_lazy("settings"))
    def pages(self, line: OpenLine) -> SafeString:
        return SafeString(render_to_string("admin/openlines/_links.html", {"tabs": tabs(line, active="")}))

    # -- pages

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return redirect(pages()[0].address(object_id))

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        try:
            answer: HttpResponse = super().add_view(
                request,
                form_url,
                {
                    "title": _("New line"),
                    "show_save_and_add_another": False,
                    "show_save_and_continue": False,
                    **(extra_context or {}),
                },
            )
        except CommandRefused as refused:  # the limit was reached between the form's look and the saving
            self.message_user(request, refused.message, messages.ERROR)
            return redirect("admin:openlines_openline_changelist")
        return answer

    def save_model(self, request: HttpRequest, obj: OpenLine, form: Any, change: bool) -> None:
        made = lines.create(name=obj.name, by=request.user, values={"language": obj.language})
        obj.pk = made.pk
        obj._state.adding = False

    def response_add(
        self, request: HttpRequest, obj: OpenLine, post_url_continue: str | None = None
    ) -> HttpResponse:
        text = _("The line is made, and you are its queue. Add the colleagues who answer with you.")
        self.message_user(request, text, messages.SUCCESS)
        return redirect(pages()[0].address(obj.pk))

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        line = self.get_object(request, object_id)
        if line is None:
            if not self.has_view_permission(request):
                raise PermissionDenied
            raise Http404(_("There is no such line, or you may not see it."))
        if request.method == "POST":
            return self._restore(request, line)
        context = {
            **self.admin_site.each_context(request),
            "opts": OpenLine._meta,
            "title": line.name,
            "subtitle": _("History"),
            "line": line,
            "original": line,
            "inline_admin_formsets": [],
            "media": self.media,
            "tabs_list": tabs(line, active="history"),
            "changes": history.changes(line, pages()),
            "may_save": may_change(request, line),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/openlines/history.html", context)

    def _restore(self, request: HttpRequest, line: OpenLine) -> HttpResponse:
        """Back to what one change replaced: only the fields of that change and of one block (design, Settings)."""
        if not may_change(request, line):
            raise PermissionDenied(_("You may see the settings of this line, but not change them."))
        values = history.replaced_by(line, request.POST.get("change", ""), pages())
        if not values:
            self.message_user(request, _("There is nothing to restore in that change."), messages.WARNING)
        else:
            try:
                _line, changed = lines.save_block(line.pk, values, now=timezone.now())
                done = (
                    _("The earlier values are in force again.")
                    if changed
                    else _("They are in force already.")
                )
                self.message_user(request, done, messages.SUCCESS)
            except CommandRefused as refused:
                self.message_user(request, refused.message, messages.ERROR)
        return redirect("admin:openlines_openline_history", line.pk)


def _count(dialogs: QuerySet[Dialog]) -> Any:
    """A counting subquery a line: joins would multiply one another."""
    counted = dialogs.values("line").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)
