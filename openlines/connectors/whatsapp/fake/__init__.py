"""A WhatsApp on loopback: the Cloud API with its checks, signed deliveries, and the customers. Standard library only."""

from openlines.connectors.meta.fake import (
    APP_ID,
    APP_SECRET,
    TOKEN,
    Behaviour,
    bad_gateway,
    dies,
    garbage,
    refuse,
    server_error,
    slow,
    too_many,
)
from openlines.connectors.whatsapp.fake.server import BUSINESS, NUMBER, FakeWhatsApp

__all__ = [
    "APP_ID",
    "APP_SECRET",
    "BUSINESS",
    "NUMBER",
    "TOKEN",
    "Behaviour",
    "FakeWhatsApp",
    "bad_gateway",
    "dies",
    "garbage",
    "refuse",
    "server_error",
    "slow",
    "too_many",
]
