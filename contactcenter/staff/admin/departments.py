# unfold carries no types; what mypy infers from its defaults is narrower than what it takes:
# mypy: disable-error-code="arg-type,assignment,override,dict-item,type-arg,operator,no-any-return"

from typing import Any

from django.contrib import admin
from django.contrib.postgres.fields import ArrayField
from django.db.models import Case, Count, F, Func, IntegerField, Q, QuerySet, Value, When
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.views import ChangeList

from contactcenter.staff.departments import in_tree_order
from contactcenter.staff.models import Department


class TreeChangeList(ChangeList):
    """The list in tree order. Not by `ModelAdmin.get_ordering`, which orders the choices of other forms too."""

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[Department]:
        places = in_tree_order()
        ids = Value([place.department_id for place in places], ArrayField(IntegerField()))
        by_depth: dict[int, list[int]] = {}
        for place in places:
            by_depth.setdefault(place.depth, []).append(place.department_id)
        depths = [When(pk__in=members, then=Value(depth)) for depth, members in by_depth.items()]
        found: QuerySet[Department] = super().get_queryset(request, *args, **kwargs)
        return found.annotate(
            place=Func(ids, F("id"), function="array_position", output_field=IntegerField()),
            depth=Case(*depths, default=Value(0), output_field=IntegerField()),
            people_count=Count("members", filter=Q(members__is_active=True)),
        ).order_by("place", "id")


@admin.register(Department)
class DepartmentAdmin(ModelAdmin):
    """The tree, each department below the one it is part of and set in by its depth."""

    list_display = ("indented_name", "head", "people")
    list_select_related = ("head",)
    search_fields = ("name__folded",)
    sortable_by = ()
    fields = ("name", "parent", "head", "sort_order")
    autocomplete_fields = ("parent", "head")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return TreeChangeList

    @admin.display(description=_("name"))
    def indented_name(self, department: Any) -> str:
        return format_html(
            '<span style="padding-inline-start: {}rem">{}</span>', department.depth * 1.5, department.name
        )

    @admin.display(description=_("people"))
    def people(self, department: Any) -> int:
        count: int = department.people_count
        return count
