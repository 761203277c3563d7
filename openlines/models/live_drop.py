from __future__ import annotations

from typing import ClassVar

from django.db import models


class LiveDrop(models.Model):
    """Rights of a holder of tickets changed (``live/topics.py``): tickets from before open no stream.

    Written by the database's own triggers; kept for as long as a ticket lives, for web processes that did not hear it.
    """

    holder = models.CharField(max_length=40)
    at = models.DateTimeField()
    xid = models.BigIntegerField()
    """Of the transaction: a ticket that saw it is made from the new rights."""

    class Meta:
        indexes: ClassVar = [models.Index(fields=["at"], name="live_drop_at")]

    def __str__(self) -> str:
        return self.holder
