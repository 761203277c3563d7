from __future__ import annotations

from collections.abc import Iterator

import pytest

from openlines.connectors.base import Account
from openlines.connectors.sms.fake import ACCOUNT, NUMBER, TOKEN, FakeTwilio
from tests.openlines.connectors.sms.building import HOOK


@pytest.fixture
def twilio() -> Iterator[FakeTwilio]:
    with FakeTwilio() as fake:
        yield fake


@pytest.fixture
def account(twilio: FakeTwilio) -> Account:
    return Account(
        connection_id=1,
        kind="sms",
        credentials={"account_sid": ACCOUNT, "auth_token": TOKEN, "sender": NUMBER},
        base_url=twilio.url,
        webhook_url=HOOK,
    )
