"""Records that the product writes and people only read."""

# unfold carries no types; what mypy infers from its defaults is narrower than what it takes:
# mypy: disable-error-code="arg-type,assignment,override,dict-item,type-arg,operator,no-any-return"

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from contactcenter.staff.models import Employee, Right, Scope
from contactcenter.staff.roles import scope
from openlines.permissions import visible_dialogs


class ReadOnlyAdmin(ModelAdmin):
    actions: Any = None
    list_per_page = 50
    show_full_result_count = False
    of_dialog: ClassVar[str] = ""
    """Of records about dialogs: where the dialog, or what has dialogs, is found. They are shown as far as the history of
    dialogs may be read (§12), whatever opened the page. Records of no dialog are shown.
    """

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        reader = cast(Employee, request.user)
        if not self.of_dialog or scope(reader, Right.DIALOGS_HISTORY) is Scope.ALL:
            return rows
        seen = visible_dialogs(reader)
        name = self.of_dialog
        wanted = seen.values("client") if name == "client" else seen.values("pk")
        return rows.filter(Q(**{f"{name}__in": wanted}) | Q(**{f"{name}__isnull": True}))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
