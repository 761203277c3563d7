"""What the fakes of Meta's channels share: a Graph API on loopback and its signed webhooks. Standard library only."""

from openlines.connectors.meta.fake.behaviour import (
    Behaviour,
    bad_gateway,
    dies,
    garbage,
    refuse,
    server_error,
    slow,
    too_many,
)
from openlines.connectors.meta.fake.server import APP_ID, APP_SECRET, TOKEN, FakeGraph
from openlines.connectors.meta.fake.world import Call, Refusal, Upload

__all__ = [
    "APP_ID",
    "APP_SECRET",
    "TOKEN",
    "Behaviour",
    "Call",
    "FakeGraph",
    "Refusal",
    "Upload",
    "bad_gateway",
    "dies",
    "garbage",
    "refuse",
    "server_error",
    "slow",
    "too_many",
]
