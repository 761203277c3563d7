from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class OpenlinesConfig(AppConfig):
    name = "openlines"
    label = "openlines"
    verbose_name = _("Open lines")

    def ready(self) -> None:
        from openlines.schedules import ensure_schedules

        post_migrate.connect(ensure_schedules, sender=self)
