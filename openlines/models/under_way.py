"""What a process is at that it might die of: the row is committed before and goes after."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class UnderWay(models.Model):
    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=200)
    begun_at = models.DateTimeField()
    deaths = models.PositiveSmallIntegerField(default=0)
    """How often a process has begun it and never come back."""

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "key"], name="under_way_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
