from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StaffConfig(AppConfig):
    name = "contactcenter.staff"
    label = "staff"
    verbose_name = _("Employees and rights")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from contactcenter.lib import folded_lookups
        from contactcenter.staff import (
            checks,  # noqa: F401  (importing registers the checks)
            permissions,
        )
        from contactcenter.staff.models import Right

        folded_lookups.register()
        permissions.open_models("staff", see=Right.LINES_SEE, change=Right.ROLES_CHANGE)
        for private in (
            "absence",
            "workday",
            "break",
        ):  # who was ill when is nobody's but theirs who must know
            permissions.open_models("staff", private, see=Right.ROLES_CHANGE, change=Right.ROLES_CHANGE)
        permissions.open_models("axes", see=Right.ROLES_CHANGE, change=Right.ROLES_CHANGE)
        permissions.open_models("django_q", see=Right.LINES_CHANGE, change=Right.LINES_CHANGE)
