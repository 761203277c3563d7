from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from openlines.connectors.base import Account, MediaKind, OutgoingFile
from openlines.connectors.messenger.fake import PAGE, FakeMessenger
from openlines.connectors.meta.fake import APP_ID, APP_SECRET, TOKEN
from tests.openlines.connectors.messenger.building import CLIENT

PNG = b"\x89PNG\r\n\x1a\n\r\n--not a boundary\r\n"


@pytest.fixture
def meta() -> Iterator[FakeMessenger]:
    with FakeMessenger() as fake:
        fake.customer(CLIENT, "Anna Bell")
        yield fake


@pytest.fixture
def account(meta: FakeMessenger) -> Account:
    return Account(
        connection_id=1,
        kind="messenger",
        credentials={
            "page_id": PAGE,
            "access_token": TOKEN,
            "app_id": APP_ID,
            "app_secret": APP_SECRET,
            "verify_token": "a-verify-token",
        },
        base_url=meta.url,
    )


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., OutgoingFile]:
    def make(
        name: str = "żółw.png",
        content: bytes = PNG,
        mime: str = "image/png",
        kind: MediaKind = MediaKind.IMAGE,
        url: str = "",
    ) -> OutgoingFile:
        path = tmp_path / str(len(list(tmp_path.iterdir())))
        path.write_bytes(content)
        return OutgoingFile(str(path), name, mime, kind, url)

    return make
