"""A line's last pages: what waited while it was off (L4), and its deletion with progress (L7)."""

# unfold carries no types; what mypy infers from its defaults is narrower than what it takes:
# mypy: disable-error-code="misc,no-any-return"

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from unfold.widgets import INPUT_CLASSES, SELECT_CLASSES

from contactcenter.staff.models import Employee
from openlines.admin.access import lines_for, may_change
from openlines.admin.block_page import tabs
from openlines.models import Connection, LineDeletion, OpenLine
from openlines.services import line_deletion, line_switch, provider_side
from openlines.services.errors import CommandRefused


class FatePages:
    """For the lines' ModelAdmin."""

    admin_site: Any
    media: Any
    message_user: Any

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:line_id>/kept/", view(self.kept_view), name="openlines_openline_kept"),
            path("<int:line_id>/delete/", view(self.deletion_view), name="openlines_openline_deletion"),
            path("<int:line_id>/deleting/", view(self.progress_view), name="openlines_openline_deleting"),
            *super().get_urls(),
        ]

    def kept_view(self, request: HttpRequest, line_id: int) -> HttpResponse:
        """L4: release what waited, or discard it after a count."""
        line = self._line_to_change(request, line_id)
        now = timezone.now()
        do = request.POST.get("do", "") if request.method == "POST" else ""
        if do == "release":
            if not line.is_active:
                self.message_user(
                    request,
                    _("Switch the line on first; then what waited can be released."),
                    messages.WARNING,
                )
            else:
                count = line_switch.release(line.pk, now=now)
                told = ngettext("%(count)d dialog released.", "%(count)d dialogs released.", count)
                self.message_user(request, told % {"count": count}, messages.SUCCESS)
            return redirect("admin:openlines_openline_kept", line.pk)
        if do == "discard" and request.POST.get("sure") == "1":
            count = line_switch.discard(line.pk)
            told = ngettext("%(count)d dialog discarded.", "%(count)d dialogs discarded.", count)
            self.message_user(request, told % {"count": count}, messages.SUCCESS)
            return redirect("admin:openlines_openline_kept", line.pk)
        context = {"kept": line_switch.kept(line.pk), "asks": do == "discard"}
        return self._page(request, line, "kept", _("What waited"), context)

    def deletion_view(self, request: HttpRequest, line_id: int) -> HttpResponse:
        line = self._line_to_change(request, line_id)
        if line.deleting_since is not None:
            return redirect("admin:openlines_openline_deleting", line.pk)
        connections = list(Connection.objects.filter(line=line).order_by("kind"))
        fates = {one.pk: request.POST.get(f"connection_{one.pk}", "") for one in connections}
        error = ""
        if request.method == "POST":
            try:
                line_deletion.order(
                    line,
                    typed_name=request.POST.get("name", ""),
                    fates=fates,
                    by=cast(Employee, request.user),
                    now=timezone.now(),
                )
                self._tell_what_is_left(request, line)
                return redirect("admin:openlines_openline_deleting", line.pk)
            except CommandRefused as refused:
                error = refused.message
        others = OpenLine.objects.exclude(pk=line.pk).filter(deleting_since__isnull=True).order_by("name")
        context = {
            "count": line_deletion.count(line),
            "connections": [(one, fates[one.pk]) for one in connections],
            "others": [(str(other.pk), other.name) for other in others],
            "error": error,
            "select_classes": " ".join(SELECT_CLASSES),
            "input_classes": " ".join(INPUT_CLASSES),
            "typed": request.POST.get("name", ""),
        }
        return self._page(
            request, line, "line_deletion", _("Delete the line"), context, status=409 if error else 200
        )

    def _tell_what_is_left(self, request: HttpRequest, line: OpenLine) -> None:
        """Webhooks that could not be removed now."""
        for one in filter(provider_side.is_left, Connection.objects.filter(line=line)):
            told = _(
                "The webhook of “%(name)s” could not be removed now: %(reason)s It is tried once more in the background. "
                "If it is still there afterwards, remove it at the provider."
            )
            self.message_user(request, told % {"name": one.name, "reason": one.last_error}, messages.WARNING)

    def progress_view(self, request: HttpRequest, line_id: int) -> HttpResponse:
        """Also when the line is gone: what was deleted, by whom, when."""
        if not may_change(request):
            raise PermissionDenied
        deletion = LineDeletion.objects.select_related("requested_by").filter(line_id=line_id).first()
        if deletion is None:
            raise Http404(_("This line is not being deleted."))
        wanted = sum(deletion.to_delete.get(what, 0) for what in ("dialogs", "messages"))
        done = sum(deletion.deleted.get(what, 0) for what in ("dialogs", "messages"))
        percent = 100 if deletion.finished_at else min(99, 100 * done // wanted if wanted else 0)
        context = {
            **self.admin_site.each_context(request),
            "opts": OpenLine._meta,
            "title": deletion.name,
            "subtitle": _("Deletion"),
            "media": self.media,
            "deletion": deletion,
            "percent": percent,
            "back": reverse("admin:openlines_openline_changelist"),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/openlines/line_deleting.html", context)

    def _line_to_change(self, request: HttpRequest, line_id: int) -> OpenLine:
        line = lines_for(request, OpenLine.objects.all()).filter(pk=line_id).first()
        if line is None or not may_change(request, line):
            if line is None and may_change(request):
                raise Http404(_("There is no such line, or you may not see it."))
            raise PermissionDenied(_("You may see the settings of this line, but not change them."))
        return line

    def _page(
        self,
        request: HttpRequest,
        line: OpenLine,
        template: str,
        subtitle: str,
        context: dict[str, Any],
        *,
        status: int = 200,
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": OpenLine._meta,
            "title": line.name,
            "subtitle": subtitle,
            "line": line,
            "original": line,
            "inline_admin_formsets": [],
            "media": self.media,
            "tabs_list": tabs(line, active=template),
            **context,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, f"admin/openlines/{template}.html", context, status=status)
