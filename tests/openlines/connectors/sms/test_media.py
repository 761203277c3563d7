from __future__ import annotations

import json
from dataclasses import replace

import pytest

from openlines.connectors.base import Account, Media, MediaKind, MediaUnavailable
from openlines.connectors.loopback import Behaviour, Reply, bad_gateway, too_many
from openlines.connectors.sms.fake import FakeTwilio
from openlines.connectors.sms.media import _stores
from tests.openlines.connectors.sms.building import NOBODY, PHONE, connector

CONTENT = bytes(range(256)) * 40
MB = 1024 * 1024


@pytest.fixture
def media(twilio: FakeTwilio) -> Media:
    sid = twilio.write(PHONE, "Look", files={"image/png": CONTENT})
    name = f"ME{sid}0"
    return Media(
        MediaKind.IMAGE, f"{twilio.url}/2010-04-01/Accounts/{twilio.account}/Messages/{sid}/Media/{name}"
    )


def test_a_file_is_fetched_with_our_credentials(twilio: FakeTwilio, account: Account, media: Media) -> None:
    assert connector.fetch(media, account, max_bytes=MB) == CONTENT
    stranger = replace(account, credentials={**account.credentials, "auth_token": "wrong"})
    with pytest.raises(MediaUnavailable) as caught:
        connector.fetch(media, stranger, max_bytes=MB)
    assert not caught.value.temporary


def test_on_another_host_they_are_left_out(account: Account, media: Media, twilio: FakeTwilio) -> None:
    with FakeTwilio() as store:
        store.files = twilio.files
        twilio.store = store.url
        assert connector.fetch(media, account, max_bytes=MB) == CONTENT
        (call,) = store.called("store")
        assert "authorization" not in call.headers
        with pytest.raises(MediaUnavailable, match="larger"):
            connector.fetch(media, account, max_bytes=100)


def test_only_twilio_s_stores_are_followed_to() -> None:
    for allowed in (
        "https://mms.twiliocdn.com/x",
        "https://media.twiliocdn.com/x",
        "https://s3-external-1.amazonaws.com/media.twiliocdn.com/x",
    ):
        assert _stores(allowed, NOBODY)
    for refused in ("http://media.twiliocdn.com/x", "https://evil.example/x", "https://eviltwiliocdn.com/"):
        assert _stores(refused, NOBODY) == ()


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/",
        "https://api.twilio.com.evil.example/",
        "https://api.twilio.com@evil.example/",
        "http://api.twilio.com/2010-04-01/x",
        "https://api.twilio.com:8443/2010-04-01/x",
        "https://api.twilio.com:99999/",
        "file:///etc/passwd",
        "https://[",
        "",
    ],
)
def test_credentials_go_nowhere_else(url: str) -> None:
    with pytest.raises(MediaUnavailable):
        connector.fetch(Media(MediaKind.FILE, url), NOBODY, max_bytes=MB)


@pytest.mark.parametrize(
    ("behaviour", "temporary"),
    [
        (Behaviour(Reply(404)), True),
        (Behaviour(Reply(410)), False),
        (Behaviour(Reply(302, headers={"Location": "http://evil.example/x"})), False),
        (too_many(3), True),
        (bad_gateway(), True),
        (Behaviour(hangs_up=True), True),
    ],
)
def test_troubles_say_whether_to_come_again(
    twilio: FakeTwilio, account: Account, media: Media, behaviour: Behaviour, temporary: bool
) -> None:
    twilio.plan("media", behaviour)
    with pytest.raises(MediaUnavailable) as caught:
        connector.fetch(media, account, max_bytes=MB)
    assert caught.value.temporary is temporary
    assert json.dumps(str(caught.value))
    assert account.credentials["auth_token"] not in str(caught.value)
