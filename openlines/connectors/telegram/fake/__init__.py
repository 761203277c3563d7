"""A Telegram on loopback: the Bot API with its checks, its webhooks with their retries, and the customers.

For tests (``with FakeTelegram() as telegram: …``) and, as ``python -m openlines.connectors.telegram.fake``,
for the demo: its page at ``/`` shows each customer's chat and lets one write as the customer. Standard
library only.
"""

from openlines.connectors.telegram.fake.behaviour import (
    Behaviour,
    bad_gateway,
    dies,
    garbage,
    moved,
    refuse,
    server_error,
    slow,
    too_many,
)
from openlines.connectors.telegram.fake.server import FakeTelegram

__all__ = [
    "Behaviour",
    "FakeTelegram",
    "bad_gateway",
    "dies",
    "garbage",
    "moved",
    "refuse",
    "server_error",
    "slow",
    "too_many",
]
