"""Log-in blocks (axes) in the admin's look; Django's groups leave it, because roles do their work here."""

import axes.admin  # registers its pages, which we then replace
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib import admin
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

for model in (AccessAttempt, AccessLog, AccessFailureLog, Group):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@admin.register(AccessAttempt)
class LogInBlockAdmin(ModelAdmin, axes.admin.AccessAttemptAdmin):  # type: ignore[misc]  # both are ModelAdmin
    """Deleting a row lifts the block."""

    list_display = ("username", "ip_address", "attempt_time", "failures_since_start", "status")
    list_filter = ("attempt_time", axes.admin.IsLockedOutFilter)
    actions = ()

    @admin.display(description=_("status"))
    def status(self, obj: AccessAttempt) -> str:
        return str(super().status(obj))


@admin.register(AccessLog)
class LogInLogAdmin(ModelAdmin, axes.admin.AccessLogAdmin):  # type: ignore[misc]  # both are ModelAdmin
    list_display = ("username", "attempt_time", "logout_time", "ip_address")
    list_filter = ("attempt_time",)
