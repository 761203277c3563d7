"""The window "New dialog", and the way back to a client from his card."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from contactcenter.staff.models import Employee
from openlines.connectors.whatsapp.fake import FakeWhatsApp
from openlines.models import Client, Connection, Dialog, Message, OpenLine
from openlines.services import dialogs
from tests.factories import make_employee
from tests.openlines.connectors.whatsapp.building import CREDENTIALS
from tests.openlines.factories import answer, make_client, make_connection, make_line, write
from tests.workspace.conftest import browser_of

pytestmark = pytest.mark.django_db

WINDOW, START = reverse("workspace:start_window"), reverse("workspace:start")
PEOPLE, TEMPLATES = reverse("workspace:start_people"), reverse("workspace:start_templates")


@pytest.fixture
def anna() -> Employee:
    return make_employee(role="operator", first_name="Anna")


@pytest.fixture
def line(anna: Employee) -> OpenLine:
    return make_line(anna, greeting_enabled=False, name="Shop")


@pytest.fixture
def mail(line: OpenLine) -> Connection:
    return make_connection(line, "email", name="Letters")


@pytest.fixture
def whatsapp(line: OpenLine) -> Iterator[Connection]:
    cache.clear()
    with FakeWhatsApp() as fake:
        fake.add_template("hello", "Hello {{1}}!")
        yield make_connection(
            line, kind="whatsapp", name="WhatsApp of the shop", base_url=fake.url, credentials=CREDENTIALS
        )


def form(**values: object) -> dict[str, object]:
    return {"uuid": str(uuid4()), "text": "Good morning", **values}


def closed(client: Client, anna: Employee) -> Dialog:
    now = timezone.now()
    dialog = dialogs.take_over(write(client, now=now).dialog.pk, by=anna, now=now)
    answer(dialog, anna, now=now)
    return dialogs.spam(dialog.pk, by=anna, now=now)


def test_the_window_offers_what_is_his(mail: Connection, whatsapp: Connection, anna: Employee) -> None:
    other = make_connection(make_line(make_employee()), "email", name="Somebody else’s")
    page = browser_of(anna).get(WINDOW).content.decode()
    assert "Letters" in page
    assert "WhatsApp of the shop" in page
    assert other.name not in page


def test_without_a_connection_it_says_so(anna: Employee) -> None:
    page = browser_of(anna).get(WINDOW).content.decode()
    assert "nothing to write through" in page
    assert "<select" not in page


def test_a_mail_is_sent_and_its_dialog_opens(mail: Connection, anna: Employee) -> None:
    told = browser_of(anna).post(
        START, form(connection=mail.pk, to="Carl@Example.org", subject="Your\norder")
    )
    dialog = Dialog.objects.get()
    assert told.json() == {"words": "", "url": reverse("workspace:dialog", args=[dialog.pk]), "draft": ""}
    message = Message.objects.get()
    assert (message.text, message.extra) == ("Good morning", {"subject": "Your order"})
    assert message.delivery == Message.Delivery.QUEUED


def test_an_open_dialog_is_opened_with_the_text_as_its_draft(mail: Connection, anna: Employee) -> None:
    client = make_client(mail, "carl@example.org")
    dialog = dialogs.take_over(write(client).dialog.pk, by=anna, now=timezone.now())
    told = browser_of(anna).post(START, form(connection=mail.pk, to="carl@example.org")).json()
    assert told["url"] == reverse("workspace:dialog", args=[dialog.pk])
    assert told["draft"] == "Good morning"
    assert f"No. {dialog.number}" in told["words"]
    assert not Message.objects.filter(author="operator").exists()


def test_a_colleagues_open_dialog_is_told_not_shown(mail: Connection, anna: Employee) -> None:
    bert = make_employee(role="operator", first_name="Bert", last_name="Lis")
    client = make_client(mail, "carl@example.org")
    dialogs.take_over(write(client).dialog.pk, by=bert, now=timezone.now())
    told = browser_of(anna).post(START, form(connection=mail.pk, to="carl@example.org"))
    assert told.status_code == 409
    assert "Bert Lis holds this dialog" in told.json()["words"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"to": "nobody"}, "no e-mail address"),
        ({"to": ""}, "whom you write to"),
        ({"text": " "}, "empty"),
        ({"connection": ""}, "Choose what the message goes through"),
        ({"connection": "9999999999999999999999"}, "Choose what the message goes through"),
        ({"uuid": ""}, "too old"),
        ({"client": "x"}, "not yours to write to"),
        ({"text": "x" * 20_001}, "20,000"),
    ],
)
def test_nonsense_is_refused_in_words(
    mail: Connection, anna: Employee, change: dict[str, object], words: str
) -> None:
    given = form(connection=mail.pk, to="carl@example.org") | change
    told = browser_of(anna).post(START, given)
    assert told.status_code == 422
    assert words in told.json()["words"]
    assert not Dialog.objects.exists()
    assert not Client.objects.exists()


def test_whatsapp_by_template(whatsapp: Connection, anna: Employee) -> None:
    browser = browser_of(anna)
    page = browser.get(TEMPLATES, {"connection": whatsapp.pk}).content.decode()
    assert 'value="en_US|hello"' in page
    refused = browser.post(START, form(connection=whatsapp.pk, to="+48 600 100 200"))
    assert refused.status_code == 422
    given = form(connection=whatsapp.pk, to="+48 600 100 200", template="en_US|hello", value=["Carl"])
    assert browser.post(START, given).status_code == 200
    message = Message.objects.get()
    assert message.text == "Hello Carl!"
    assert message.dialog.client.phone == "+48600100200"


def test_clients_are_found_with_what_can_be_done(
    whatsapp: Connection, line: OpenLine, anna: Employee
) -> None:
    facebook = make_connection(line, "messenger", name="Page")
    carl = make_client(whatsapp, "48600100200", name="Carl <i>", phone="+48600100200")
    closed(carl, anna)
    old = make_client(facebook, "m1", name="Carla Old")
    dialog = closed(old, anna)
    long_ago = timezone.now() - timedelta(days=9)
    Dialog.objects.filter(pk=dialog.pk).update(last_client_message_at=long_ago)
    page = browser_of(anna).get(PEOPLE, {"q": "carl"}).content.decode()
    assert "<i>" not in page
    first, second = page.split('role="option"')[1:]
    assert 'aria-disabled="true"' in first
    assert "too long ago" in first
    assert f'data-client="{carl.pk}"' in second
    assert 'data-free="1"' in second
    assert browser_of(make_employee(role="operator")).get(PEOPLE, {"q": "carl"}).content.strip() == b""


def test_the_card_of_a_dialog_that_is_over_leads_back(mail: Connection, anna: Employee) -> None:
    client = make_client(mail, "carl@example.org", name="Carl Bell")
    dialog = dialogs.take_over(write(client).dialog.pk, by=anna, now=timezone.now())
    browser, pane = browser_of(anna), reverse("workspace:pane", args=[dialog.pk])
    assert "Write to this client" not in browser.get(pane).content.decode()
    dialogs.spam(dialog.pk, by=anna, now=timezone.now())
    assert f"{WINDOW}?client={client.pk}" in browser.get(pane).content.decode()
    page = browser.get(WINDOW, {"client": client.pk}).content.decode()
    assert "Write to Carl Bell" in page
    assert 'name="subject"' in page
    assert browser.post(START, form(client=client.pk)).status_code == 200
    assert Dialog.objects.get(state=Dialog.State.ANSWERED).client == client


def test_the_card_says_why_not(mail: Connection, anna: Employee) -> None:
    client = make_client(mail, "carl@example.org")
    dialog = closed(client, anna)
    Client.objects.update(is_reachable=False)
    page = browser_of(anna).get(reverse("workspace:pane", args=[dialog.pk])).content.decode()
    assert "You cannot write to this client now" in page
    assert "has blocked messages" in page
    Connection.objects.update(is_active=False)
    refused = browser_of(anna).get(WINDOW, {"client": client.pk})
    assert refused.status_code == 422
    assert "switched off" in refused.json()["words"]


def test_without_the_right_there_is_neither_button_nor_window(mail: Connection) -> None:
    stranger = make_employee()
    for url in (WINDOW, PEOPLE, TEMPLATES):
        assert browser_of(stranger).get(url).status_code == 403
    assert browser_of(stranger).post(START, form()).status_code == 403


def test_the_button_stands_on_the_desk(mail: Connection, anna: Employee) -> None:
    assert 'data-key="c"' in browser_of(anna).get(reverse("workspace:desk")).content.decode()
