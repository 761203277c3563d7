"""Lists of canned replies (A10): which there are, and the page of one with its sections and replies in order.

A reply itself is ``canned_reply.py``.
"""

# unfold carries no types; what mypy infers from its defaults is narrower than what it takes:
# mypy: disable-error-code="arg-type,assignment,override,dict-item,type-arg,operator,no-any-return"

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Count, IntegerField, Max, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.admin import ModelAdmin

from contactcenter.lib.parameters import whole_number
from contactcenter.staff import exports
from openlines.models import CannedReply, ReplyFile, ReplyList, ReplySection
from openlines.services import canned_replies, reply_lists
from openlines.services.errors import CommandRefused

MOST_BYTES = 5 * 1024 * 1024


@dataclass(frozen=True)
class Row:
    reply: CannedReply
    files: int


@admin.register(ReplyList)
class ReplyListAdmin(ModelAdmin):
    list_display = ("name", "reply_count", "used_by", "uses", "changed")
    search_fields = (
        "name__folded",
        "replies__shortcut__folded",
        "replies__title__folded",
        "replies__text__folded",
    )
    fields = ("name",)
    sortable_by = ()
    actions = None

    class Media:
        css: ClassVar = {"all": ("ui/tokens.css", "openlines/admin/admin.css")}

    # -- the list of lists

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReplyList]:
        replies = CannedReply.objects.filter(list=OuterRef("pk")).order_by().values("list")
        rows: QuerySet[ReplyList] = super().get_queryset(request)
        return (
            rows.annotate(
                n_replies=_zero(replies.annotate(n=Count("pk")).values("n")),
                n_uses=_zero(replies.annotate(n=Sum("use_count")).values("n")),
                changed_at=Subquery(replies.annotate(at=Max("updated_at")).values("at")),
            )
            .prefetch_related("lines")
            .order_by("name")
        )

    @admin.display(description=gettext_lazy("replies"))
    def reply_count(self, chosen: Any) -> int:
        return int(chosen.n_replies)

    @admin.display(description=gettext_lazy("used by the lines"))
    def used_by(self, chosen: ReplyList) -> str:
        names = [line.name for line in chosen.lines.all()]
        return format_html_join(", ", "{}", ((name,) for name in names)) if names else _("no line yet")

    @admin.display(description=gettext_lazy("uses"))
    def uses(self, chosen: Any) -> int:
        return int(chosen.n_uses)

    @admin.display(description=gettext_lazy("last change"))
    def changed(self, chosen: Any) -> Any:
        return chosen.changed_at or "–"

    # -- making and deleting

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        shown = {
            "title": _("New list of canned replies"),
            "show_save_and_add_another": False,
            "show_save_and_continue": False,
        }
        answer: HttpResponse = super().add_view(request, form_url, {**shown, **(extra_context or {})})
        return answer

    def response_add(
        self, request: HttpRequest, obj: ReplyList, post_url_continue: str | None = None
    ) -> HttpResponse:
        return redirect("admin:openlines_replylist_change", obj.pk)

    def delete_model(self, request: HttpRequest, obj: ReplyList) -> None:
        reply_lists.delete(obj)

    # -- the page of one

    def get_urls(self) -> list[URLPattern]:
        def at(name: str, verb: Callable[..., HttpResponse]) -> URLPattern:
            return path(
                f"<int:pk>/{name}/", self.admin_site.admin_view(verb), name=f"openlines_replylist_{name}"
            )

        return [at("export", self.export_view), at("import", self.import_view), *super().get_urls()]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        if object_id is None:
            answer: HttpResponse = super().changeform_view(request, object_id, form_url, extra_context)
            return answer
        chosen = self._get(request, unquote(object_id))
        if request.method != "POST":
            return self._page(request, chosen)
        try:
            place = self._do(request, chosen)
        except CommandRefused as refused:
            return self._page(request, chosen, problem=refused, status=409)
        if request.headers.get("x-requested-with") == "fetch":
            return render(request, "admin/openlines/_replies.html", self._facts(chosen))
        return redirect(f"{request.path}#{place}")

    def _do(self, request: HttpRequest, chosen: ReplyList) -> str:
        """One of the page's small forms; returns the place to go on at. Raises ``CommandRefused``."""
        verb, _colon, what = request.POST.get("do", "").partition(":")
        if verb == "rename":
            self._rename(request, chosen)
            return ""
        if verb == "add-section":
            section = reply_lists.add_section(chosen, request.POST.get("name", ""))
            return f"section-{section.pk}"
        if verb in ("up", "down"):
            return self._move(chosen, what, by=-1 if verb == "up" else 1)
        section = self._section(chosen, what)
        if verb == "rename-section":
            reply_lists.rename_section(section, request.POST.get("name", ""))
            return f"section-{section.pk}"
        if verb == "remove-section":
            reply_lists.remove_section(section)
            text = _("The section “%(name)s” is gone; its replies stand above, without a section.")
            self.message_user(request, text % {"name": section.name}, messages.SUCCESS)
            return ""
        raise CommandRefused("do", _("The page is too old. Load it again."))

    def _rename(self, request: HttpRequest, chosen: ReplyList) -> None:
        name = request.POST.get("name", "").strip()[:100]
        if not name:
            raise CommandRefused("name", _("Write the list's name."))
        if ReplyList.objects.filter(name__iexact=name).exclude(pk=chosen.pk).exists():
            raise CommandRefused("name", _("There is a list “%(name)s” already.") % {"name": name})
        chosen.name = name  # a refused one never gets here, so the page has the saved name
        chosen.save(update_fields=["name"])
        self.log_change(request, chosen, [{"changed": {"fields": ["name"]}}])
        self.message_user(request, _("Saved."), messages.SUCCESS)

    def _move(self, chosen: ReplyList, what: str, *, by: int) -> str:
        kind, _dash, pk = what.partition("-")
        if kind == "section":
            section = self._section(chosen, pk)
            reply_lists.move_section(section, by=by)
            return f"section-{section.pk}"
        reply = CannedReply.objects.filter(list=chosen, pk=whole_number(pk) or 0).first()
        if reply is None:
            raise CommandRefused("do", _("Somebody has deleted this reply meanwhile."))
        reply_lists.move_reply(reply, by=by)
        return f"reply-{reply.pk}"

    def _section(self, chosen: ReplyList, pk: str) -> ReplySection:
        section = chosen.sections.filter(pk=whole_number(pk) or 0).first()
        if section is None:
            raise CommandRefused("do", _("Somebody has deleted this section meanwhile."))
        return section

    # -- as a table

    def export_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        chosen = self._get(request, str(pk))
        return exports.file(request.user, reply_lists.export(chosen), name=chosen.name or "replies")

    def import_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        chosen = self._get(request, str(pk))
        file = request.FILES.get("file")
        if request.method != "POST":
            return redirect("admin:openlines_replylist_change", pk)
        try:
            if file is None:
                raise CommandRefused("file", _("Choose a file first."))
            if (file.size or 0) > MOST_BYTES:
                raise CommandRefused("file", _("The file is larger than 5 MB. Import it in parts."))
            done = reply_lists.import_csv(chosen, file.read(), by=request.user)
        except CommandRefused as refused:
            return self._page(request, chosen, problem=refused, status=409)
        told = [
            ngettext("%(n)s reply is new.", "%(n)s replies are new.", done.added) % {"n": done.added},
            ngettext("%(n)s is changed.", "%(n)s are changed.", done.changed) % {"n": done.changed},
        ]
        self.log_change(request, chosen, [{"changed": {"fields": ["import"]}}])
        self.message_user(request, " ".join(told), messages.SUCCESS)
        if not done.refused:
            return redirect("admin:openlines_replylist_change", pk)
        return self._page(request, chosen, refused_rows=done.refused)

    # -- parts

    def _get(self, request: HttpRequest, pk: str) -> ReplyList:
        if not self.has_change_permission(request):
            raise PermissionDenied
        chosen = ReplyList.objects.filter(pk=whole_number(pk) or 0).first()
        if chosen is None:
            raise Http404(_("There is no such list of canned replies."))
        return chosen

    def _facts(self, chosen: ReplyList) -> dict[str, Any]:
        """The replies in their sections, empty ones too."""
        sections = list(chosen.sections.all())
        rows: dict[int | None, list[Row]] = {None: [], **{section.pk: [] for section in sections}}
        files = ReplyFile.objects.filter(reply__list=chosen).order_by()
        counts = dict(files.values_list("reply").annotate(n=Count("pk")))
        for reply in canned_replies.in_order(chosen):
            rows[reply.section_id].append(Row(reply, counts.get(reply.pk, 0)))
        groups = [(section, rows[section.pk if section else None]) for section in (None, *sections)]
        return {"list": chosen, "groups": groups, "total": sum(map(len, rows.values()))}

    def _page(
        self,
        request: HttpRequest,
        chosen: ReplyList,
        *,
        problem: CommandRefused | None = None,
        refused_rows: list[tuple[int, str]] | None = None,
        status: int = 200,
    ) -> HttpResponse:
        if problem is not None and request.headers.get("x-requested-with") == "fetch":
            return HttpResponse(problem.message, status=status, content_type="text/plain; charset=utf-8")
        context = {
            **self.admin_site.each_context(request),
            **self._facts(chosen),
            "opts": ReplyList._meta,
            "title": chosen.name,
            "subtitle": _("Canned replies"),
            "original": chosen,
            "inline_admin_formsets": [],
            "media": self.media,
            "users": list(chosen.lines.order_by("name", "pk").only("pk", "name")),
            "may_export": exports.may_export(request.user),
            "may_choose": request.user.has_perm("openlines.change_openline"),
            "problem": problem,
            "typed": request.POST.get("name", "") if problem else "",
            "done": request.POST.get("do", "") if problem else "",
            "refused_rows": refused_rows or (),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/openlines/reply_list.html", context, status=status)


def _zero(counted: QuerySet[Any]) -> Any:
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)
