"""Fetching a client's file: two calls, both with the token, and never from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace

import pytest

from openlines.connectors.base import Account, Media, MediaKind, MediaUnavailable
from openlines.connectors.whatsapp.fake import Behaviour, FakeWhatsApp, bad_gateway, refuse, server_error
from tests.openlines.connectors.whatsapp.building import connector

LIMIT = 1000


def fetch(reference: str, account: Account, *, size: int | None = None) -> bytes:
    return connector.fetch(Media(MediaKind.IMAGE, reference, size=size), account, max_bytes=LIMIT)


def test_the_file_is_had(whatsapp: FakeWhatsApp, account: Account) -> None:
    assert fetch(whatsapp.add_media(b"\x00picture"), account) == b"\x00picture"


def test_too_large_a_file_is_left(whatsapp: FakeWhatsApp, account: Account) -> None:
    for reference, size in ((whatsapp.add_media(b"x" * (LIMIT + 1)), None), ("1", LIMIT + 1)):
        with pytest.raises(MediaUnavailable) as caught:
            fetch(reference, account, size=size)
        assert not caught.value.temporary


@pytest.mark.parametrize(
    ("behaviour", "temporary"),
    [
        (server_error(), True),
        (bad_gateway(), True),
        (refuse(4, "slow down"), True),
        (refuse(190, "Invalid token", status=401), True),
        (refuse(131052, "Media download error"), False),
        (Behaviour(200, b'{"messaging_product": "whatsapp"}'), False),
    ],
)
def test_why_it_is_not_had(
    whatsapp: FakeWhatsApp, account: Account, behaviour: Behaviour, temporary: bool
) -> None:
    reference = whatsapp.add_media(b"x")
    whatsapp.plan(reference, behaviour)
    with pytest.raises(MediaUnavailable) as caught:
        fetch(reference, account)
    assert caught.value.temporary is temporary


def test_what_is_gone(whatsapp: FakeWhatsApp, account: Account) -> None:
    for reference in ("404", "../messages", "a/b"):
        with pytest.raises(MediaUnavailable) as caught:
            fetch(reference, account)
        assert not caught.value.temporary
    assert {len(call.pieces) for call in whatsapp.calls if "/" not in call.path.strip("/")} == {1}


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/x",
        "https://evilfbsbx.com/x",
        "http://lookaside.fbsbx.com/x",
        "https://lookaside.fbsbx.com:8443/x",
        "https://lookaside.fbsbx.com@evil.example/x",
        "https://169.254.169.254/x",
        "file:///etc/passwd",
        "https://[",
    ],
)
def test_the_token_goes_to_metas_hosts_alone(whatsapp: FakeWhatsApp, account: Account, address: str) -> None:
    reference = whatsapp.add_media(b"x")
    whatsapp.plan(reference, Behaviour(200, b'{"url": "%s"}' % address.encode()))
    with pytest.raises(MediaUnavailable, match=r"not allowed|not valid|not fetched"):
        fetch(reference, account)


def test_a_damaged_file_is_fetched_again(whatsapp: FakeWhatsApp, account: Account) -> None:
    reference = whatsapp.add_media(b"x")
    url = whatsapp.add_file("broken", b"y")
    whatsapp.plan(reference, Behaviour(200, b'{"url": "%s", "sha256": "%s"}' % (url.encode(), b"0" * 64)))
    with pytest.raises(MediaUnavailable, match="damaged") as caught:
        fetch(reference, account)
    assert caught.value.temporary


def test_the_hash_may_come_in_either_form(whatsapp: FakeWhatsApp, account: Account) -> None:
    reference = whatsapp.add_media(b"x")
    url = whatsapp.add_file("whole", b"y").encode()
    whole = hashlib.sha256(b"y").digest()
    for told in (whole.hex().encode(), base64.b64encode(whole), b"", b"short"):
        whatsapp.plan(reference, Behaviour(200, b'{"url": "%s", "sha256": "%s"}' % (url, told)))
        assert fetch(reference, account) == b"y"
    damaged = base64.b64encode(bytes(32))
    whatsapp.plan(reference, Behaviour(200, b'{"url": "%s", "sha256": "%s"}' % (url, damaged)))
    with pytest.raises(MediaUnavailable, match="damaged"):
        fetch(reference, account)


def test_the_file_itself_wants_the_token(whatsapp: FakeWhatsApp, account: Account) -> None:
    reference = whatsapp.add_media(b"x")
    url = whatsapp.add_file("secret", b"y")
    whatsapp.plan(reference, Behaviour(200, b'{"url": "%s"}' % url.encode()))
    assert fetch(reference, account) == b"y"
    wrong = replace(account, credentials={**account.credentials, "token": "EAAG-other"})
    whatsapp.plan(reference, Behaviour(200, b'{"url": "%s"}' % url.encode()))
    with pytest.raises(MediaUnavailable, match="401"):
        fetch(reference, wrong)
