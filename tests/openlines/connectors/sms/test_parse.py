from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from openlines.connectors.base import (
    DeliveryStatus,
    MediaKind,
    MessageKind,
    MessageReceived,
    NotSupported,
    ReachabilityChanged,
    StatusChanged,
    Unreadable,
)
from tests.openlines.connectors.sms.building import (
    NOBODY,
    NOW,
    PAYLOADS,
    PHONE,
    connector,
    message,
    needs_payloads,
    parse,
    payload,
    received,
    request,
)

STATUSES = {
    "chatwoot_status_params_2": DeliveryStatus.READ,
    "chatwoot_status_params_4": DeliveryStatus.FAILED,
    "chatwoot_status_params_5": DeliveryStatus.FAILED,
    "chatwoot_status_params_6": DeliveryStatus.FAILED,
}


@needs_payloads
def test_each_real_form_gives_exactly_one_event() -> None:
    files = [path for path in PAYLOADS.glob("*.json") if not path.stem.startswith("signature")]
    assert len(files) >= 20
    for path in files:
        told = json.loads(path.read_text())["params"]
        (item,) = parse(told)
        if path.stem in STATUSES:
            assert isinstance(item, StatusChanged)
            assert item.status is STATUSES[path.stem]
            assert bool(item.reason) is (item.status is DeliveryStatus.FAILED)
        else:
            assert isinstance(item, MessageReceived), path.stem
            assert (item.sender.external_id, item.text) == (told["From"], told.get("Body", ""))
            assert item.external_id == told["SmsSid"]
            assert connector.key(request(told)) == f"message:{told['SmsSid']}"


@needs_payloads
def test_what_the_real_forms_hold() -> None:
    (files,) = parse(payload("chatwoot_in_let_params_with_multiple_attachments"))
    assert isinstance(files, MessageReceived)
    assert [(one.kind, one.mime, one.reference) for one in files.media] == [
        (MediaKind.IMAGE, "image/png", "https://chatwoot-assets.local/sample.png"),
        (MediaKind.IMAGE, "image/jpeg", "https://chatwoot-assets.local/sample.jpg"),
    ]
    (advert,) = parse(payload("chatwoot_in_params_23"))
    assert isinstance(advert, MessageReceived)
    assert advert.data["referral"]["headline"] == "German citizenship lawyer"
    assert advert.sender.phone == "+491741763110"
    (named,) = parse(payload("chatwoot_in_params_17"))
    assert isinstance(named, MessageReceived)
    assert (named.sender.name, named.sender.username, named.sender.phone) == ("Muhsin", "muhsin", "")


def test_a_text() -> None:
    item = received("Zażółć\r\n<b>&amp;+%20 😀")
    assert (item.kind, item.text, item.external_id) == (MessageKind.TEXT, "Zażółć\r\n<b>&amp;+%20 😀", "SM1")
    assert (item.sender.external_id, item.sender.phone, item.at) == (PHONE, PHONE, NOW)
    assert connector.key(request(message())) == "message:SM1"


def test_the_last_of_repeated_fields_counts_and_unknown_ones_do_no_harm() -> None:
    (item,) = parse(b"MessageSid=SM1&From=%2B48600&Body=a&Body=b&NewOfNextYear=1&NewOfNextYear=2&X")
    assert isinstance(item, MessageReceived)
    assert item.text == "b"


def test_who_writes_by_whatsapp_has_his_channel_in_his_id() -> None:
    by_phone = received(From="whatsapp:+491741763110", ExternalUserId="DE.1", ProfileName="Eva").sender
    assert (by_phone.external_id, by_phone.phone, by_phone.name) == (
        "whatsapp:+491741763110",
        "+491741763110",
        "Eva",
    )
    assert by_phone.aliases == ("whatsapp:DE.1",)
    by_id = received(From="whatsapp:DE.1", ExternalUserId="DE.1").sender
    assert (by_id.external_id, by_id.phone, by_id.aliases) == ("whatsapp:DE.1", "", ())


def test_places_buttons_and_quotes() -> None:
    place = received(
        "", From="whatsapp:+48600", Latitude="52.2", Longitude="21.0", Label="Office", Address="A 1"
    )
    assert (place.kind, dict(place.data)) == (
        MessageKind.LOCATION,
        {"latitude": 52.2, "longitude": 21.0, "name": "Office", "address": "A 1"},
    )
    button = received("Yes", ButtonText="Yes!", ButtonPayload="rate:1", OriginalRepliedMessageSid="SM9")
    assert (button.kind, button.text, button.data["payload"]) == (MessageKind.BUTTON, "Yes!", "rate:1")
    assert button.reply_to == "SM9"
    assert received("Here", Latitude="nan", Longitude="1").kind is MessageKind.TEXT


def test_files_and_their_layout() -> None:
    item = received(
        "Look",
        NumMedia="3",
        MediaUrl0="https://api.twilio.com/0",
        MediaContentType0="application/smil",
        MediaUrl1="https://api.twilio.com/1",
        MediaContentType1="audio/amr; x=y",
        MediaUrl2="https://api.twilio.com/2",
        MediaContentType2="text/x-vcard",
        MediaUrl3="https://api.twilio.com/3",
    )
    assert item.kind is MessageKind.MEDIA
    assert [(one.kind, one.mime) for one in item.media] == [
        (MediaKind.AUDIO, "audio/amr"),
        (MediaKind.FILE, "text/x-vcard"),
    ]


def test_an_empty_message_is_shown_as_one() -> None:
    assert received("").kind is MessageKind.UNSUPPORTED
    assert received(" ", MessageType="unsupported").data["type"] == "unsupported"


@pytest.mark.parametrize(
    ("packed", "text"),
    [
        # Both were seen in the wild; the first was cut within a letter.
        (
            "QmFubm9uIEV4cGxhaW5zIFRoZSBXb3JsZCAuLi4K4oCcVGhlIENhbXAgb2YgdGhlIFNhaW50c+KA\r",
            "Bannon Explains The World ...\n“The Camp of the Saints",
        ),
        (
            "dGhlIHN3ZWF0LCB0aGUgdGVhcnMgYW5kIHRoZSBzYWNyaWZpY2Ugb2Ygd29ya2luZyBBbWVyaWNh\r",
            "the sweat, the tears and the sacrifice of working America",
        ),
        (base64.b64encode(("Zażółć gęślą jaźń 😀. " * 9).encode()).decode(), "Zażółć gęślą jaźń 😀. " * 9),
    ],
)
def test_a_long_message_that_came_as_base64_is_read(packed: str, text: str) -> None:
    assert received(packed, NumSegments="3").text == text


@pytest.mark.parametrize(
    "text",
    [
        "a" * 60,
        "ha" * 60,
        "1" * 120,
        "dGhlIHN3ZWF0",
        "Please vote NO on the confirmation of Gorsuch. Please vote NO.",
        base64.b64encode(bytes(range(200))).decode(),
        "https://example.com/" + "a" * 44,
    ],
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert received(text).text == text


@pytest.mark.parametrize(
    ("fields", "reachable"),
    [
        ({"Body": "STOP"}, False),
        ({"Body": " Unsubscribe "}, False),
        ({"Body": "start"}, True),
        ({"Body": "Wypisz", "OptOutType": "STOP"}, False),
        ({"Body": "Zapisz", "OptOutType": "START"}, True),
        ({"Body": "HELP", "OptOutType": "HELP"}, None),
        ({"Body": "Stop", "OptOutType": "HELP"}, None),
        ({"Body": "Stop please"}, None),
        ({"Body": "yes"}, None),
        ({"Body": ""}, None),
    ],
)
def test_opting_out_and_in_is_shown_and_kept(fields: dict[str, str], reachable: bool | None) -> None:
    first, *others = parse(message(**fields))
    assert isinstance(first, MessageReceived)
    assert first.text == fields["Body"]
    assert first.is_automatic is (reachable is False)
    if reachable is None:
        assert others == []
    else:
        (change,) = others
        assert isinstance(change, ReachabilityChanged)
        assert (change.reachable, change.sender.external_id) == (reachable, PHONE)


@pytest.mark.parametrize(
    ("status", "found"),
    [
        ("sent", DeliveryStatus.SENT),
        ("Delivered", DeliveryStatus.DELIVERED),
        ("read", DeliveryStatus.READ),
        ("undelivered", DeliveryStatus.FAILED),
        ("failed", DeliveryStatus.FAILED),
        ("canceled", DeliveryStatus.FAILED),
    ],
)
def test_statuses(status: str, found: DeliveryStatus) -> None:
    told = {"MessageSid": "SM2", "MessageStatus": status, "SmsStatus": status, "To": PHONE}
    (item,) = parse(told, query={"uuid": "7b0e6c1a-5a2f-4c0c-9a55-0c8f6a3c7b11"})
    assert isinstance(item, StatusChanged)
    assert (item.external_id, item.status) == ("SM2", found)
    assert item.uuid == "7b0e6c1a-5a2f-4c0c-9a55-0c8f6a3c7b11"
    assert bool(item.reason) is (found is DeliveryStatus.FAILED)
    assert connector.key(request(told)) == f"status:SM2:{status.lower()}"


@pytest.mark.parametrize("status", ["queued", "sending", "accepted", "scheduled", "of next year"])
def test_what_says_nothing_yet_is_left_alone(status: str) -> None:
    (item,) = parse({"MessageSid": "SM2", "MessageStatus": status})
    assert isinstance(item, NotSupported)


@pytest.mark.parametrize(
    ("code", "said", "unreachable"),
    [
        ("30002", "suspended", False),
        ("30003", "switched off", False),
        ("30004", "blocks", True),
        ("30005", "unknown or a landline", True),
        ("30006", "unknown or a landline", True),
        ("30007", "spam", False),
        ("30008", "did not say why", False),
        ("21610", "opted out", True),
        ("30001", "too busy", False),
        ("39999", "Something new", False),
        ("", "Something new", False),
        ("x", "Something new", False),
    ],
)
def test_a_failure_says_why_and_what_to_do(code: str, said: str, unreachable: bool) -> None:
    told = {"MessageSid": "SM2", "MessageStatus": "undelivered", "ErrorMessage": "Something new."}
    (item,) = parse({**told, "ErrorCode": code})
    assert isinstance(item, StatusChanged)
    assert said in item.reason
    assert item.reason.endswith(".")
    assert item.unreachable is unreachable
    (bare,) = parse({"MessageSid": "SM2", "MessageStatus": "undelivered"})
    assert isinstance(bare, StatusChanged)
    assert "again" in bare.reason


def test_the_time_of_what_was_missed() -> None:
    item = received(DateSent="Sun, 22 Nov 2026 11:00:00 +0000")
    assert item.at == datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
    assert received(DateSent="Sun, 22 Nov 2026 11:00:00 -0000").at == item.at
    for absurd in ("yesterday", "", "Sun, 22 Nov 1826 11:00:00 +0000", "Sun, 22 Nov 2926 11:00:00 +0000"):
        assert received(DateSent=absurd).at == NOW


def test_a_call_is_no_message() -> None:
    (item,) = parse({"CallSid": "CA1", "From": PHONE, "AccountSid": "AC"})
    assert isinstance(item, NotSupported)


def test_json_is_read_by_its_content_type() -> None:
    body = json.dumps({"MessageSid": "SM5", "From": PHONE, "Body": "Hi", "NumMedia": 0, "x": [1]}).encode()
    (item,) = connector.parse(request(body, content_type="application/json"), NOBODY)
    assert isinstance(item, MessageReceived)
    assert item.text == "Hi"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"&&",
        b"{}",
        b"From=%2B48600&Body=x",
        b"MessageSid=SM1&Body=x",
        b"MessageSid=a%20b&From=%2B48600",
        b"&".join(b"a%d=1" % number for number in range(1001)),
    ],
)
def test_what_is_no_delivery_is_unreadable(body: Any) -> None:
    with pytest.raises(Unreadable):
        parse(body)
    assert connector.key(request(body))


@pytest.mark.parametrize("told", ["US.1234", "whatsapp:US.1234"])
def test_a_business_id_is_an_alias_in_the_channels_own_form(told: str) -> None:
    both = received(From="whatsapp:+14133881111", ExternalUserId=told).sender
    assert (both.external_id, both.phone, both.aliases) == (
        "whatsapp:+14133881111",
        "+14133881111",
        ("whatsapp:US.1234",),
    )
    alone = received(From="whatsapp:US.1234", ExternalUserId=told).sender
    assert (alone.external_id, alone.phone, alone.aliases) == ("whatsapp:US.1234", "", ())


def test_on_whatsapp_no_word_stops_anything_unless_twilio_says_so() -> None:
    assert not received("Stop", From="whatsapp:+14133881111").is_automatic
    found = parse(message("Stop", From="whatsapp:+14133881111", OptOutType="STOP"))
    assert [type(item) for item in found] == [MessageReceived, ReachabilityChanged]
