from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from openlines.connectors.base import Account, MediaKind, OutgoingFile
from openlines.connectors.whatsapp.fake import FakeWhatsApp
from tests.openlines.connectors.whatsapp.building import HERE, PHONE

PNG = b"\x89PNG\r\n\x1a\n\r\n--not a boundary\r\n"


@pytest.fixture
def whatsapp() -> Iterator[FakeWhatsApp]:
    with FakeWhatsApp() as fake:
        fake.customer(PHONE, "Anna Bell")
        yield fake


@pytest.fixture
def account(whatsapp: FakeWhatsApp) -> Account:
    return replace(HERE, base_url=whatsapp.url)


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., OutgoingFile]:
    def make(
        name: str = "żółw.png",
        content: bytes = PNG,
        mime: str = "image/png",
        kind: MediaKind = MediaKind.IMAGE,
    ) -> OutgoingFile:
        path = tmp_path / str(len(list(tmp_path.iterdir())))
        path.write_bytes(content)
        return OutgoingFile(str(path), name, mime, kind)

    return make
