"""The channel kinds this installation knows. Adding one: a folder here, a line in ``_CONNECTORS``."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from openlines.connectors.base import Connector

_CONNECTORS = {
    "telegram": "openlines.connectors.telegram.connector.TelegramConnector",
    "whatsapp": "openlines.connectors.whatsapp.connector.WhatsAppConnector",
    "messenger": "openlines.connectors.messenger.connector.MessengerConnector",
    "instagram": "openlines.connectors.instagram.connector.InstagramConnector",
    "viber": "openlines.connectors.viber.connector.ViberConnector",
    "email": "openlines.connectors.email.connector.EmailConnector",
    "sms": "openlines.connectors.sms.connector.SmsConnector",
    "api": "openlines.connectors.api.connector.ApiConnector",
}


@cache
def get(kind: str) -> Connector:
    """The connector of ``kind``; KeyError for a kind that has none (live chat needs none: it writes messages itself)."""
    module, _, name = _CONNECTORS[kind].rpartition(".")
    connector: Connector = getattr(import_module(module), name)()
    return connector


def has(kind: str) -> bool:
    return kind in _CONNECTORS


def kinds() -> tuple[str, ...]:
    return tuple(_CONNECTORS)
