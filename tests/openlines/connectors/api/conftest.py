from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from openlines.connectors.api.fake import SECRET, FakeCustomer
from openlines.connectors.base import Account


@pytest.fixture
def customer(settings: Settings) -> Iterator[FakeCustomer]:
    settings.PRIVATE_ADDRESSES = ["127.0.0.0/8"]
    with FakeCustomer() as fake:
        yield fake


@pytest.fixture
def account(customer: FakeCustomer) -> Account:
    return Account(
        connection_id=1,
        kind="api",
        credentials={"url": f"{customer.url}/helpdesk", "secret": SECRET, "api_key": "cck_x"},
    )
