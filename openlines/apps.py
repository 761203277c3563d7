from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OpenlinesConfig(AppConfig):
    name = "openlines"
    label = "openlines"
    verbose_name = _("Open lines")
