"""Connections (L2, L5, L6): one account of a channel each, joined to a line; what its provider says about it."""

# unfold carries no types; what mypy infers from its defaults is narrower than what it takes:
# mypy: disable-error-code="arg-type,assignment,override,dict-item,type-arg,operator,no-any-return"

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.views import ChangeList
from unfold.widgets import INPUT_CLASSES

from openlines.admin import access, connection_page
from openlines.admin.connection_form import NEW_LINE, ConnectionForm, draft_of
from openlines.connectors import registry
from openlines.connectors.base import Health
from openlines.models import Connection, OpenLine
from openlines.services import connection_deletion, connection_test, connections, health, lines, outbound
from openlines.services.errors import CommandRefused

PATIENCE_FOR_BOTH = 4.0
"""Seconds: a provider that took longer to be set up is not asked for a check on top."""


class ReportedList(ChangeList):
    """The rows of the page with how each connection does: one further statement."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        reports = health.report(self.result_list, now=timezone.now())
        for connection in self.result_list:
            connection.report = reports[connection.pk]


@admin.register(Connection)
class ConnectionAdmin(ModelAdmin):
    list_display = ("title", "line", "state", "last_in", "last_out", "outbox", "parked", "trouble")
    list_display_links = ("title",)
    list_select_related = ("line",)
    list_filter = ("kind", "is_active")
    search_fields = ("name__folded", "line__name__folded")
    sortable_by = ()
    actions = None

    class Media:
        css: ClassVar = {"all": ("ui/tokens.css", "openlines/admin/admin.css")}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Connection]:
        rows: QuerySet[Connection] = super().get_queryset(request).order_by("line__name", "kind", "pk")
        rows = rows.filter(deleting_since__isnull=True)
        return rows

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return ReportedList

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a procedure of its own (``remove_view``)

    # -- columns

    @admin.display(description=gettext_lazy("connection"))
    def title(self, connection: Connection) -> SafeString:
        return SafeString(render_to_string("admin/openlines/_connection.html", {"connection": connection}))

    @admin.display(description=gettext_lazy("state"))
    def state(self, connection: Any) -> SafeString:
        return SafeString(
            render_to_string("admin/openlines/_health.html", {"health": connection.report.health})
        )

    @admin.display(description=gettext_lazy("last message in"))
    def last_in(self, connection: Any) -> datetime | None:
        found: datetime | None = connection.report.last_in
        return found

    @admin.display(description=gettext_lazy("last message out"))
    def last_out(self, connection: Any) -> datetime | None:
        found: datetime | None = connection.report.last_out
        return found

    @admin.display(description=gettext_lazy("waiting to be sent"))
    def outbox(self, connection: Any) -> str:
        report: health.Report = connection.report
        if not report.waiting or report.waiting_since is None:
            return "–"
        return _("%(count)d for %(time)s") % {
            "count": report.waiting,
            "time": timesince(report.waiting_since, timezone.now(), depth=1),
        }

    @admin.display(description=gettext_lazy("not read"))
    def parked(self, connection: Any) -> str:
        return str(connection.report.parked or "–")

    @admin.display(description=gettext_lazy("last error"))
    def trouble(self, connection: Connection) -> str:
        return connection.paused_reason or connection.last_error or "–"

    # -- pages

    def get_urls(self) -> list[URLPattern]:
        def at(name: str, verb: Callable[..., HttpResponse]) -> URLPattern:
            view = self.admin_site.admin_view(verb)
            return path(f"<int:pk>/{name}/", view, name=f"openlines_connection_{name.replace('-', '_')}")

        return [
            at("check", self.check_view),
            at("set-up", self.set_up_view),
            at("tear-down", self.tear_down_view),
            at("switch", self.switch_view),
            at("resume", self.resume_view),
            at("test", self.test_view),
            at("remove", self.remove_view),
            *super().get_urls(),
        ]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        if object_id is None:
            return self._add(request)
        connection = self._get(request, unquote(object_id))
        may_save = self.has_change_permission(request, connection)
        if request.method != "POST":
            return self._page(request, connection, self._form(request, connection), may_save=may_save)
        if not may_save:
            raise PermissionDenied(_("You may see connections, but not change them."))
        form = self._form(request, connection, data=request.POST)
        if not form.is_valid():
            return self._page(request, connection, form, may_save=True)
        try:
            with transaction.atomic():
                changed = connections.save(connection, form.values() | {"line": self._line(request, form)})
        except CommandRefused as refused:
            form.add_error("line", refused.message)
            return self._page(request, connection, form, may_save=True)
        self._tell_of_change(request, connection, changed)
        return redirect("admin:openlines_connection_change", connection.pk)

    def remove_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Without its line (L7 deletes both): counted, and confirmed by typing its name."""
        connection = self._get(request, str(pk))
        if not self.has_change_permission(request, connection):
            raise PermissionDenied(_("You may see connections, but not change them."))
        error = ""
        if request.method == "POST":
            try:
                counted = connection_deletion.count(connection)
                connection_deletion.order(
                    connection, typed_name=request.POST.get("name", ""), now=timezone.now()
                )
                self.log_deletions(request, Connection.objects.filter(pk=connection.pk))
                told = _("“%(name)s” is being deleted in the background, with %(count)d dialogs.")
                said = told % {"name": connection.name, "count": counted["dialogs"]}
                self.message_user(request, said, messages.SUCCESS)
                return redirect("admin:openlines_connection_changelist")
            except CommandRefused as refused:
                error = refused.message
        answer = self._render(
            request,
            "admin/openlines/connection_deletion.html",
            title=connection.name,
            subtitle=_("Deletion"),
            connection=connection,
            original=connection,
            count=connection_deletion.count(connection),
            error=error,
            typed=request.POST.get("name", ""),
            input_classes=" ".join(INPUT_CLASSES),
            media=self.media,
        )
        answer.status_code = 409 if error else 200
        return answer

    def _add(self, request: HttpRequest) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied(_("You may see connections, but not change them."))
        kind = request.GET.get("kind", "")
        if kind not in Connection.Kind.values:
            return self._render(request, "admin/openlines/connection_kinds.html", title=_("New connection"))
        connection = draft_of(kind, request.POST.get("draft", ""))
        made = Connection.objects.filter(public_id=connection.public_id).first()
        if made is not None:  # the button was pressed twice
            return redirect("admin:openlines_connection_change", made.pk)
        form = self._form(
            request,
            connection,
            data=request.POST if request.method == "POST" else None,
            initial={"line": request.GET["line"]} if "line" in request.GET else None,
        )
        if request.method == "POST" and form.is_valid():
            try:
                with transaction.atomic():
                    values = form.values()
                    name = values.pop("name")
                    made = connections.create(self._line(request, form), kind=kind, name=name, values=values)
            except CommandRefused as refused:
                form.add_error("line", refused.message)
            else:
                self.log_addition(request, made, [{"added": {}}])
                self._tell_of_new(request, made)
                return redirect("admin:openlines_connection_change", made.pk)
        return self._page(request, connection, form, may_save=True, is_new=True)

    # -- verbs

    def check_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._do(request, pk, lambda c, now: self._check(request, c, now=now))

    def set_up_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._do(request, pk, lambda c, now: self._set_up(request, c, now=now))

    def test_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A test message; what became of it stands beside the button."""
        to = request.POST.get("to", "").strip()

        def test(connection: Connection, now: datetime) -> None:
            told = connection_test.send(connection, to=to, now=now)
            connection_page.remember_test(request, connection, told, to=to, now=now)
            self.message_user(request, told.words, messages.SUCCESS if told.ok else messages.ERROR)

        return self._do(request, pk, test)

    def tear_down_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._do(request, pk, lambda c, now: connections.tear_down(c, now=now))

    def switch_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        on = request.POST.get("on") == "1"

        def switch(connection: Connection, now: datetime) -> Health | None:
            answer = connections.switch(connection, on=on, now=now)
            self.log_change(request, connection, [{"changed": {"fields": ["is_active"]}}])
            done = _("“%(name)s” is switched on.") if on else _("“%(name)s” is switched off.")
            self.message_user(request, done % {"name": connection.name}, messages.SUCCESS)
            return answer

        return self._do(request, pk, switch)

    def resume_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The credentials are mended: asked first, so that the queue does not run into the same wall."""

        def resume(connection: Connection, now: datetime) -> Health:
            answer = self._check(request, connection, now=now)
            if answer.ok:
                outbound.resume(connection, now=now)
                self.message_user(request, _("What waited is being sent now."), messages.SUCCESS)
            return answer

        return self._do(request, pk, resume)

    def _do(
        self, request: HttpRequest, pk: int, verb: Callable[[Connection, datetime], Health | None]
    ) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        connection = self._get(request, str(pk))
        if not self.has_change_permission(request, connection):
            raise PermissionDenied(_("You may see connections, but not change them."))
        self._say(request, verb(connection, timezone.now()))
        wanted = request.POST.get("next", "")
        if url_has_allowed_host_and_scheme(
            wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        ):
            return redirect(wanted)
        return redirect("admin:openlines_connection_change", connection.pk)

    # -- parts

    def _get(self, request: HttpRequest, pk: str) -> Connection:
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = Connection.objects.select_related("line")
        connection = rows.filter(pk=int(pk)).first() if pk.isdecimal() and len(pk) < 18 else None
        if connection is None:
            raise Http404(_("There is no such connection."))
        return connection

    def _form(
        self, request: HttpRequest, connection: Connection, *, data: Any = None, initial: Any = None
    ) -> ConnectionForm:
        may_create = access.may_change(request)
        return ConnectionForm(data, connection=connection, may_create_line=may_create, initial=initial)

    def _line(self, request: HttpRequest, form: ConnectionForm) -> OpenLine:
        chosen = form.cleaned_data["line"]
        if chosen == NEW_LINE:
            return lines.create(name=form.cleaned_data["new_line"].strip(), by=request.user)
        return OpenLine.objects.get(pk=chosen)

    def _check(self, request: HttpRequest, connection: Connection, *, now: datetime) -> Health:
        answer = connections.check(connection, now=now)
        connection_page.remember_check(request, connection, answer, now=now)
        return answer

    def _set_up(self, request: HttpRequest, connection: Connection, *, now: datetime) -> Health:
        """And what stands at the provider afterwards, one by one, unless it is slow to answer."""
        began = time.monotonic()
        answer = connections.set_up(connection, now=now)
        took = time.monotonic() - began
        if took < PATIENCE_FOR_BOTH:
            checked = self._check(request, connection, now=now + timedelta(seconds=took))
            return answer if checked.ok or not answer.ok else checked
        connection_page.forget(request, connection)
        return answer

    def _tell_of_new(self, request: HttpRequest, connection: Connection) -> None:
        if registry.has(connection.kind):
            self.message_user(request, _("The connection is made."), messages.SUCCESS)
            self._say(request, self._set_up(request, connection, now=timezone.now()))
        else:
            text = _("The chat is made. Put the code below into your site.")
            self.message_user(request, text, messages.SUCCESS)

    def _tell_of_change(self, request: HttpRequest, connection: Connection, changed: set[str]) -> None:
        if not changed:
            self.message_user(request, _("Nothing was changed."), messages.SUCCESS)
            return
        self.log_change(request, connection, [{"changed": {"fields": sorted(changed)}}])
        self.message_user(request, _("Saved."), messages.SUCCESS)
        if changed & {"credentials", "base_url"} and connection.is_active:
            self._say(request, self._set_up(request, connection, now=timezone.now()))

    def _say(self, request: HttpRequest, answer: Health | None) -> None:
        if answer is not None:
            self.message_user(request, answer.detail, messages.SUCCESS if answer.ok else messages.ERROR)

    def _page(
        self,
        request: HttpRequest,
        connection: Connection,
        form: ConnectionForm,
        *,
        may_save: bool,
        is_new: bool = False,
    ) -> HttpResponse:
        context: dict[str, Any] = {
            "connection": connection,
            "form": form,
            "may_save": may_save,
            "is_new": is_new,
            "guide": connection_page.guide(connection, may_save=may_save),
        }
        if not is_new:
            context |= connection_page.facts(request, connection)
            context["original"] = connection
        title = _("New connection") if is_new else connection.name
        kind = Connection.Kind(connection.kind).label
        return self._render(request, "admin/openlines/connection.html", title=title, subtitle=kind, **context)

    def _render(self, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
        request.current_app = self.admin_site.name
        everywhere = {
            **self.admin_site.each_context(request),
            "opts": Connection._meta,
            "kinds": Connection.Kind.choices,
            "subtitle": "",
            "inline_admin_formsets": [],
        }
        return TemplateResponse(request, template, everywhere | context)
