"""What deliveries give: every element one event, with everything that the client said."""

from __future__ import annotations

from typing import Any

import pytest

from openlines.connectors.base import (
    AccountNotice,
    DeliveryStatus,
    IdentityChanged,
    Malformed,
    MediaKind,
    MessageDeleted,
    MessageEdited,
    MessageKind,
    MessageReceived,
    NotSupported,
    ReactionChanged,
    Sender,
    StatusChanged,
    Unreadable,
    WrittenOutside,
)
from tests.openlines.connectors.whatsapp.building import (
    CONTACT,
    HERE,
    NOW,
    PHONE,
    SCOPED,
    SENT,
    connector,
    delivery,
    message,
    one,
    parse,
    received,
    request,
    value,
)

SHEENA = Sender(
    SCOPED, name="Sheena Nelson", username="sheena", phone=f"+{PHONE}", aliases=(PHONE, f"+{PHONE}")
)


def test_a_text() -> None:
    assert received(context={"from": "1", "id": "wamid.Q=="}) == MessageReceived(
        sender=SHEENA,
        external_id="wamid.A==",
        at=SENT,
        kind=MessageKind.TEXT,
        text="Good morning",
        reply_to="wamid.Q==",
    )


def test_who_hides_the_phone_is_known_by_his_id() -> None:
    hidden = {"profile": {"name": "Sheena"}, "user_id": SCOPED}
    (item,) = parse(delivery(value(contacts=[hidden], messages=[message(sender=None)])))
    assert isinstance(item, MessageReceived)
    assert item.sender == Sender(SCOPED, name="Sheena")


def test_the_id_may_stand_in_the_contacts_alone() -> None:
    bare = {name: said for name, said in message().items() if name not in {"from", "from_user_id"}}
    (item,) = parse(delivery(value(contacts=[CONTACT], messages=[bare])))
    assert isinstance(item, MessageReceived)
    assert item.sender == SHEENA


def test_bodies_from_before_the_ids_give_the_phone() -> None:
    old = {"profile": {"name": "Sheena"}, "wa_id": PHONE}
    (item,) = parse(delivery(value(contacts=[old], messages=[message(from_user_id=None)])))
    assert isinstance(item, MessageReceived)
    assert item.sender == Sender(PHONE, name="Sheena", phone=f"+{PHONE}", aliases=(f"+{PHONE}",))


def test_in_a_batch_everybody_has_his_own_name() -> None:
    others = [{"profile": {"name": f"Client {n}"}, "wa_id": f"4850000000{n}"} for n in range(3)]
    said = [message(sender=f"4850000000{n}", from_user_id=None, id=f"wamid.{n}") for n in (2, 0, 1)]
    found = parse(delivery(value(contacts=others, messages=said)))
    assert [item.sender.name for item in found if isinstance(item, MessageReceived)] == [
        "Client 2",
        "Client 0",
        "Client 1",
    ]


def test_a_stranger_in_the_contacts_lends_a_name_at_most() -> None:
    other = {"profile": {"name": "Other"}, "wa_id": "48500", "user_id": "PL.1"}
    (item,) = parse(delivery(value(contacts=[other], messages=[message(from_user_id=None)])))
    assert isinstance(item, MessageReceived)
    assert item.sender == Sender(PHONE, name="Other", phone=f"+{PHONE}", aliases=(f"+{PHONE}",))
    (item,) = parse(delivery(value(contacts=[other, other], messages=[message()])))
    assert isinstance(item, MessageReceived)
    assert item.sender.name == ""


@pytest.mark.parametrize(
    ("kind", "content", "expected", "name", "mime"),
    [
        ("image", {"mime_type": "image/png"}, MediaKind.IMAGE, "photo.png", "image/png"),
        ("video", {}, MediaKind.VIDEO, "video.mp4", "video/mp4"),
        ("audio", {"mime_type": "audio/mpeg"}, MediaKind.AUDIO, "audio.mp3", "audio/mpeg"),
        (
            "audio",
            {"mime_type": "audio/ogg; codecs=opus", "voice": True},
            MediaKind.VOICE,
            "voice.ogg",
            "audio/ogg; codecs=opus",
        ),
        (
            "document",
            {"mime_type": "application/pdf", "filename": "a/b/Rechnung.pdf"},
            MediaKind.FILE,
            "Rechnung.pdf",
            "application/pdf",
        ),
    ],
)
def test_files(kind: str, content: dict[str, Any], expected: MediaKind, name: str, mime: str) -> None:
    item = received(kind, {"id": "4711", "caption": "look", **content})
    assert (item.kind, item.text) == (MessageKind.MEDIA, "look")
    assert [(media.kind, media.reference, media.name, media.mime) for media in item.media] == [
        (expected, "4711", name, mime)
    ]


def test_a_file_without_its_number_is_shown_as_unsupported() -> None:
    item = received("image", {"caption": "look"})
    assert (item.kind, item.text, item.data) == (MessageKind.UNSUPPORTED, "look", {"type": "image"})


def test_a_sticker_a_place_and_contacts() -> None:
    sticker = received("sticker", {"id": "1", "animated": True})
    assert (sticker.kind, sticker.media[0].kind) == (MessageKind.STICKER, MediaKind.STICKER)
    place = received("location", {"latitude": 1.5, "longitude": -2, "name": "Shop"})
    assert (place.kind, place.data) == (
        MessageKind.LOCATION,
        {"latitude": 1.5, "longitude": -2.0, "name": "Shop"},
    )
    assert received("location", {"latitude": "north"}).kind is MessageKind.UNSUPPORTED
    people = [
        {"name": {"formatted_name": "Jan Kos"}, "phones": [{"phone": "+48 1"}]},
        {"vcard": "BEGIN:VCARD\nFN:Ewa\nEND:VCARD", "phones": [{"wa_id": "482"}]},
    ]
    contacts = received("contacts", people)
    assert (contacts.kind, contacts.data, contacts.text) == (
        MessageKind.CONTACT,
        {"name": "Jan Kos", "phone": "+48 1"},
        "Ewa, 482",
    )


@pytest.mark.parametrize(
    ("kind", "content", "label", "payload"),
    [
        ("button", {"text": "Yes", "payload": "rate:1"}, "Yes", "rate:1"),
        (
            "interactive",
            {"type": "button_reply", "button_reply": {"id": "rate:1", "title": "Yes"}},
            "Yes",
            "rate:1",
        ),
        (
            "interactive",
            {"type": "list_reply", "list_reply": {"id": "a", "title": "B", "description": "c"}},
            "B",
            "a",
        ),
    ],
)
def test_pressed_buttons_bring_back_what_we_sent(
    kind: str, content: object, label: str, payload: str
) -> None:
    item = received(kind, content, context={"id": "wamid.ours"})
    assert (item.kind, item.text, item.data, item.reply_to) == (
        MessageKind.BUTTON,
        label,
        {"payload": payload},
        "wamid.ours",
    )


def test_a_form_is_shown_in_words() -> None:
    given = {
        "response_json": '{"flow_token": "x", "city": "Łódź", "guests": 2}',
        "name": "flow",
        "body": "Sent",
    }
    item = received("interactive", {"type": "nfm_reply", "nfm_reply": given})
    assert (item.kind, item.text) == (MessageKind.TEXT, "city: Łódź\nguests: 2")
    assert received("interactive", {"type": "nfm_reply", "nfm_reply": {}}).kind is MessageKind.UNSUPPORTED


def test_a_basket_and_the_first_hello() -> None:
    basket = {
        "text": "Please",
        "product_items": [
            {"product_retailer_id": "tea", "quantity": 2, "item_price": 5.5, "currency": "EUR"}
        ],
    }
    item = received("order", basket)
    assert (item.kind, item.text, item.data) == (
        MessageKind.UNSUPPORTED,
        "Please\n2 × tea, 5.5 EUR",
        {"type": "order"},
    )
    assert received("request_welcome").kind is MessageKind.OPENED


def test_unknown_kinds_are_shown_as_such() -> None:
    assert received("hologram", {"x": 1}).data == {"type": "hologram"}
    told = received("unsupported", {"type": "poll"}, errors=[{"code": 131051}])
    assert (told.kind, told.data) == (MessageKind.UNSUPPORTED, {"type": "poll"})
    assert received("unsupported", {}, errors=[{"code": 131060}]).data == {"type": "unsupported"}
    assert received("text", {"body": 5}).kind is MessageKind.UNSUPPORTED


def test_an_advertisement_and_forwarding_are_kept() -> None:
    item = received(
        referral={"source_type": "ad", "source_id": "77", "headline": "Sale", "ctwa_clid": "x"},
        context={"frequently_forwarded": True},
    )
    assert item.data == {"forwarded": True, "referral": {"source": "ad", "ad": "77", "title": "Sale"}}


def test_reactions_are_put_and_taken_back() -> None:
    put = one(messages=[message("reaction", {"message_id": "wamid.Q", "emoji": "👍"})])
    assert put == ReactionChanged(SHEENA, "wamid.Q", SENT, ("👍",))
    for gone in ({"message_id": "wamid.Q", "emoji": ""}, {"message_id": "wamid.Q"}):
        assert one(messages=[message("reaction", gone)]) == ReactionChanged(SHEENA, "wamid.Q", SENT, ())


def test_edits_and_deletions() -> None:
    text = {"original_message_id": "wamid.Q", "message": {"type": "text", "text": {"body": "new"}}}
    assert one(messages=[message("edit", text)]) == MessageEdited(SHEENA, "wamid.Q", SENT, "new")
    image = {"original_message_id": "wamid.Q", "message": {"type": "image", "image": {"caption": "under"}}}
    assert one(messages=[message("edit", image)]) == MessageEdited(SHEENA, "wamid.Q", SENT, "under")
    gone = one(messages=[message("revoke", {"original_message_id": "wamid.Q"})])
    assert gone == MessageDeleted(SHEENA, ("wamid.Q",), SENT)


@pytest.mark.parametrize(
    ("told", "status"),
    [("sent", "sent"), ("delivered", "delivered"), ("read", "read"), ("played", "read")],
)
def test_statuses_carry_our_uuid(told: str, status: str) -> None:
    stamp = str(int(SENT.timestamp()))
    found = one(
        statuses=[{"id": "wamid.O", "status": told, "timestamp": stamp, "biz_opaque_callback_data": "our"}]
    )
    assert found == StatusChanged("wamid.O", DeliveryStatus(status), SENT, uuid="our")


def test_a_failure_says_what_to_do() -> None:
    error = {"code": 131047, "title": "Re-engagement message", "error_data": {"details": "24 hours"}}
    found = one(statuses=[{"id": "wamid.O", "status": "failed", "errors": [error]}])
    assert isinstance(found, StatusChanged)
    assert (found.status, found.at) == (DeliveryStatus.FAILED, NOW)
    assert "template" in found.reason
    unknown = one(
        statuses=[{"id": "wamid.O", "status": "failed", "errors": [{"code": 99999, "title": "Odd"}]}]
    )
    assert isinstance(unknown, StatusChanged)
    assert "Odd" in unknown.reason
    assert "99999" in unknown.reason
    silent = one(statuses=[{"id": "wamid.O", "status": "failed"}])
    assert isinstance(silent, StatusChanged)
    assert "did not say why" in silent.reason


def test_what_is_not_for_us_is_told() -> None:
    for element in (
        {"statuses": [{"id": "wamid.O", "status": "deleted"}]},
        {"statuses": [{"id": "wamid.O", "status": "read", "recipient_type": "group"}]},
        {"statuses": [{"id": "wacid.O", "status": "RINGING", "type": "call"}]},
        {"messages": [message(group_id="120@g.us")]},
        {"messages": [message("system", {"type": "customer_identity_changed"})]},
    ):
        assert isinstance(one(**element), NotSupported)
    for field, content in (
        ("calls", {"calls": [{"id": "wacid.1", "event": "connect"}]}),
        ("history", {"history": [{"threads": []}]}),
        ("standby", {"messages": [message()]}),
        ("never_heard_of", {"x": 1}),
        ("messages", {}),
    ):
        (item,) = parse(delivery(value(**content), field=field))
        assert isinstance(item, NotSupported)


def test_what_the_owner_wrote_on_the_phone_is_ours() -> None:
    echo = {
        "from": "15550783881",
        "to": PHONE,
        "to_user_id": SCOPED,
        "id": "wamid.E",
        "timestamp": str(int(SENT.timestamp())),
        "type": "text",
        "text": {"body": "On my way"},
    }
    body = delivery(value(contacts=[CONTACT], message_echoes=[echo]), field="smb_message_echoes")
    assert parse(body) == [WrittenOutside(SHEENA, "wamid.E", SENT, text="On my way")]
    revoked = {**echo, "type": "revoke", "revoke": {"original_message_id": "wamid.E"}}
    (item,) = parse(delivery(value(message_echoes=[revoked]), field="smb_message_echoes"))
    assert isinstance(item, NotSupported)


@pytest.mark.parametrize("name", ["wa_id", "new_wa_id"])
def test_a_changed_number(name: str) -> None:
    told = {"type": "user_changed_number", "body": "…", name: "48500"}
    item = one(messages=[message("system", told, from_user_id=None)])
    assert item == IdentityChanged(PHONE, Sender("48500", phone="+48500", aliases=("+48500",)), SENT)


def test_a_changed_number_with_new_ids() -> None:
    told = {
        "type": "user_changed_number",
        "wa_id": "48500",
        "user_id": "PL.2",
        "previous_user_id": SCOPED,
    }
    item = one(messages=[message("system", told)])
    assert item == IdentityChanged(PHONE, Sender("PL.2", phone="+48500", aliases=("48500", "+48500")), SENT)
    hidden = {"type": "user_changed_user_id", "user_id": "PL.2", "previous_user_id": SCOPED}
    item = one(messages=[message("system", hidden, sender=None, from_user_id=None)])
    assert item == IdentityChanged(SCOPED, Sender("PL.2"), SENT)


def test_the_older_notice_of_a_new_id() -> None:
    change = {
        "wa_id": PHONE,
        "user_id": {"previous": SCOPED, "current": "US.9"},
        "timestamp": int(SENT.timestamp()),
    }
    (item,) = parse(delivery(value(user_id_update=[change]), field="user_id_update"))
    assert item == IdentityChanged(
        SCOPED, Sender("US.9", phone=f"+{PHONE}", aliases=(PHONE, f"+{PHONE}")), SENT
    )


def test_errors_of_no_message_are_notices() -> None:
    error = {"code": 130429, "title": "Rate limit hit", "error_data": {"details": "too many"}}
    item = one(errors=[error])
    assert isinstance(item, AccountNotice)
    assert item.is_error
    assert "too many" in item.text


@pytest.mark.parametrize(
    ("field", "content", "words", "is_error"),
    [
        (
            "account_update",
            {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}},
            "switched the WhatsApp account off",
            True,
        ),
        (
            "account_update",
            {"event": "ACCOUNT_VIOLATION", "violation_info": {"violation_type": "SCAM"}},
            "SCAM",
            True,
        ),
        ("account_update", {"event": "PARTNER_REMOVED"}, "no longer has access", True),
        ("account_update", {"event": "BRAND_NEW"}, "BRAND_NEW", False),
        (
            "message_template_status_update",
            {
                "event": "REJECTED",
                "message_template_name": "hello",
                "message_template_language": "pl",
                "reason": "ABUSIVE",
            },
            "rejected the template “hello” (pl) (ABUSIVE)",
            False,
        ),
        ("phone_number_quality_update", {"event": "FLAGGED", "current_limit": "TIER_1K"}, "TIER_1K", False),
        ("account_alerts", {"alert_info": {"alert_severity": "CRITICAL", "alert_type": "X"}}, "X", True),
        ("security", {}, "?", False),
    ],
)
def test_notices_of_the_account(field: str, content: dict[str, Any], words: str, is_error: bool) -> None:
    (item,) = parse(delivery(content, field=field))
    assert isinstance(item, AccountNotice)
    assert words in item.text
    assert item.is_error is is_error


def test_other_numbers_and_accounts_of_the_app_are_left_alone() -> None:
    body = delivery(value(messages=[message()]), value(number="999", messages=[message(id="wamid.B")]))
    first, second = parse(body)
    assert isinstance(first, MessageReceived)
    assert isinstance(second, NotSupported)
    assert connector.account_keys(request(body)) == (HERE.credentials["phone_number_id"], "999")
    (notice,) = parse(delivery({"event": "VERIFIED_ACCOUNT"}, field="account_update", account="1"))
    assert isinstance(notice, NotSupported)
    assert connector.account_keys(request(b"{")) == ()
    assert connector.account_key({"phone_number_id": " 5 "}) == "5"


def test_one_bad_element_does_not_lose_its_neighbours() -> None:
    body: dict[str, Any] = delivery(
        value(
            messages=[message(), "junk", {"type": "text"}, message(id="wamid.C")],
            statuses=[{"status": "read"}],
        ),
        value(messages="junk"),
    )
    body["entry"] = [*body["entry"], 7, {"id": "1"}, {"changes": [None, {"field": "messages"}]}]
    found = parse(body)
    assert [type(item) for item in found] == [MessageReceived] * 2 + [Malformed] * 8


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        {"object": "page", "entry": []},
        {"object": "whatsapp_business_account"},
        {"entry": [{}]},
        delivery(value(messages=[{"type": "text"}])),
    ],
)
def test_what_cannot_be_read_is_parked(body: object) -> None:
    with pytest.raises(Unreadable):
        parse(body)


def test_the_key_is_that_of_the_elements() -> None:
    first = delivery(value(messages=[message()]))
    named = delivery(value(messages=[message()], contacts=[CONTACT]))
    other = delivery(value(messages=[message(id="wamid.B")]))
    both = delivery(value(messages=[message(), message(id="wamid.B")]))
    bodies: list[object] = [first, other, both, b"{", {"entry": [{}]}]
    keys = [connector.key(request(body)) for body in bodies]
    assert len(set(keys)) == 5
    assert keys[0] == connector.key(request(named))
    read = delivery(value(statuses=[{"id": "wamid.A==", "status": "read"}]))
    delivered = delivery(value(statuses=[{"id": "wamid.A==", "status": "delivered"}]))
    assert connector.key(request(read)) != connector.key(request(delivered))


def test_a_new_id_that_only_the_words_of_the_notice_trace_back() -> None:
    said = {
        "body": "User Sheena Nelson changed from US.10101010101010101010 to US.13491208655302741918",
        "user_id": SCOPED,
        "type": "user_changed_user_id",
    }
    notice = {"id": "wamid.B", "timestamp": "1790000000", "type": "system", "system": said}
    (item,) = parse(delivery(value(messages=[notice])))
    assert isinstance(item, IdentityChanged)
    assert (item.previous, item.current.external_id) == ("US.10101010101010101010", SCOPED)
    said["body"] = "User Sheena Nelson has a new id"
    with pytest.raises(Unreadable):
        parse(delivery(value(messages=[notice])))


def test_an_id_of_no_known_form_never_hides_the_phone_that_can_be_written_to() -> None:
    strange = {**CONTACT, "user_id": "foo_bar"}
    body = delivery(value(contacts=[strange], messages=[message(from_user_id="foo_bar")]))
    (item,) = parse(body)
    assert isinstance(item, MessageReceived)
    assert item.sender.external_id == PHONE
    assert "foo_bar" in item.sender.aliases


def test_the_scoped_id_may_stand_where_the_phone_stood() -> None:
    contact = {"profile": {"name": "Kerry"}, "wa_id": SCOPED, "user_id": SCOPED}
    (item,) = parse(delivery(value(contacts=[contact], messages=[message(sender=SCOPED)])))
    assert isinstance(item, MessageReceived)
    assert (item.sender.external_id, item.sender.phone, item.sender.aliases) == (SCOPED, "", ())


def test_an_edit_without_words_does_not_empty_a_message() -> None:
    contents: tuple[dict[str, Any], ...] = ({}, {"message": {}}, {"message": {"type": "text", "text": {}}})
    for content in contents:
        edit = message("edit", {"original_message_id": "wamid.0", **content})
        with pytest.raises(Unreadable):
            parse(delivery(value(messages=[edit])))
    picture = {"type": "image", "image": {"id": "17", "mime_type": "image/jpeg"}}
    bare = message("edit", {"original_message_id": "wamid.0", "message": picture})
    (item,) = parse(delivery(value(messages=[bare])))
    assert isinstance(item, MessageEdited)
    assert item.text == ""
