"""§11 "What is a client's message": what is shown and starts no dialog, no clock, no unanswered mark and no list entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from openlines.connectors.base import RawRequest
from openlines.connectors.whatsapp.fake import NUMBER
from openlines.models import Connection, Dialog, InboundEvent, Message
from openlines.services import deadlines, dialogs, inbound
from openlines.workspace.listing import listing
from tests.factories import make_employee
from tests.openlines.connectors.api import building as api
from tests.openlines.connectors.email.building import mail
from tests.openlines.connectors.messenger import building as messenger
from tests.openlines.connectors.sms import building as sms
from tests.openlines.connectors.viber import building as viber
from tests.openlines.connectors.whatsapp import building as whatsapp
from tests.openlines.factories import NOW, answer, at, make_connection, make_line, make_operator
from tests.workspace.conftest import browser_of

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(frozen=True)
class Case:
    """``first``: what the client writes to begin with; ``then``: what is no message of theirs."""

    kind: str
    credentials: dict[str, str]
    first: Callable[[], RawRequest]
    then: Callable[[], RawRequest]
    shown: str
    account: str = ""
    is_automatic: bool = True


MAILBOX = {"address": "support@example.test", "smtp_host": "127.0.0.1"}


def by_mail(**headers: str) -> Case:
    told = {"Subject": "A question", "Message_ID": "<away@client.test>", **headers}
    return Case(
        "email",
        MAILBOX,
        lambda: RawRequest({}, mail("Where is my parcel?")),
        lambda: RawRequest({}, mail("I am on leave until 9 December.", **told)),
        "I am on leave until 9 December.",
    )


def by_sms(word: str, **more: str) -> Case:
    return Case(
        "sms",
        dict(sms.NOBODY.credentials),
        lambda: sms.request(sms.message("Where is my parcel?", MessageSid="SM0", SmsSid="SM0")),
        lambda: sms.request(sms.message(word, **more)),
        word,
        is_automatic=more.get("OptOutType") != "START",
    )


def asked(message: dict[str, Any]) -> dict[str, Any]:
    return whatsapp.delivery(whatsapp.value(messages=[message], contacts=[whatsapp.CONTACT]))


CASES = {
    "out of office": by_mail(Auto_Submitted="auto-replied"),
    "exchange": by_mail(
        Auto_Submitted="auto-generated", Subject="Automatic reply: A question", Return_Path="<>"
    ),
    "old vacation program": by_mail(Precedence="auto_reply"),
    "autoresponder": by_mail(X_Autorespond="A question"),
    "vacation message": by_mail(Subject="Vacation notice", Return_Path="<>", Auto_Submitted="auto-generated"),
    "stop": by_sms("STOP"),
    "stop all": by_sms(" stopall "),
    "unsubscribe": by_sms("Unsubscribe"),
    "own word": by_sms("Wypisz", OptOutType="STOP"),
    "in again": by_sms("Zapisz", OptOutType="START"),
    "request_welcome": Case(
        "whatsapp",
        whatsapp.CREDENTIALS,
        lambda: whatsapp.request(asked(whatsapp.message(content={"body": "Where?"}, id="wamid.0"))),
        lambda: whatsapp.request(asked(whatsapp.message("request_welcome", {}))),
        "Opened the chat",
        account=NUMBER,
        is_automatic=False,
    ),
    "conversation_started": Case(
        "viber",
        dict(viber.NOBODY.credentials),
        lambda: viber.request(viber.message(type="text", text="Where?") | {"message_token": 1}),
        lambda: viber.request(viber.callback("conversation_started", user=viber.CLIENT, subscribed=True)),
        "Opened the chat",
        is_automatic=False,
    ),
    "came by an advertisement": Case(
        "messenger",
        {"page_id": messenger.ACCOUNT},
        lambda: messenger.raw(messenger.delivery(messenger.said(mid="m_0", text="Where?"))),
        lambda: messenger.raw(messenger.delivery(messenger.event(referral={"ref": "x", "ad_id": "7"}))),
        "Opened the chat",
        account=messenger.ACCOUNT,
        is_automatic=False,
    ),
}
every = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


def connected(case: Case, **line: Any) -> tuple[Connection, Any]:
    anna = make_employee(role="operator", first_name="Anna")
    made = make_line(anna, greeting_enabled=False, **line)
    return make_connection(made, case.kind, credentials=case.credentials, account_key=case.account), anna


def accepted(case: Case, **line: Any) -> tuple[Connection, Any, Dialog]:
    connection, anna = connected(case, **line)
    inbound.receive(connection, case.first(), now=NOW)
    dialog = Dialog.objects.get()
    answer(dialog, anna, "It comes tomorrow.", now=at(60))
    return connection, anna, dialog


def counted(dialog: Dialog) -> tuple[object, ...]:
    dialog.refresh_from_db()
    names = (
        "state operator_id clock_started_at unanswered_since is_unanswered message_count client_message_count"
    )
    names += " last_message_at last_client_message_at last_activity_at last_text last_author from_machine snoozed_until"
    return tuple(getattr(dialog, name) for name in names.split())


@every
def test_while_it_is_answered_nothing_moves_and_it_is_shown(case: Case) -> None:
    connection, anna, dialog = accepted(case)
    before = counted(dialog)
    unread = listing(anna, tab="mine").rows[0].unread
    assert not inbound.receive(connection, case.then(), now=at(180)).parked
    assert counted(dialog) == before
    assert dialog.state == "answered"
    assert listing(anna, tab="mine").rows[0].unread == unread
    told = Message.objects.filter(author="client").last()
    assert told is not None and told.created_at == at(180)
    page = browser_of(anna).get(f"/desk/{dialog.pk}/pane/").content.decode()
    item = page.split(f'data-uuid="{told.uuid}"')[1].split("</li>")[0]
    assert case.shown.strip() in item
    assert ("· automatic" in item) is case.is_automatic
    replayed = InboundEvent.objects.latest("pk")
    assert inbound.replay(replayed, now=at(200))
    assert Message.objects.filter(author="client").count() == 2


@every
def test_it_leaves_no_wrap_up(case: Case) -> None:
    connection, anna, dialog = accepted(case, rating_enabled=True)
    dialogs.finish(dialog.pk, by=anna, now=at(120))
    Dialog.objects.filter(pk=dialog.pk).update(state="wrap_up", wrap_up_from=at(120), closed_at=None)
    before = counted(dialog)
    inbound.receive(connection, case.then(), now=at(180))
    assert counted(dialog) == before
    assert dialog.state == "wrap_up"


@every
def test_after_the_close_it_opens_nothing(case: Case) -> None:
    connection, anna, dialog = accepted(case)
    dialogs.finish(dialog.pk, by=anna, now=at(120))
    deadlines.fire_due(now=at(90_000))
    before = counted(dialog)
    assert dialog.state == "closed"
    inbound.receive(connection, case.then(), now=at(90_100))
    assert counted(dialog) == before
    assert Dialog.objects.count() == 1
    assert Message.objects.filter(dialog=dialog, author="client").count() == 2


@pytest.mark.parametrize("name", ["stop", "own word", "request_welcome", "conversation_started"])
def test_without_a_dialog_none_begins_and_the_log_says_why(name: str) -> None:
    connection, _anna = connected(CASES[name])
    inbound.receive(connection, CASES[name].then(), now=NOW)
    assert not Dialog.objects.exists()
    event = InboundEvent.objects.get()
    assert event.reason


def test_an_erased_dialog_gets_no_words_back() -> None:
    case = CASES["out of office"]
    connection, anna, dialog = accepted(case)
    dialogs.finish(dialog.pk, by=anna, now=at(120))
    Dialog.objects.filter(pk=dialog.pk).update(state="closed", log_kept=False, log_erased_at=at(130))
    inbound.receive(connection, case.then(), now=at(180))
    told = Message.objects.filter(author="client").last()
    assert told is not None and (told.text, told.extra) == ("", {"automatic": True})


# -- machines that answer nothing of ours ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-generated"},
        {"Auto_Submitted": "auto-replied"},
        {"From": "Shop <no-reply@shop.test>"},
        {"Return_Path": "<>"},
    ],
)
def test_a_machine_that_answers_nothing_of_ours_writes_an_ordinary_message(headers: dict[str, str]) -> None:
    anna = make_employee(role="operator", first_name="Anna")
    line = make_line(anna, greeting_enabled=True)
    box = make_connection(line, "email", credentials=MAILBOX)
    inbound.receive(box, RawRequest({}, mail("Order 17: please call me.", **headers)), now=NOW)
    dialog = Dialog.objects.get()
    assert dialog.clock_started_at == NOW
    assert dialog.client_message_count == 1
    assert not Message.objects.filter(author="automatic").exists()
    told = Message.objects.get(author="client")
    assert told.extra["automatic"] is True


def test_a_tracker_that_refers_to_itself_answers_nothing_of_ours() -> None:
    connection, _anna, dialog = accepted(CASES["out of office"])
    headers = {
        "Auto_Submitted": "auto-generated",
        "In_Reply_To": "<17@tracker.test>",
        "Message_ID": "<18@tracker.test>",
    }
    inbound.receive(connection, RawRequest({}, mail("Issue 17 has changed.", **headers)), now=at(180))
    dialog.refresh_from_db()
    assert dialog.state == "waiting"


def test_an_absence_note_from_another_address_comes_to_the_dialog_it_answers() -> None:
    connection, _anna, dialog = accepted(CASES["out of office"])
    ours = Message.objects.get(author="operator")
    Message.objects.filter(pk=ours.pk).update(
        external_id="<t.0b6f5d6e-9a55-4a0b-8c1c-3f1d3c4b5a69@example.test>"
    )
    headers = {
        "From": "Office <office@client.test>",
        "In_Reply_To": "<t.0b6f5d6e-9a55-4a0b-8c1c-3f1d3c4b5a69@example.test>",
        "Message_ID": "<away@client.test>",
        "Subject": "Out of office: Re: A question",
    }
    inbound.receive(connection, RawRequest({}, mail("I am away.", **headers)), now=at(180))
    dialog.refresh_from_db()
    assert dialog.state == "answered"
    told = Message.objects.get(text="I am away.")
    assert (told.dialog_id, told.extra["from"]) == (dialog.pk, "office@client.test")


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Auto_Response_Suppress": "All", "X_MS_Exchange_Organization_AuthAs": "Internal"},
        {"X_Auto_Response_Suppress": "DR, OOF, AutoReply"},
        {"List_Unsubscribe": "<mailto:out@crm.test>"},
        {"Precedence": "list", "List_Id": "<list.client.test>"},
    ],
)
def test_a_person_is_greeted_whatever_their_programs_add(headers: dict[str, str]) -> None:
    line = make_line(make_operator("Anna"), greeting_enabled=True)
    box = make_connection(line, "email", credentials=MAILBOX)
    inbound.receive(box, RawRequest({}, mail("My order 17 has not come.", **headers)), now=NOW)
    assert list(Message.objects.filter(author="automatic").values_list("trigger", flat=True)) == ["greeting"]


def test_api_clients_say_themselves_what_their_machine_answers() -> None:
    anna = make_operator("Anna")
    connection = make_connection(
        make_line(anna, greeting_enabled=False), "api", credentials=dict(api.ACCOUNT.credentials)
    )

    def tell(number: int, **data: Any) -> None:
        body = api.event(external_id=f"m{number}", **data)
        inbound.receive(connection, api.request(body), now=at(number))

    tell(1, text="Where is my parcel?")
    dialog = Dialog.objects.get()
    ours = answer(dialog, anna, "Tomorrow.", now=at(5))
    Message.objects.filter(pk=ours.pk).update(external_id="ours-1")
    tell(10, text="I am away.", automatic=True, reply_to="ours-1")
    dialog.refresh_from_db()
    assert dialog.state == "answered"
    tell(11, text="Price alarm", automatic=True)
    dialog.refresh_from_db()
    assert dialog.state == "waiting"
