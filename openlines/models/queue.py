"""Who serves a line (Q1), whose turn it is (Q2), and every offer that was made (Q3)."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from contactcenter.staff.photos import photo_name, photo_storage, validate_photo
from openlines.models.line import OpenLine


class QueueEntry(models.Model):
    """A place in the queue: an employee, or a department that stands for its active members."""

    line = models.ForeignKey(OpenLine, on_delete=models.CASCADE, related_name="queue_entries")
    position = models.PositiveIntegerField(_("position"), default=0)
    employee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="queue_entries",
        verbose_name=_("employee"),
    )
    department = models.ForeignKey(
        "staff.Department",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="queue_entries",
        verbose_name=_("department"),
    )

    class Meta:
        ordering: ClassVar = ["position", "pk"]
        verbose_name = _("queue member")
        verbose_name_plural = _("queue members")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(employee__isnull=False, department__isnull=True)
                | Q(employee__isnull=True, department__isnull=False),
                name="employee_or_department",
                violation_error_message=_("Choose either an employee or a department."),
            ),
            models.UniqueConstraint(
                fields=["line", "employee"],
                condition=Q(employee__isnull=False),
                name="employee_once_a_queue",
                violation_error_message=_("This employee is in the queue already."),
            ),
            models.UniqueConstraint(
                fields=["line", "department"],
                condition=Q(department__isnull=False),
                name="department_once_a_queue",
                violation_error_message=_("This department is in the queue already."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.employee or self.department)


class LineEntry(models.Model):
    """Q6 "this line's entries": what clients of the line see of an employee. Empty fields fall back to the profile."""

    line = models.ForeignKey(OpenLine, on_delete=models.CASCADE, related_name="entries")
    employee = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="line_entries"
    )
    name = models.CharField(_("name for clients"), max_length=150, blank=True)
    position = models.CharField(_("position for clients"), max_length=150, blank=True)
    photo = models.ImageField(
        _("photo for clients"),
        upload_to=photo_name,
        storage=photo_storage,
        validators=[validate_photo],
        blank=True,
    )

    class Meta:
        verbose_name = _("entry for clients")
        verbose_name_plural = _("entries for clients")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["line", "employee"], name="one_entry_a_line")
        ]

    def __str__(self) -> str:
        return self.name or str(self.employee)


class Turn(models.Model):
    """When an employee last got an automatic offer on a line (Q2 "evenly")."""

    line = models.ForeignKey(OpenLine, on_delete=models.CASCADE, related_name="turns")
    employee = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="turns")
    last_assigned_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["line", "employee"], name="one_turn_a_line")]

    def __str__(self) -> str:
        return f"{self.employee_id} on {self.line_id}"


class Offer(models.Model):
    """A dialog shown to an employee who has not accepted it. ``ended_at`` null: it stands."""

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", _("accepted")
        TAKEN = "taken", _("accepted by somebody else")
        SKIPPED = "skipped", _("skipped")
        LAPSED = "lapsed", _("lapsed")
        WITHDRAWN = "withdrawn", _("withdrawn")

    dialog = models.ForeignKey("openlines.Dialog", on_delete=models.CASCADE, related_name="offers")
    line = models.ForeignKey(OpenLine, on_delete=models.CASCADE, related_name="offers", db_index=False)
    employee = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="offers")
    offered_at = models.DateTimeField()
    until = models.DateTimeField(null=True)
    is_first = models.BooleanField(default=False)
    """C5: to the client's responsible, who is asked alone; no turn, no limit."""
    lapsed_at = models.DateTimeField(null=True)
    """Its time is over, but it stays until somebody else is free (Q3)."""
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["dialog", "employee"], condition=Q(ended_at__isnull=True), name="one_standing_offer"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["employee"], condition=Q(ended_at__isnull=True), name="offer_standing"),
            models.Index(fields=["line", "offered_at"], name="offer_line_time"),
        ]

    def __str__(self) -> str:
        return f"{self.dialog_id} to {self.employee_id}"
