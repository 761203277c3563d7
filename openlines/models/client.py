"""The client as one connection knows him."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Func, TextField, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext_lazy as _

from contactcenter.lib.folded_lookups import Folded
from openlines.models.connection import Connection
from openlines.policies.names import readable

_BLANK = Value(" ")


class Client(models.Model):
    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="clients", db_index=False
    )
    """Indexed by ``client_once_a_connection``."""
    external_id = models.CharField(max_length=200)
    name = models.CharField(_("name"), max_length=200, blank=True)
    username = models.CharField(_("user name"), max_length=200, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    phone = models.CharField(_("phone"), max_length=50, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    page_url = models.TextField(_("page"), blank=True)
    """Live chat: the page he last wrote from."""
    is_reachable = models.BooleanField(default=True)
    """False: he blocked us; nothing can be sent until he writes again."""
    consent_state = models.CharField(max_length=10, blank=True)
    """P1: the last ``ConsentRecord.Decision``; empty: never asked."""
    consent_version = models.ForeignKey(
        "openlines.ConsentVersion", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    """Of the text that ``consent_state`` is about."""
    created_at = models.DateTimeField()
    search_text = models.GeneratedField(
        expression=Concat(
            Folded(
                Concat("name", _BLANK, "username", _BLANK, "email", _BLANK, "phone", output_field=TextField())
            ),
            _BLANK,
            Func(F("phone"), Value("[^0-9]"), Value(""), Value("g"), function="regexp_replace"),
            output_field=TextField(),
        ),
        output_field=TextField(),
        db_persist=True,
    )
    """What the client is found by, folded; the database keeps it, whoever writes the row. See `openlines.search`."""

    is_fresh = False
    """True on the instance that inserted the row: nothing else of him can be there yet."""

    class Meta:
        verbose_name = _("client")
        verbose_name_plural = _("clients")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "external_id"], name="client_once_a_connection")
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        return (
            readable(self.name)
            or readable(self.username)
            or str(_("Visitor %(number)s")) % {"number": self.pk}
        )


class ClientAlias(models.Model):
    """Another outside id of a client on the same connection (WhatsApp: phone and business-scoped id)."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+", db_index=False)
    external_id = models.CharField(max_length=200)
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="aliases")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "external_id"], name="alias_once_a_connection")
        ]

    def __str__(self) -> str:
        return self.external_id
