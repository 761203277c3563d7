from __future__ import annotations

from django.db import models


class Usage(models.Model):
    """How much a stranger, an address or a chat has used in its window of time (``widget/limits.py``).

    Unlogged: after a crash everybody starts anew.
    """

    key = models.CharField(max_length=120, primary_key=True)
    until = models.DateTimeField(db_index=True)
    used = models.BigIntegerField()

    def __str__(self) -> str:
        return self.key
