"""A Facebook Messenger on loopback: one page, its app and its customers."""

from __future__ import annotations

from typing import Any

from openlines.connectors.messenger.webhook import FIELDS, NEWER_FIELDS
from openlines.connectors.meta.messaging_fake import FakeMessaging

PAGE = "104001002003004"


class FakeMessenger(FakeMessaging):
    subject = "page"
    text_limit = 2000
    measure = len
    takes_uploads = True
    window_refusal = (400, 2018278)
    field_names = frozenset({*FIELDS, *NEWER_FIELDS, "feed", "messaging_handovers"})

    def __init__(self, page_id: str = PAGE, *, name: str = "Demo page", **more: Any) -> None:
        super().__init__(page_id, name=name, **more)
