"""Templates and the window at the desk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from contactcenter.staff.models import Employee
from openlines.connectors.whatsapp.fake import FakeWhatsApp, refuse
from openlines.models import Client, Dialog, Message
from openlines.services import dialogs
from tests.factories import make_employee
from tests.openlines.connectors.whatsapp.building import CREDENTIALS
from tests.openlines.factories import make_client, make_connection, make_line, write
from tests.workspace.conftest import browser_of

pytestmark = pytest.mark.django_db

KEY = "en_US|order_news"


@pytest.fixture
def whatsapp() -> Iterator[FakeWhatsApp]:
    cache.clear()
    with FakeWhatsApp() as fake:
        fake.add_template("order_news", "Hello {{1}}, your order {{2}} is on its way.")
        yield fake


@pytest.fixture
def anna() -> Employee:
    return make_employee(role="operator", first_name="Anna")


@pytest.fixture
def client(anna: Employee, whatsapp: FakeWhatsApp) -> Client:
    line = make_line(anna, greeting_enabled=False)
    connection = make_connection(line, kind="whatsapp", base_url=whatsapp.url, credentials=CREDENTIALS)
    return make_client(connection, "16505551234", name="Carl <b>Bell</b>")


def dialog_of(client: Client, anna: Employee, *, hours_ago: float) -> Dialog:
    then = timezone.now() - timedelta(hours=hours_ago)
    return dialogs.take_over(write(client, now=then).dialog.pk, by=anna, now=then)


def pane(dialog: Dialog, anna: Employee) -> str:
    return browser_of(anna).get(reverse("workspace:pane", args=[dialog.pk])).content.decode()


def test_an_open_window_is_not_spoken_of_before_its_end_is_near(client: Client, anna: Employee) -> None:
    dialog = dialog_of(client, anna, hours_ago=1)
    page = pane(dialog, anna)
    assert "data-window-state" not in page
    assert re.search(r'data-until="[^"]+" hidden', page)  # from when on it looks again
    assert 'data-can-reply="1"' in page


def test_near_its_end_it_says_until_when(client: Client, anna: Employee) -> None:
    dialog = dialog_of(client, anna, hours_ago=20.5)
    page = pane(dialog, anna)
    assert 'data-window-state="open"' in page
    assert dialog.last_client_message_at is not None
    ends = dialog.last_client_message_at + timedelta(hours=24)
    assert f"{ends.astimezone(anna.zone):%H:%M}" in page


def test_after_it_the_reply_is_closed_and_a_template_offered(client: Client, anna: Employee) -> None:
    dialog = dialog_of(client, anna, hours_ago=25)
    page = pane(dialog, anna)
    assert 'data-window-state="over"' in page
    assert 'data-can-reply="0"' in page
    assert 'data-can-note="1"' in page
    assert "Choose a template" in page
    write(client, now=timezone.now())
    assert 'data-can-reply="1"' in pane(dialog, anna)


def test_late_a_person_may_write(anna: Employee) -> None:
    client = make_client(make_connection(make_line(anna), kind="messenger"))
    page = pane(dialog_of(client, anna, hours_ago=30), anna)
    assert 'data-window-state="late"' in page
    assert 'data-can-reply="1"' in page
    assert 'data-key="m"' not in page


def test_where_nobody_may_write_there_is_no_word_of_a_window(client: Client, anna: Employee) -> None:
    dialog = dialog_of(client, anna, hours_ago=25)
    dialogs.spam(dialog.pk, by=anna, now=timezone.now())
    page = pane(dialog, anna)
    assert "data-window-state" not in page
    assert 'data-can-template="0"' in page


def test_a_text_too_late_comes_back_with_words(client: Client, anna: Employee) -> None:
    dialog = dialog_of(client, anna, hours_ago=25)
    answer = browser_of(anna).post(
        reverse("workspace:reply", args=[dialog.pk]), {"text": "Hello", "uuid": str(uuid4())}
    )
    assert answer.status_code == 422
    assert "template" in answer.json()["words"]
    assert not Message.objects.filter(author="operator").exists()


def test_the_window_lists_them_with_the_clients_name_proposed(client: Client, anna: Employee) -> None:
    dialog = dialog_of(client, anna, hours_ago=1)
    page = browser_of(anna).get(reverse("workspace:templates", args=[dialog.pk])).content.decode()
    assert f'value="{KEY}"' in page
    assert 'value="Carl &lt;b&gt;Bell&lt;/b&gt;"' in page
    assert "<b>Bell" not in page


def test_a_refusal_of_the_provider_stands_in_the_window(
    client: Client, anna: Employee, whatsapp: FakeWhatsApp
) -> None:
    whatsapp.plan("message_templates", refuse(190, "Session has expired", status=401))
    dialog = dialog_of(client, anna, hours_ago=1)
    page = browser_of(anna).get(reverse("workspace:templates", args=[dialog.pk])).content.decode()
    assert 'role="alert"' in page
    assert "btn--primary" not in page  # nothing to send


def test_sending_one(client: Client, anna: Employee) -> None:
    dialog = dialog_of(client, anna, hours_ago=25)
    form = {"template": KEY, "value": ["Carl", "17"], "uuid": str(uuid4())}
    browser, url = browser_of(anna), reverse("workspace:template", args=[dialog.pk])
    for _ in range(2):  # a second click changes nothing
        assert browser.post(url, form).status_code == 200
    message = Message.objects.get(author="operator")
    assert message.text == "Hello Carl, your order 17 is on its way."
    assert message.extra["template"] == {
        "name": "order_news",
        "language": "en_US",
        "parameters": ["Carl", "17"],
    }
    dialog.refresh_from_db()
    assert dialog.state == Dialog.State.ANSWERED
    assert "Template “order_news”" in pane(dialog, anna)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"value": ["a", "b"]}, "Choose a template"),
        ({"template": KEY, "value": ["a", ""]}, "Fill in “2”"),
        ({"template": "x|gone"}, "cannot be sent"),
        ({"template": KEY, "value": ["a", "b"], "uuid": "no"}, "too old"),
    ],
)
def test_nonsense_is_refused_in_words(
    client: Client, anna: Employee, form: dict[str, object], words: str
) -> None:
    dialog = dialog_of(client, anna, hours_ago=1)
    answer = browser_of(anna).post(
        reverse("workspace:template", args=[dialog.pk]), {"uuid": str(uuid4()), **form}
    )
    assert answer.status_code == 422
    assert words in answer.json()["words"]
    assert not Message.objects.filter(author="operator").exists()


def test_a_stranger_sees_none(client: Client, anna: Employee) -> None:
    dialog = dialog_of(client, anna, hours_ago=1)
    bert = browser_of(make_employee(role="operator"))
    assert bert.get(reverse("workspace:templates", args=[dialog.pk])).status_code == 404
    form = {"template": KEY, "value": ["a", "b"], "uuid": str(uuid4())}
    assert bert.post(reverse("workspace:template", args=[dialog.pk]), form).status_code == 404


def test_a_channel_without_templates_says_so(anna: Employee) -> None:
    client = make_client(make_connection(make_line(anna)))
    dialog = dialog_of(client, anna, hours_ago=1)
    answer = browser_of(anna).get(reverse("workspace:templates", args=[dialog.pk]))
    assert answer.status_code == 422
    assert "no templates" in answer.json()["words"]
