from __future__ import annotations

from collections.abc import Iterator

import pytest

from openlines.connectors.base import Account
from openlines.connectors.viber.fake import TOKEN, FakeViber


@pytest.fixture
def viber() -> Iterator[FakeViber]:
    with FakeViber() as fake:
        yield fake


@pytest.fixture
def account(viber: FakeViber) -> Account:
    return Account(
        connection_id=1, kind="viber", credentials={"token": TOKEN, "name": "Shop"}, base_url=viber.url
    )
