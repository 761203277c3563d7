from __future__ import annotations

from collections.abc import Iterator

import pytest

from openlines.connectors.base import Account
from openlines.connectors.instagram.fake import ACCOUNT, PAGE, FakeInstagram
from openlines.connectors.meta.fake import APP_SECRET, TOKEN
from tests.openlines.connectors.messenger.building import CLIENT
from tests.openlines.connectors.messenger.conftest import file

__all__ = ["file"]

INSTAGRAM_SECRET = "the-secret-of-instagram's-own-log-in"


@pytest.fixture(params=["instagram", "facebook"])
def login(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def meta(login: str) -> Iterator[FakeInstagram]:
    with FakeInstagram(page_id=PAGE if login == "facebook" else "") as fake:
        fake.customer(CLIENT, "Anna Bell", username="anna.b")
        if login == "instagram":
            fake.app_secret = INSTAGRAM_SECRET
        else:
            fake.field_names = frozenset({"messages", "feed"})  # type: ignore[misc]
        yield fake


@pytest.fixture
def account(meta: FakeInstagram, login: str) -> Account:
    return Account(
        connection_id=1,
        kind="instagram",
        credentials={
            "login": login,
            "ig_id": ACCOUNT,
            "page_id": PAGE if login == "facebook" else "",
            "access_token": TOKEN,
            "app_secret": APP_SECRET,
            "instagram_app_secret": INSTAGRAM_SECRET if login == "instagram" else "",
            "verify_token": "a-verify-token",
        },
        base_url=meta.url,
        webhook_url="https://desk.example/hooks/instagram/8f6c/",
    )
