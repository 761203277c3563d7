"""Whose a mail is, where lists, forwarders, forms and colleagues have rewritten From. Nothing is thrown away."""

from __future__ import annotations

import pytest

from contactcenter.staff.models import Employee
from openlines.connectors.base import RawRequest, WrittenOutside
from openlines.models import Client, Connection, Dialog, InboundEvent, Message
from openlines.services import inbound
from tests.openlines.connectors.email.building import OURS, TOKEN, UUID, mail, multipart, one, received
from tests.openlines.factories import answer, at, make_connection, make_line, make_operator

CARL = "carl@client.test"
GROUP = {
    "From": "'Carl Client via Support' <support@example.test>",
    "X_Original_Sender": CARL,
    "Mailing_list": "list support@example.test; contact support+owners@example.test",
    "List_ID": "<support.example.test>",
    "Precedence": "list",
    "X_Google_Group_Id": "584123",
}
MAILMAN = {
    "From": "Carl Client via Shop-talk <shop-talk@lists.test>",
    "To": "shop-talk@lists.test",
    "List_Id": "Talk about the shop <shop-talk.lists.test>",
    "List_Post": "<mailto:shop-talk@lists.test>",
    "X_BeenThere": "shop-talk@lists.test",
    "Precedence": "list",
}


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(GROUP | {"X_Original_From": "Carl Client <carl@client.test>"}, id="group"),
        pytest.param(GROUP | {"Reply_To": "Carl Client <carl@client.test>"}, id="group, reply to the author"),
        pytest.param(GROUP | {"Reply_To": "Support <support@example.test>"}, id="group, reply to the group"),
        pytest.param(GROUP, id="group, the envelope alone"),
        pytest.param(MAILMAN | {"Reply_To": "Carl Client <carl@client.test>"}, id="mailman"),
        pytest.param(
            MAILMAN | {"Reply_To": "shop-talk@lists.test, Carl Client <carl@client.test>"}, id="mailman, both"
        ),
        pytest.param(MAILMAN | {"X_MailFrom": CARL}, id="mailman 3"),
        pytest.param(MAILMAN | {"From": "Carl Client <carl@client.test>"}, id="From left alone"),
        pytest.param(
            MAILMAN | {"From": "Carl Client <carl@client.test>", "Reply_To": "shop-talk@lists.test"},
            id="From left alone, answers to the list",
        ),
        pytest.param(
            {
                "From": "Carl Client via groups.test <carl=client.test@groups.test>",
                "List_Id": "<shop.groups.test>",
                "X_Original_From": "-",
            },
            id="in the local part",
        ),
        pytest.param(
            {
                "From": "Carl Client via relay <noreply@relay.test>",
                "X_Original_From": "Carl Client <carl@client.test>",
            },
            id="forwarder",
        ),
        pytest.param({"From": "Carl Client <SRS0=abcd=XY=client.test=carl@relay.test>"}, id="srs"),
        pytest.param({"From": "Carl Client <prvs=4711abcd=carl@client.test>"}, id="signed envelope"),
        pytest.param(
            {
                "From": "Support <support@example.test>",
                "X_Google_Original_From": "Carl Client <carl@client.test>",
            },
            id="gmail rewrote it",
        ),
        pytest.param(
            {"From": "Shop <support@example.test>", "Reply_To": "Carl Client <carl@client.test>"}, id="form"
        ),
        pytest.param(
            {"From": "help@example.test", "Resent_From": "-", "Reply_To": "Carl Client <carl@client.test>"},
            id="form from another address of the mailbox",
        ),
    ],
)
def test_the_writer_is_the_client(headers: dict[str, str]) -> None:
    item = received(mail("Where is order 17?", **headers))
    assert (item.sender.external_id, item.sender.email, item.sender.name) == (CARL, CARL, "Carl Client")
    assert not item.is_automatic


@pytest.mark.parametrize(
    "text",
    [
        "Name: Ewa\r\nE-mail: ewa@client.test\r\nWhere is order 17?",
        "Your email = ewa@client.test\r\nWhere is order 17?",
        "Adres e-mail: <ewa@client.test>\r\nWhere?\r\n-- \r\nE-mail: shop@other.test",
        "Please answer her.\r\n\r\n---------- Forwarded message ---------\r\n"
        "From: Ewa <ewa@client.test>\r\nDate: Sun, 22 Nov 2026\r\nSubject: Order\r\n\r\nWhere?",
        "FYI\r\n\r\nVon: Ewa [mailto:ewa@client.test]\r\nGesendet: Sonntag\r\n\r\nWo?",
    ],
)
@pytest.mark.parametrize("address", ["support@example.test", "Help <help@example.test>"])
def test_in_a_mail_from_ourselves_its_words_say_whose_it_is(text: str, address: str) -> None:
    item = received(mail(text, From=address))
    assert item.sender.external_id == "ewa@client.test"
    assert item.data["from"] == address.partition("<")[2].rstrip(">") or address
    assert "support@example.test" in item.data["to"]


def test_a_mail_forwarded_as_a_file_is_from_who_wrote_it() -> None:
    kind, body = multipart(
        "mixed",
        "Content-Type: text/plain\r\n\r\nPlease answer.",
        "Content-Type: message/rfc822\r\n\r\nFrom: Ewa <ewa@client.test>\r\nSubject: Order\r\n\r\nWhere?",
    )
    item = received(mail(body, From="help@example.test", Content_Type=kind))
    assert (item.sender.external_id, item.sender.name) == ("ewa@client.test", "Ewa")


def test_who_cannot_be_told_is_unknown_and_two_of_them_are_two() -> None:
    first = received(
        mail("Call me: 600 700 800", From="Form <support@example.test>", Message_ID="<f1@shop.test>")
    )
    other = received(mail("Where is it?", From="Form <support@example.test>", Message_ID="<f2@shop.test>"))
    assert first.sender.external_id.startswith("unknown:")
    assert first.sender.external_id != other.sender.external_id
    nameless = [received(mail(text, From="-")) for text in ("One", "Two")]
    assert len({item.sender.external_id for item in nameless}) == 2


def test_only_what_carries_our_own_ids_is_ours() -> None:
    copy = one(mail("It comes tomorrow.", From="Shop <support@example.test>", To=CARL, Message_ID=OURS))
    assert isinstance(copy, WrittenOutside)
    assert (copy.uuid, copy.client.external_id) == (UUID, CARL)
    renamed = one(
        mail("x", From="support@example.test", To=CARL, X_Message_UUID=UUID, Message_ID="<relay@x>")
    )
    assert isinstance(renamed, WrittenOutside) and renamed.uuid == UUID
    # a client's program that answers under an id like ours is no copy
    assert received(mail("x", Message_ID=OURS, In_Reply_To=f"<{TOKEN}.thread@example.test>")).text == "x"


# -- what becomes of them -----------------------------------------------------------------------------------------

MAILBOX = {
    "address": "support@example.test",
    "other_addresses": "help@example.test",
    "smtp_host": "127.0.0.1",
}


@pytest.fixture
def box() -> Connection:
    anna = make_operator("Anna")
    return make_connection(make_line(anna, greeting_enabled=False), "email", credentials=MAILBOX)


def take(box: Connection, raw: bytes, seconds: float = 0) -> InboundEvent:
    inbound.receive(box, RawRequest({}, raw), now=at(seconds))
    return InboundEvent.objects.latest("pk")


@pytest.mark.django_db(transaction=True)
def test_a_form_without_any_address_is_a_dialog(box: Connection) -> None:
    assert take(box, mail("Call me: 600 700 800", From="support@example.test")).state == "processed"
    assert Dialog.objects.get().state == "new"
    assert Message.objects.get().extra["from"] == "support@example.test"


@pytest.mark.django_db(transaction=True)
def test_a_copy_of_what_we_sent_changes_nothing_but_proves_that_it_left(box: Connection) -> None:
    take(box, mail("Where?"))
    dialog = Dialog.objects.get()
    ours = answer(dialog, Employee.objects.get(), "Tomorrow.", now=at(10))
    before = Message.objects.count()
    raw = mail(
        "Tomorrow.",
        From="support@example.test",
        To=CARL,
        X_Message_UUID=str(ours.uuid),
        Message_ID="<r@relay.test>",
    )
    take(box, raw, 20)
    assert Message.objects.count() == before
    ours.refresh_from_db()
    assert ours.delivery == "sent"


@pytest.mark.django_db(transaction=True)
def test_what_was_written_by_hand_is_shown_in_the_open_dialog_else_parked(box: Connection) -> None:
    take(box, mail("Where?"))
    by_hand = mail(
        "I answer from my phone.", From="Anna <help@example.test>", To=CARL, Message_ID="<h@phone.test>"
    )
    assert take(box, by_hand, 20).state == "processed"
    assert Message.objects.get(author="outside").text == "I answer from my phone."
    lonely = mail("Our offer", From="help@example.test", To="eve@client.test", Message_ID="<o@phone.test>")
    parked = take(box, lonely, 30)
    assert parked.state == "parked"
    assert "eve@client.test" in parked.reason
    assert not Client.objects.filter(external_id="eve@client.test").exists()


@pytest.mark.django_db(transaction=True)
def test_who_forges_our_address_stops_no_clock(box: Connection) -> None:
    take(box, mail("Where?"))
    answer(Dialog.objects.get(), Employee.objects.get(), "Soon.", now=at(5))
    take(box, mail("And now?", Message_ID="<2@client.test>"), 10)
    ours = {"From": "support@example.test", "To": CARL}
    take(box, mail("Pay here.", Message_ID="<f1@evil.test>", **ours), 20)
    answering = ours | {"In_Reply_To": "<2@client.test>"}
    refuted = answering | {"Authentication_Results": "mx.example.test; spf=fail; dkim=none; dmarc=fail"}
    take(box, mail("Pay there.", Message_ID="<f2@evil.test>", **refuted), 30)
    forged = Message.objects.filter(author="outside")
    assert [one.extra.get("unproven") for one in forged] == [True, True]
    dialog = Dialog.objects.get()
    assert (dialog.state, dialog.clock_started_at) == ("waiting", at(10))
    take(box, mail("Tomorrow.", Message_ID="<h@phone.test>", **answering), 40)
    dialog.refresh_from_db()
    assert (dialog.state, dialog.clock_started_at) == ("answered", None)
    assert "unproven" not in Message.objects.get(text="Tomorrow.").extra


@pytest.mark.parametrize(
    "field",
    [
        "Ihre E-Mail-Adresse: carl@client.test",
        "Votre e-mail : carl@client.test",
        "Váš e-mail: carl@client.test",
        "Эл. почта: carl@client.test",
        "E-mailadres: carl@client.test",
        "Email:\ncarl@client.test",
        "* E-mail (required): <carl@client.test>",
        "Email address\tcarl@client.test",
        "メールアドレス：carl@client.test",
    ],
)
def test_a_forms_field_names_the_writer_in_many_languages(field: str) -> None:
    raw = mail(
        f"Name: Carl\n{field}\nHello", From="support@example.test", Content_Type="text/plain; charset=utf-8"
    )
    assert received(raw).sender.external_id == CARL


@pytest.mark.parametrize("words", ["Mail me at eve@client.test please.", "I wrote to eve@client.test today."])
def test_an_address_in_a_sentence_is_no_field(words: str) -> None:
    assert received(mail(words, From="support@example.test")).sender.external_id.startswith("unknown:")


def test_the_first_of_several_reply_to_addresses_is_better_than_nobody() -> None:
    item = received(mail(From="support@example.test", Reply_To="carl@client.test, eve@client.test"))
    assert item.sender.external_id == CARL
