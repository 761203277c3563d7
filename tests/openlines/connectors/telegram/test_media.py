from __future__ import annotations

from dataclasses import replace

import pytest

from openlines.connectors.base import Account, Media, MediaKind, MediaUnavailable
from openlines.connectors.telegram.fake import Behaviour, FakeTelegram, bad_gateway, refuse, too_many
from tests.openlines.connectors.telegram.building import connector

CONTENT = bytes(range(256)) * 40
MB = 1024 * 1024


@pytest.fixture
def media(telegram: FakeTelegram) -> Media:
    message = telegram.send_file(456, CONTENT, name="ż ó.bin", mime="application/zip", kind="document")
    return Media(MediaKind.FILE, message["document"]["file_id"], size=len(CONTENT))


def test_a_file_is_fetched_as_it_was_sent(account: Account, media: Media) -> None:
    assert connector.fetch(media, account, max_bytes=MB) == CONTENT


def test_what_is_too_large_is_not_asked_for(telegram: FakeTelegram, account: Account, media: Media) -> None:
    for told, limit in ((media, 100), (replace(media, size=21 * MB), 100 * MB)):
        with pytest.raises(MediaUnavailable, match="MB"):
            connector.fetch(told, account, max_bytes=limit)
    assert telegram.called("getFile") == []
    with pytest.raises(MediaUnavailable, match="MB"):
        connector.fetch(replace(media, size=None), account, max_bytes=100)


def test_a_file_that_grew_is_given_up(telegram: FakeTelegram, account: Account, media: Media) -> None:
    told = b'{"ok":true,"result":{"file_id":"x","file_path":"documents/file_0.bin"}}'
    telegram.plan("getFile", Behaviour(200, told))
    with pytest.raises(MediaUnavailable):
        connector.fetch(replace(media, size=None), account, max_bytes=100)


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../x", "a/../../x", "http://127.0.0.1/x", "", "//evil.example/x"]
)
def test_only_paths_on_the_same_host_are_read(
    telegram: FakeTelegram, account: Account, media: Media, path: str
) -> None:
    told = b'{"ok":true,"result":{"file_path":"' + path.encode() + b'"}}'
    telegram.plan("getFile", Behaviour(200, told))
    with pytest.raises(MediaUnavailable, match="hand out"):
        connector.fetch(media, account, max_bytes=MB)


@pytest.mark.parametrize(
    ("behaviour", "temporary"),
    [
        (refuse(400, "Bad Request: wrong file_id or the file is temporarily unavailable"), False),
        (refuse(400, "Bad Request: file is too big"), False),
        (refuse(401, "Unauthorized"), False),
        (too_many(3), True),
        (bad_gateway(), True),
        (Behaviour(hangs_up=True), True),
    ],
)
def test_troubles_say_whether_to_come_again(
    telegram: FakeTelegram, account: Account, media: Media, behaviour: Behaviour, temporary: bool
) -> None:
    telegram.plan("getFile", behaviour)
    with pytest.raises(MediaUnavailable) as caught:
        connector.fetch(media, account, max_bytes=MB)
    assert caught.value.temporary is temporary
    assert str(caught.value)


def test_a_file_that_is_gone_from_its_path(telegram: FakeTelegram, account: Account, media: Media) -> None:
    telegram.plan("getFile", Behaviour(200, b'{"ok":true,"result":{"file_path":"documents/none"}}'))
    with pytest.raises(MediaUnavailable) as caught:
        connector.fetch(media, account, max_bytes=MB)
    assert not caught.value.temporary
    assert account.credentials["token"] not in str(caught.value)
