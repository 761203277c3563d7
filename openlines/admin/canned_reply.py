"""One canned reply (A10): its shortcut, words and files, with what the client will read beside them."""

# unfold carries no types; what mypy infers from its defaults is narrower than what it takes:
# mypy: disable-error-code="arg-type,assignment,override,dict-item,type-arg,operator,no-any-return"

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin
from unfold.widgets import TEXTAREA_CLASSES, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from contactcenter.lib.parameters import whole_number
from contactcenter.staff.models import Installation
from openlines import views_files
from openlines.models import CannedReply, ReplyFile, ReplyList
from openlines.policies import reply_search, texts
from openlines.services import reply_lists
from openlines.services.errors import CommandRefused


class ReplyText(forms.Textarea):
    """With a preview of what the client will read (kept current by block.js)."""

    template_name = "admin/openlines/text.html"

    def __init__(self, *, sample: dict[str, str]) -> None:
        self.sample = sample
        super().__init__({"rows": 6, "placeholder": "", "class": " ".join(TEXTAREA_CLASSES)})

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        values = texts.MacroValues(**{key.lower(): word for key, word in self.sample.items()})
        language = get_language() or "en"
        context["widget"] |= {
            "preview": texts.render(str(value or ""), values, language=language),
            "sample": json.dumps(self.sample),
            "macros": [f"#{macro}#" for macro in reply_search.MACROS],
            "language": "",
            "label": "",
            "is_open": True,
            "is_alone": True,
        }
        return context


class SeveralFiles(forms.ClearableFileInput):
    allow_multiple_selected = True
    template_name = "django/forms/widgets/file.html"


class FilesField(forms.FileField):
    """Any number of uploads, each as a ``ReplyFile`` that is not saved yet."""

    widget = SeveralFiles

    def clean(self, data: Any, initial: Any = None) -> list[ReplyFile]:
        try:
            return [reply_lists.upload(file) for file in data or ()]
        except CommandRefused as refused:
            raise forms.ValidationError(refused.message, code=refused.code) from None


class ReplyForm(forms.Form):
    """``version``: when the reply that the page showed was changed last."""

    shortcut = forms.CharField(
        label=gettext_lazy("Shortcut"),
        max_length=reply_search.LONGEST_SHORTCUT + 1,
        help_text=gettext_lazy("One word; operators type it after /, for example /hours."),
        widget=UnfoldAdminTextInputWidget(
            {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    title = forms.CharField(
        label=gettext_lazy("Title"),
        max_length=150,
        required=False,
        help_text=gettext_lazy("Only operators see it. Empty: the first words of the text."),
        widget=UnfoldAdminTextInputWidget,
    )
    section = forms.ChoiceField(label=gettext_lazy("Section"), required=False, widget=UnfoldAdminSelectWidget)
    text = forms.CharField(
        label=gettext_lazy("Text"), required=False, max_length=reply_lists.LONGEST_TEXT, strip=False
    )
    new_files = FilesField(
        label=gettext_lazy("Add files"),
        required=False,
        help_text=gettext_lazy(
            "Sent with the text, unless the operator takes them away. Up to 10, 20 MB each."
        ),
    )
    version = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, reply: CannedReply, **options: Any) -> None:
        super().__init__(*args, **options)
        self.reply = reply
        self.files_there = list(reply.files.all()) if reply.pk else []
        sections = reply.list.sections.all()
        self.sections = {str(section.pk): section for section in sections}
        self.fields["section"].choices = [  # type: ignore[attr-defined]
            ("", _("Without a section")),
            *((pk, section.name) for pk, section in self.sections.items()),
        ]
        self.fields["text"].widget = ReplyText(sample=_sample(reply.list))
        self.fields["text"].widget.attrs["maxlength"] = reply_lists.LONGEST_TEXT
        self.initial |= {
            "shortcut": reply.shortcut,
            "title": reply.title,
            "text": reply.text,
            "section": str(reply.section_id or self.initial.get("section") or ""),
            "version": self.version_of(reply),
        }

    @staticmethod
    def version_of(reply: CannedReply) -> str:
        return reply.updated_at.isoformat() if reply.pk else ""

    @property
    def leaving(self) -> list[int]:
        """Files that were ticked to be taken away."""
        ticked = self.data.getlist("leaving") if isinstance(self.data, QueryDict) else []
        pks = {whole_number(value) for value in ticked}
        return [file.pk for file in self.files_there if file.pk in pks]

    def values(self) -> dict[str, Any]:
        """For ``services/reply_lists``."""
        entered = self.cleaned_data
        return {
            "shortcut": entered["shortcut"],
            "title": entered["title"],
            "text": entered["text"],
            "section": self.sections.get(entered["section"]),
            "new_files": entered["new_files"],
        }


def _sample(chosen: ReplyList) -> dict[str, str]:
    line = chosen.lines.order_by("name").first()
    return {
        "CLIENT": "Maria",
        "OPERATOR": "Anna",
        "DIALOG": "1024",
        "LINE": line.name if line else _("Shop"),
        "COMPANY": Installation.current().company or _("our company"),
    }


@admin.register(CannedReply)
class CannedReplyAdmin(ModelAdmin):
    """Found through its list (``canned_replies.py``)."""

    def get_model_perms(self, request: HttpRequest) -> dict[str, bool]:
        return {}

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return redirect("admin:openlines_replylist_changelist")

    def delete_model(self, request: HttpRequest, obj: CannedReply) -> None:
        request._list_of_deleted = obj.list_id  # type: ignore[attr-defined]  # the admin is shared between threads
        reply_lists.delete(obj)

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: int) -> HttpResponse:
        self.message_user(request, _("“%(title)s” is deleted.") % {"title": obj_display}, messages.SUCCESS)
        return redirect("admin:openlines_replylist_change", request._list_of_deleted)  # type: ignore[attr-defined]

    def get_urls(self) -> list[URLPattern]:
        file = path(
            "file/<uuid:public_id>/",
            self.admin_site.admin_view(self.file_view),
            name="openlines_cannedreply_file",
        )
        return [file, *super().get_urls()]

    def file_view(self, request: HttpRequest, public_id: UUID) -> HttpResponseBase:
        if not self.has_view_permission(request):
            raise PermissionDenied
        file = ReplyFile.objects.filter(public_id=public_id).first()
        if file is None:
            raise Http404(_("There is no such file."))
        return views_files.deliver(file, download=True)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        if not self.has_change_permission(request):
            raise PermissionDenied
        reply = self._reply(request, object_id)
        if request.method != "POST":
            initial = {"section": request.GET.get("section", "")}
            return self._page(request, ReplyForm(reply=reply, initial=initial))
        form = ReplyForm(request.POST, request.FILES, reply=reply)
        if not form.is_valid():
            return self._page(request, form)
        try:
            self._save(request, form)
        except CommandRefused as refused:
            form.add_error(refused.code if refused.code in form.fields else None, refused.message)
            return self._page(request, form, status=409)
        self.message_user(request, _("“%(title)s” is saved.") % {"title": form.reply.title}, messages.SUCCESS)
        if "another" in request.POST:
            section = form.reply.section_id or ""
            return redirect(
                f"{reverse('admin:openlines_cannedreply_add')}?list={reply.list_id}&section={section}"
            )
        return redirect(
            f"{reverse('admin:openlines_replylist_change', args=[reply.list_id])}#reply-{form.reply.pk}"
        )

    def _save(self, request: HttpRequest, form: ReplyForm) -> None:
        reply = form.reply
        if not reply.pk:
            form.reply = reply_lists.create(reply.list, **form.values(), by=request.user)
            self.log_addition(request, form.reply, [{"added": {}}])
            return
        if form.cleaned_data["version"] != ReplyForm.version_of(reply):
            form.data = QueryDict(mutable=True)
            form.data.update(request.POST)
            form.data["version"] = ReplyForm.version_of(reply)
            raise CommandRefused(
                "stale",
                _(
                    "Somebody else has changed this reply meanwhile, so nothing was saved. What you typed is still "
                    "here. Save again to put it in the place of this: %(text)s"
                )
                % {"text": reply.text},
            )
        reply_lists.change(reply, **form.values(), without=form.leaving)
        self.log_change(request, reply, [{"changed": {"fields": form.changed_data}}])

    def _reply(self, request: HttpRequest, object_id: str | None) -> CannedReply:
        if object_id is None:
            chosen = ReplyList.objects.filter(pk=whole_number(request.GET.get("list", "")) or 0).first()
            if chosen is None:
                raise Http404(_("There is no such list of canned replies."))
            return CannedReply(list=chosen)
        rows = CannedReply.objects.select_related("list", "section", "created_by")
        reply = rows.filter(pk=whole_number(unquote(object_id)) or 0).first()
        if reply is None:
            raise Http404(_("There is no such canned reply; somebody may have deleted it."))
        return reply

    def _page(self, request: HttpRequest, form: ReplyForm, *, status: int = 200) -> HttpResponse:
        reply = CannedReply.objects.get(pk=form.reply.pk) if form.reply.pk else form.reply
        context = {
            **self.admin_site.each_context(request),
            "opts": ReplyList._meta,
            "title": reply.title if reply.pk else _("New canned reply"),
            "subtitle": reply.list.name,
            "list": reply.list,
            "reply": reply,
            "original": reply.list,
            "inline_admin_formsets": [],
            "form": form,
            "fields": [form[name] for name in ("shortcut", "title", "section", "text")],
            "leaving": form.leaving,
            "media": self.media + form.media,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/openlines/canned_reply.html", context, status=status)
