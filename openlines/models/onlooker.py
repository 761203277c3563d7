"""Who has a dialog open at the desk, and who is writing in it. Rows lapse by themselves; losing them loses nothing."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Onlooker(models.Model):
    """No foreign keys and no log (its migration): a heartbeat must hold up nobody who deletes a dialog."""

    dialog_id = models.BigIntegerField()
    employee_id = models.BigIntegerField()
    until = models.DateTimeField()
    """A page that says nothing more has gone."""
    writing_until = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["dialog_id", "employee_id"], name="onlooker_once")
        ]
        indexes: ClassVar = [models.Index(fields=["employee_id"], name="onlooker_employee")]

    def __str__(self) -> str:
        return f"{self.employee_id} in {self.dialog_id}"
