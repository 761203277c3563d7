"""Files to send, for the tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from openlines.connectors.base import MediaKind, OutgoingFile

PNG = b"\x89PNG\r\n\x1a\n\r\n--not a boundary\r\n"

MakeFile = Callable[..., OutgoingFile]


@pytest.fixture
def file(tmp_path: Path) -> MakeFile:
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


def picture(file: MakeFile, name: str = "photo.png") -> OutgoingFile:
    return file(name)


def film(file: MakeFile) -> OutgoingFile:
    return file("film.mp4", b"mp4", "video/mp4", MediaKind.VIDEO)


def document(file: MakeFile, name: str = "plan.pdf") -> OutgoingFile:
    return file(name, b"%PDF", "application/pdf", MediaKind.FILE)


def song(file: MakeFile) -> OutgoingFile:
    return file("song.mp3", b"ID3", "audio/mpeg", MediaKind.AUDIO)


def voice(file: MakeFile) -> OutgoingFile:
    return file("voice.ogg", b"Ogg", "audio/ogg", MediaKind.VOICE)
