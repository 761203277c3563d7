"""A block of a line's settings as a page of its own, joined to the others by tabs.

A further block is one file: a subclass of ``BlockAdmin`` registered for its proxy, with ``place``, ``block``,
``groups`` and ``facts``. Pages save through ``services/lines.py``, never the proxy: simple-history hears only
``OpenLine``.
"""

# unfold carries no types; what mypy infers from its defaults is narrower than what it takes:
# mypy: disable-error-code="arg-type,assignment,override,dict-item,type-arg,operator,no-any-return"

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin import site
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.forms.models import modelform_factory
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from openlines.admin.access import LineAccess, lines_for, may_change
from openlines.admin.durations import DurationChoiceField
from openlines.admin.values import value_in_words
from openlines.models import OpenLine
from openlines.sandbox import draft as drafts
from openlines.services import line_switch, lines
from openlines.services.errors import CommandRefused


@dataclass(frozen=True)
class Group:
    """Fields under one heading. ``shown_when``: field → ``other`` (is on), ``other=value`` or ``other!=value``."""

    title: str | Promise
    fields: tuple[str, ...]
    note: str | Promise = ""
    shown_when: Mapping[str, str] | None = None


@dataclass(frozen=True)
class PageFacts:
    """``sentences``: what the saved settings do; ``warnings``: where they cannot work; ``context``: for templates."""

    sentences: list[str]
    warnings: list[str] = field(default_factory=list)
    context: dict[str, Any] = field(default_factory=dict)


class BlockForm(forms.ModelForm[OpenLine]):
    """``version`` is what the page showed: the line's version, and a print of the rows that belong to the block."""

    version = forms.CharField(widget=forms.HiddenInput, required=False)

    shown_when: ClassVar[Mapping[str, str]] = {}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.rows = self.read_rows()
        """What the page edits besides the line's own fields, as it is saved."""
        self.initial["version"] = self.version_of(self.instance, self.rows)

    def read_rows(self) -> Any:
        """The saved rows of the block besides the line's own fields (texts, members)."""
        return None

    def print_of(self, rows: Any) -> str:
        """Changes when the rows do."""
        return ""

    def version_of(self, line: OpenLine, rows: Any) -> str:
        return f"{line.version}.{hashlib.sha256(self.print_of(rows).encode()).hexdigest()[:16]}"

    def unsaved_texts(self) -> dict[tuple[str, str], str]:
        """(trigger, language) → text as it was typed, for "Try it"."""
        return {}

    def unsaved_members(self) -> list[int] | None:
        """The queue as it was typed, in order; None: this page does not change it."""
        return None

    def applies(self, name: str) -> bool:
        """Whether the field counts, given what was chosen in the others."""
        return applies(name, self.shown_when, lambda other: self.cleaned_data.get(other))

    def value_to_save(self, name: str) -> Any:
        """A form's False in the place of a file means that the file is to go."""
        value = self.cleaned_data[name]
        return "" if value is False and isinstance(self.fields[name], forms.FileField) else value

    def clean(self) -> dict[str, Any]:
        """A field that does not apply keeps its saved value, whatever the hidden control holds."""
        for name in self.shown_when:
            if name in self._meta.fields and not self.applies(name):
                self.errors.pop(name, None)
                self.cleaned_data[name] = getattr(self.instance, name)
        return self.cleaned_data


def applies(name: str, shown_when: Mapping[str, str], value_of: Callable[[str], Any]) -> bool:
    """Its condition holds, and the field that the condition asks for applies itself."""
    condition = shown_when.get(name)
    if condition is None:
        return True
    other = condition.partition("=")[0].rstrip("!")
    return holds(condition, value_of) and applies(other, shown_when, value_of)


def holds(condition: str, value_of: Callable[[str], Any]) -> bool:
    name, equals, wanted = condition.partition("=")
    if not equals:
        return bool(value_of(name))
    if name.endswith("!"):
        return str(value_of(name[:-1])) != wanted
    return str(value_of(name)) == wanted


class BlockAdmin(LineAccess, ModelAdmin):  # type: ignore[misc]  # unfold is not typed
    """Subclasses say what belongs to the page; reading, checking and saving is here."""

    place: ClassVar[int]
    """Among the tabs: queue 10, working time 20, consent 30, automatic actions 40, quality 50, chatbots 60, KPI 70,
    CRM 80, other 90, access 100 (ux: Administrator)."""
    block: ClassVar[type[models.Model]]
    """The abstract model whose fields the page edits."""
    groups: ClassVar[tuple[Group, ...]]
    usual_times: ClassVar[Mapping[str, Sequence[timedelta]]] = {}
    """Duration field → the choices offered first."""
    parts: ClassVar[Mapping[str, str]] = {}
    """Names in ``groups`` that are no plain field → the template that shows them (with ``field`` where it is one)."""
    page_form: ClassVar[type[BlockForm]] = BlockForm
    page_template = "admin/openlines/block.html"

    def __init__(self, model: type[models.Model], admin_site: Any) -> None:
        super().__init__(model, admin_site)
        # simple-history's hook for the proxy, which has no history of its own
        model._meta.simple_history_manager_attribute = "history"  # type: ignore[attr-defined]

    # -- for subclasses

    def facts(self, request: HttpRequest, line: OpenLine, form: BlockForm) -> PageFacts:
        """What the page says besides its fields; ``line`` as it is saved."""
        raise NotImplementedError

    def save_rows(self, request: HttpRequest, line: OpenLine, form: BlockForm, *, now: datetime) -> bool:
        """Save those rows; whether something changed. May raise ``CommandRefused``."""
        return False

    def error_field(self, code: str) -> str | None:
        """Where a refusal of the services is shown."""
        return None

    # -- the page

    @classmethod
    def field_names(cls) -> list[str]:
        own = {column.name for column in cls.block._meta.get_fields()}
        return [name for group in cls.groups for name in group.fields if name in own]

    def address(self, line_id: Any) -> str:
        return reverse(f"admin:openlines_{self.model._meta.model_name}_change", args=[line_id])

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return redirect("admin:openlines_openline_changelist")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return redirect("admin:openlines_openline_history", object_id)

    def get_model_perms(self, request: HttpRequest) -> dict[str, bool]:
        return {}  # not in the admin's index: a line's page is found through the line

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        line = self._line(request, object_id)
        may_save = may_change(request, line)
        if request.method != "POST":
            return self._page(request, line, self._form(request, line), may_save=may_save)
        if not may_save:
            raise PermissionDenied(_("You may see the settings of this line, but not change them."))
        form = self._form(request, line, data=request.POST, files=request.FILES)
        if not form.is_valid():
            return self._page(request, line, form, may_save=may_save)
        if "try" in request.POST:
            return self._try(request, line.pk, form)
        try:
            changed = self._save(request, line.pk, form, now=timezone.now())
        except CommandRefused as refused:
            return self._refused(request, line, form, refused)
        self.message_user(request, _("Saved.") if changed else _("Nothing was changed."), messages.SUCCESS)
        return redirect(self.address(line.pk))

    def _try(self, request: HttpRequest, line_id: int, form: BlockForm) -> HttpResponse:
        """Nothing is saved: the changes go along to the page "Try it"."""
        from openlines.admin import try_line

        saved = OpenLine.objects.get(pk=line_id)
        draft = drafts.of(
            saved,
            {name: form.value_to_save(name) for name in self.field_names()},
            block=self.model._meta.model_name or "",
            texts=form.unsaved_texts(),
            members=form.unsaved_members(),
        )
        return try_line.page(self.admin_site, request, saved, draft=draft, media=self.media)

    def _save(self, request: HttpRequest, line_id: int, form: BlockForm, *, now: datetime) -> bool:
        shown, _dot, shown_rows = form.cleaned_data["version"].partition(".")
        values = {name: form.value_to_save(name) for name in self.field_names()}
        with transaction.atomic():
            line = lines.locked(line_id)
            if shown_rows != form.version_of(line, form.read_rows()).partition(".")[2]:
                raise CommandRefused("stale", "")
            line, changed = lines.save_block(
                line_id, values, now=now, version=int(shown) if shown.isdecimal() else 0
            )
            rows_changed = self.save_rows(request, line, form, now=now)
        return bool(changed) or rows_changed

    def _refused(
        self, request: HttpRequest, line: OpenLine, form: BlockForm, refused: CommandRefused
    ) -> HttpResponse:
        """Nothing was saved and nothing typed is lost. Who saves again after reading "stale" means it."""
        if refused.code != "stale":
            form.add_error(self.error_field(refused.code), refused.message)
            return self._page(request, line, form, may_save=True, status=409)
        form.add_error(
            None,
            _(
                "Somebody else has changed this page meanwhile, so nothing was saved. What you typed is still here, "
                "with what is saved now beside it. Save again to put yours in its place."
            ),
        )
        current = OpenLine.objects.get(pk=line.pk)
        form.data = request.POST.copy()
        form.data["version"] = form.version_of(current, form.read_rows())
        other = {
            name: value_in_words(current, name)
            for name in self.field_names()
            if getattr(current, name) != form.cleaned_data.get(name)
        }
        return self._page(request, line, form, may_save=True, status=409, saved_meanwhile=other)

    def _line(self, request: HttpRequest, object_id: str | None) -> OpenLine:
        rows = lines_for(request, OpenLine.objects.all())
        line = (
            rows.filter(pk=unquote(object_id)).first()
            if object_id and unquote(object_id).isdecimal()
            else None
        )
        if line is None:
            if not self.has_view_permission(request):
                raise PermissionDenied
            raise Http404(_("There is no such line, or you may not see it."))
        return line

    def _form(
        self, request: HttpRequest, line: OpenLine, *, data: Any = None, files: Any = None
    ) -> BlockForm:
        conditions = {name: c for group in self.groups for name, c in (group.shown_when or {}).items()}
        form_class = modelform_factory(
            OpenLine,
            form=type("PageForm", (self.page_form,), {"shown_when": conditions}),
            fields=self.field_names(),
            formfield_callback=partial(self._field, request),
        )
        form: BlockForm = form_class(data, files, instance=line)
        return form

    def _field(self, request: HttpRequest, db_field: Any, **options: Any) -> Any:
        if isinstance(db_field, models.DurationField):
            return DurationChoiceField.of(db_field, self.usual_times.get(db_field.name, ()))
        if isinstance(db_field, models.URLField):
            options["assume_scheme"] = "https"
        return self.formfield_for_dbfield(db_field, request=request, **options)

    def _page(
        self,
        request: HttpRequest,
        line: OpenLine,
        form: BlockForm,
        *,
        may_save: bool,
        status: int = 200,
        saved_meanwhile: Mapping[str, str] | None = None,
    ) -> HttpResponse:
        meanwhile = saved_meanwhile or {}
        saved = (
            OpenLine.objects.get(pk=line.pk) if form.is_bound else line
        )  # a bound form has written into ``line``
        facts = self.facts(request, saved, form)
        kept = line_switch.kept(saved.pk)
        context = {
            **self.admin_site.each_context(request),
            "opts": OpenLine._meta,
            "title": saved.name,
            "subtitle": self.model._meta.verbose_name,
            "line": saved,
            "original": saved,
            "inline_admin_formsets": [],
            "form": form,
            "groups": [
                (group, [self._shown(form, name, group, meanwhile.get(name, "")) for name in group.fields])
                for group in self.groups
            ],
            "media": self.media + form.media,
            "tabs_list": tabs(saved, active=self.model._meta.model_name or "", kept=kept),
            "may_save": may_save,
            "facts": facts,
            "kept": kept,
            "has_channel": saved.connections.exists(),
            "may_connect": request.user.has_perm("openlines.add_connection"),
            **facts.context,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, self.page_template, context, status=status)

    def _shown(self, form: BlockForm, name: str, group: Group, meanwhile: str) -> dict[str, Any]:
        """A field, or a part of the page that has a template of its own, with when it is shown."""
        condition = (group.shown_when or {}).get(name, "")
        hidden = not applies(name, form.shown_when, lambda other: form[other].value())
        bound = form[name] if name in form.fields else None
        is_check = bound is not None and isinstance(bound.field.widget, forms.CheckboxInput)
        return {
            "name": name,
            "template": self.parts.get(name, ""),
            "field": bound,
            "is_check": is_check,
            "when": condition,
            "hidden": hidden,
            "meanwhile": meanwhile,
        }


def pages() -> list[BlockAdmin]:
    """The block pages in the order of their tabs."""
    found = [page for page in site._registry.values() if isinstance(page, BlockAdmin)]
    return sorted(found, key=lambda page: page.place)


def tabs(line: OpenLine, *, active: str, kept: line_switch.Kept | None = None) -> list[dict[str, Any]]:
    """The line's pages as tabs: the blocks in order, then what would happen now, and the history.

    ``kept``: what waited while the line was off, where the caller knows it already.
    """
    found = [
        {
            "title": str(page.model._meta.verbose_name).capitalize(),
            "link": page.address(line.pk),
            "active": page.model._meta.model_name == active,
            "has_permission": True,
        }
        for page in pages()
    ]
    for title, key in ((_("Try it"), "try"), (_("Next dialog"), "forecast"), (_("History"), "history")):
        link = reverse(f"admin:openlines_openline_{key}", args=[line.pk])
        found.append({"title": title, "link": link, "active": active == key, "has_permission": True})
    if not line.is_active or active == "kept" or (active and (kept or line_switch.kept(line.pk)).dialogs):
        link = reverse("admin:openlines_openline_kept", args=[line.pk])
        found.append(
            {"title": _("What waited"), "link": link, "active": active == "kept", "has_permission": True}
        )
    return found
