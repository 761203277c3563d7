from __future__ import annotations

import pytest

from openlines.connectors.base import Account
from openlines.connectors.telegram.fake import FakeTelegram
from openlines.connectors.telegram.fake.server import TOKEN
from tests.fakes.telegram import receiver, telegram

__all__ = ["receiver", "telegram"]


@pytest.fixture
def account(telegram: FakeTelegram) -> Account:
    return Account(
        connection_id=1,
        kind="telegram",
        credentials={"token": TOKEN, "secret_token": "a-secret_42"},
        base_url=telegram.url,
        webhook_url="http://127.0.0.1:9/nobody-listens",
    )
