"""A picture is what its bytes say, whatever the telephone declares."""

from __future__ import annotations

import pytest

from openlines.policies.file_types import picture_type

HEIC = b"\0\0\0\x24ftypheic\0\0\0\0mif1heic"
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF"


@pytest.mark.parametrize(
    ("declared", "head", "wanted"),
    [
        ("image/jpeg", HEIC, "image/heic"),
        ("image/png", b"\0\0\0\x18ftypmif1\0\0\0\0mif1heix", "image/heic"),
        ("image/jpeg", b"\0\0\0\x18ftypavif\0\0\0\0avifmif1", "image/avif"),
        ("image/jpeg", b"II*\0\x08\0", "image/tiff"),
        ("image/heic", JPEG, "image/jpeg"),
        ("image/jpg", JPEG, "image/jpg"),
        ("image/jpeg", b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        ("image/jpeg", b"", "image/jpeg"),
        ("image/jpeg", b"<html>", "image/jpeg"),
        ("application/pdf", JPEG, "application/pdf"),
        ("video/mp4", b"\0\0\0\x18ftypisom\0\0\0\0isommp42", "video/mp4"),
    ],
)
def test_bytes_decide(declared: str, head: bytes, wanted: str) -> None:
    assert picture_type(declared, head) == wanted
