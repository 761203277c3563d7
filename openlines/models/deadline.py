"""What is to happen later. A row that exists is pending: work is proportional to what is due, never to what is open."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from openlines.models.connection import Connection
from openlines.models.dialog import Dialog
from openlines.models.line import OpenLine

_SUBJECTS = ("dialog", "line", "employee", "connection")


def _exactly_one() -> Q:
    condition = Q()
    for chosen in _SUBJECTS:
        condition |= Q(**{f"{name}__isnull": name != chosen for name in _SUBJECTS})
    return condition


class Deadline(models.Model):
    dialog = models.ForeignKey(
        Dialog, null=True, on_delete=models.CASCADE, related_name="deadlines", db_index=False
    )
    line = models.ForeignKey(
        OpenLine, null=True, on_delete=models.CASCADE, related_name="deadlines", db_index=False
    )
    employee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.CASCADE,
        related_name="deadlines",
        db_index=False,
    )
    connection = models.ForeignKey(
        Connection, null=True, on_delete=models.CASCADE, related_name="deadlines", db_index=False
    )
    kind = models.CharField(max_length=20)
    """A ``DeadlineKind`` for dialogs; ``distribute`` for lines; ``drain`` and ``fetch`` for connections."""
    due_at = models.DateTimeField(_("due"))
    """When to fire: moved ahead after an error."""
    was_due_at = models.DateTimeField(_("was due"), null=True)
    """Where an error moved it: when it had been due (A12 counts from here)."""
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    error = models.TextField(_("error"), blank=True)
    holder = models.IntegerField(null=True)
    """Who fires it at this moment: the number of the database's process. One that is gone has died of it, perhaps."""
    deaths = models.PositiveSmallIntegerField(default=0, db_default=0)
    """How often that was so (``services/taken_up.py``)."""

    class Meta:
        verbose_name = _("deadline")
        verbose_name_plural = _("deadlines")
        constraints: ClassVar = [
            models.CheckConstraint(condition=_exactly_one(), name="one_subject"),
            *(
                models.UniqueConstraint(
                    fields=[name, "kind"],
                    condition=Q(**{f"{name}__isnull": False}),
                    name=f"deadline_once_a_{name}",
                )
                for name in _SUBJECTS
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["due_at"], name="deadline_due")]

    def __str__(self) -> str:
        return f"{self.kind} at {self.due_at:%Y-%m-%d %H:%M:%S}"
