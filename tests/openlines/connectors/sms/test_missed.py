"""What Twilio's list still knows when its deliveries were lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from openlines.connectors.base import (
    Account,
    CredentialsRefused,
    MediaUnavailable,
    MessageKind,
    MessageReceived,
    RawRequest,
)
from openlines.connectors.loopback import bad_gateway, garbage
from openlines.connectors.sms.fake import NUMBER, FakeTwilio, Number, refuse
from tests.openlines.connectors.sms.building import PHONE, connector

SINCE = datetime.now(UTC) - timedelta(hours=1)


def one(request: RawRequest, account: Account) -> MessageReceived:
    (item,) = connector.parse(request, account)
    assert isinstance(item, MessageReceived)
    return item


def test_each_is_the_delivery_that_was_lost(twilio: FakeTwilio, account: Account) -> None:
    sids = [twilio.write(PHONE, f"{number} ż & 😀", lost=True) for number in range(7)]
    twilio.page_size = 3
    found = connector.missed(account, SINCE)
    assert len(twilio.called("list")) == 3
    assert sorted(connector.key(request) for request in found) == sorted(f"message:{sid}" for sid in sids)
    assert [one(request, account).text for request in found] == [f"{number} ż & 😀" for number in range(7)]
    assert all(one(request, account).sender.external_id == PHONE for request in found)


def test_oldest_first_with_their_own_times_and_nothing_older(twilio: FakeTwilio, account: Account) -> None:
    for number in range(4):
        twilio.write(PHONE, str(number), lost=True)
    now = datetime.now(UTC).replace(microsecond=0)
    for minutes, message in zip((5, 50, 20, 70), twilio.messages, strict=True):
        message["date_sent"] = format_datetime(now - timedelta(minutes=minutes))
    found = [one(request, account) for request in connector.missed(account, now - timedelta(hours=1))]
    assert [(item.text, item.at) for item in found] == [
        ("1", now - timedelta(minutes=50)),
        ("2", now - timedelta(minutes=20)),
        ("0", now - timedelta(minutes=5)),
    ]


def test_ours_and_other_numbers_are_left_out(twilio: FakeTwilio, account: Account) -> None:
    twilio.numbers["+15005550007"] = Number("PN7")
    twilio.write(PHONE, "to another", to="+15005550007", lost=True)
    twilio.write(PHONE, "to us", lost=True)
    twilio.messages.append({**twilio.messages[-1], "direction": "outbound-api", "sid": "SMours"})
    twilio.messages.append({**twilio.messages[-2], "date_sent": "nonsense", "date_created": "", "sid": "SMx"})
    twilio.messages[-1]["date_sent"] = None
    assert [one(request, account).text for request in connector.missed(account, SINCE)] == ["to us"]


def test_a_messaging_service_has_its_own(twilio: FakeTwilio, account: Account) -> None:
    service = "MG" + "1" * 32
    twilio.services[service] = Number(service)
    twilio.write(PHONE, "to the number", lost=True)
    twilio.write(PHONE, "to the service", to="+15005550999", lost=True)
    by_service = replace(account, credentials={**account.credentials, "sender": service})
    assert [one(request, account).text for request in connector.missed(by_service, SINCE)] == [
        "to the service"
    ]


def test_files_come_along(twilio: FakeTwilio, account: Account) -> None:
    twilio.write(PHONE, "Look", files={"image/png": b"png", "text/vcard": b"card"}, lost=True)
    (request,) = connector.missed(account, SINCE)
    item = one(request, account)
    assert (item.kind, [media.mime for media in item.media]) == (
        MessageKind.MEDIA,
        ["image/png", "text/vcard"],
    )
    assert connector.fetch(item.media[0], account, max_bytes=100) == b"png"


def test_troubles_are_told(twilio: FakeTwilio, account: Account) -> None:
    for trouble in (bad_gateway(), garbage(), refuse(20500, status=500)):
        twilio.plan("list", trouble)
        with pytest.raises(MediaUnavailable) as caught:
            connector.missed(account, SINCE)
        assert caught.value.temporary
    twilio.plan("list", refuse(20003, status=401))
    with pytest.raises(CredentialsRefused):
        connector.missed(account, SINCE)
    with pytest.raises(CredentialsRefused):
        connector.missed(replace(account, credentials={"sender": NUMBER}), SINCE)
    with pytest.raises(MediaUnavailable):
        connector.missed(replace(account, base_url="http://127.0.0.1:9"), SINCE)
