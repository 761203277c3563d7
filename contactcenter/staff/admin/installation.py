# unfold carries no types; what mypy infers from its defaults is narrower than what it takes:
# mypy: disable-error-code="arg-type,assignment,override,dict-item,type-arg,operator,no-any-return"

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from unfold.admin import ModelAdmin

from contactcenter.staff.announcements import announced
from contactcenter.staff.models import Employee, Installation, WorkDayTracking


@admin.register(Installation)
class InstallationAdmin(ModelAdmin):
    """One page and no list: the row is made when the page is first opened by who may change it."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Installation | None = None) -> bool:
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        if not self.has_change_permission(request):
            return super().changelist_view(request, extra_context)
        return redirect(reverse("admin:staff_installation_change", args=[1]))

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Installation | None:
        """Nobody may have saved it yet: looking at the page makes no row, saving it does."""
        return Installation.current() if str(object_id) == "1" else None

    def save_model(self, request: HttpRequest, obj: Installation, form: Any, change: bool) -> None:
        """Whether people are available may follow from it, hence the announcement."""
        as_it_says = Employee.objects.active().filter(work_day_tracking=WorkDayTracking.INSTALLATION)
        with announced(list(as_it_says.values_list("pk", flat=True)), now=timezone.now()):
            super().save_model(request, obj, form, change)
