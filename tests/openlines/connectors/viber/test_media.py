from __future__ import annotations

from dataclasses import replace

import pytest

from openlines.connectors.base import Account, Media, MediaKind, MediaUnavailable
from openlines.connectors.loopback import Behaviour, Reply, bad_gateway, too_many
from openlines.connectors.viber.fake import FakeViber
from openlines.connectors.viber.media import _allowed
from tests.openlines.connectors.viber.building import NOBODY, connector

CONTENT = bytes(range(256)) * 40
MB = 1024 * 1024


@pytest.fixture
def media(viber: FakeViber) -> Media:
    viber.files["a.bin"] = CONTENT
    return Media(MediaKind.FILE, f"{viber.url}/media/a.bin", size=len(CONTENT))


def test_a_file_is_fetched_as_it_was_sent(account: Account, media: Media) -> None:
    assert connector.fetch(media, account, max_bytes=MB) == CONTENT


def test_what_is_too_large_is_given_up(viber: FakeViber, account: Account, media: Media) -> None:
    with pytest.raises(MediaUnavailable, match="MB"):
        connector.fetch(media, account, max_bytes=100)
    assert viber.calls == []
    with pytest.raises(MediaUnavailable, match="larger"):
        connector.fetch(replace(media, size=None), account, max_bytes=100)


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest",
        "https://dl-media.viber.com.evil.example/x",
        "https://evilviber.com/x",
        "file:///etc/passwd",
        "https://[",
        "",
        "https://user@evil.example/.viber.com",
        "https://dl-media.viber.com@evil.example/x",
        "http://dl-media.viber.com/x",
        "https://dl-media.viber.com:8443/x",
        "https://dl-media.viber.com:99999/x",
    ],
)
def test_only_viber_s_own_hosts_are_asked(url: str) -> None:
    with pytest.raises(MediaUnavailable):
        connector.fetch(Media(MediaKind.FILE, url), NOBODY, max_bytes=MB)


def test_viber_s_hosts_are_allowed() -> None:
    for host in ("dl-media.viber.com", "media-direct.cdn.viber.com"):
        assert _allowed(f"https://{host}/x?y", NOBODY) == (host,)


@pytest.mark.parametrize(
    ("behaviour", "temporary"),
    [
        (Behaviour(Reply(404)), False),
        (Behaviour(Reply(403)), False),
        (Behaviour(Reply(302, headers={"Location": "http://127.0.0.1:1/x"})), False),
        (too_many(3), True),
        (bad_gateway(), True),
        (Behaviour(hangs_up=True), True),
    ],
)
def test_troubles_say_whether_to_come_again(
    viber: FakeViber, account: Account, media: Media, behaviour: Behaviour, temporary: bool
) -> None:
    viber.plan("media", behaviour)
    with pytest.raises(MediaUnavailable) as caught:
        connector.fetch(media, account, max_bytes=MB)
    assert caught.value.temporary is temporary
    assert str(caught.value)
