from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

#: Q4: a desk page that answered within this time means "online".
ONLINE_WITHIN = timedelta(seconds=90)


class PresenceQuerySet(models.QuerySet["Presence"]):
    def online(self, now: datetime) -> "PresenceQuerySet":
        return self.filter(seen_at__gte=now - ONLINE_WITHIN)


class Presence(models.Model):
    """When an employee's desk page last answered.

    Written every 30 s for each open desk page: hence one narrow row per person, no index on `seen_at`, and
    free space on the page (fillfactor, set in the migration), so that each write is a HOT update.
    """

    employee = models.OneToOneField(
        "staff.Employee", on_delete=models.CASCADE, primary_key=True, related_name="presence"
    )
    seen_at = models.DateTimeField(_("desk seen"))

    objects: ClassVar[models.Manager["Presence"]] = PresenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("presence")
        verbose_name_plural = _("presence")

    def __str__(self) -> str:
        return f"{self.employee_id}: {self.seen_at:%Y-%m-%d %H:%M:%S}"
