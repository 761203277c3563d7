from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StaffConfig(AppConfig):
    name = "contactcenter.staff"
    label = "staff"
    verbose_name = _("Employees and rights")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from contactcenter.staff import checks  # noqa: F401  (importing registers the checks)
