"""Connections: one of a kind a line, secrets that are never shown, what the provider says in words."""

import re
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from contactcenter.staff.models import Employee, Scope
from openlines.connectors.base import Health
from openlines.connectors.telegram.connector import TelegramConnector
from openlines.models import Connection, InboundEvent, Message, OpenLine
from openlines.services import connections, health
from openlines.services.errors import CommandRefused
from tests.factories import make_employee, make_role
from tests.openlines.factories import NOW, make_client, make_connection, make_line, write

pytestmark = pytest.mark.django_db

TOKEN = "12345:very-secret-token"


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A Telegram that says yes to everything; what it was asked."""
    asked: list[str] = []

    def answer(question: str) -> Any:
        def ask(self: TelegramConnector, account: Any) -> Health:
            asked.append(f"{question} {account.webhook_url}")
            return Health(True, f"{question} went well.", "@shop")

        return ask

    for question in ("check", "set_up", "tear_down", "drop_held"):
        monkeypatch.setattr(TelegramConnector, question, answer(question))
    return asked


def add(client: Client, kind: str, **values: Any) -> Any:
    address = f"{reverse('admin:openlines_connection_add')}?kind={kind}"
    return client.post(address, {"name": "Shop", **values})


def change(connection: Connection) -> str:
    return reverse("admin:openlines_connection_change", args=[connection.pk])


def test_a_new_telegram_connection_gets_a_secret_and_is_set_up(
    client: Client, administrator: Employee, line: OpenLine, provider: list[str]
) -> None:
    answer = add(client, "telegram", line=line.pk, credential_token=TOKEN)
    made = Connection.objects.get()
    assert answer.status_code == 302
    assert made.credentials["token"] == TOKEN
    assert re.fullmatch(r"[A-Za-z0-9_-]{32,}", made.credentials["secret_token"])
    assert provider == [f"{verb} {connections.webhook_url(made)}" for verb in ("set_up", "check")]
    text = client.get(change(made)).text
    assert "set_up went well." in text
    assert str(made.public_id) in text


def test_secrets_are_never_shown_and_kept_when_left_empty(
    client: Client, administrator: Employee, line: OpenLine, provider: list[str]
) -> None:
    connection = make_connection(line, "telegram", credentials={"token": TOKEN, "secret_token": "hush-hush"})
    pages = [
        client.get(change(connection)).text,
        client.post(
            change(connection), {"name": "", "line": line.pk, "credential_token": "another-secret"}
        ).text,
        client.get(reverse("admin:openlines_connection_changelist")).text,
    ]
    client.post(change(connection), {"name": "Renamed", "line": line.pk})
    pages.append(client.get(reverse("admin:openlines_connection_history", args=[connection.pk])).text)
    for text in pages:
        assert TOKEN not in text
        assert "hush-hush" not in text
        assert "another-secret" not in text
    assert "Leave it empty to keep it." in pages[0]
    connection.refresh_from_db()
    assert (connection.name, connection.credentials["token"]) == ("Renamed", TOKEN)
    assert provider == []  # nothing that the provider has to know was changed


ELSEWHERE = "https://elsewhere.example"
MAILBOX = {
    "address": "shop@shop.example",
    "login": "password",
    "password": "hush-hush",
    "imap_host": "imap.shop.example",
    "imap_security": "ssl",
    "smtp_host": "smtp.shop.example",
    "smtp_security": "starttls",
    "smtp_login": "same",
}


@pytest.mark.parametrize(
    ("kind", "stored", "typed", "asked"),
    [
        ("telegram", {"token": TOKEN}, {"base_url": ELSEWHERE}, "token"),
        ("viber", {"token": TOKEN, "name": "Shop"}, {"base_url": ELSEWHERE}, "token"),
        ("sms", {"account_sid": "AC1", "auth_token": TOKEN}, {"base_url": ELSEWHERE}, "auth_token"),
        ("whatsapp", {"token": TOKEN, "app_secret": "x"}, {"base_url": ELSEWHERE}, "app_secret"),
        ("email", MAILBOX, {"credential_imap_host": "imap.elsewhere.example"}, "password"),
        ("email", MAILBOX, {"credential_smtp_host": "smtp.elsewhere.example"}, "password"),
        ("email", MAILBOX, {"credential_imap_port": "4143"}, "password"),
        ("email", MAILBOX, {"credential_smtp_security": "none"}, "password"),
    ],
)
def test_a_stored_secret_is_asked_for_again_when_it_would_go_elsewhere(
    client: Client,
    administrator: Employee,
    line: OpenLine,
    provider: list[str],
    kind: str,
    stored: dict[str, str],
    typed: dict[str, str],
    asked: str,
) -> None:
    connection = make_connection(line, kind, credentials=stored)
    shown = {f"credential_{key}": value for key, value in stored.items() if value not in (TOKEN, "hush-hush")}
    sent = {"name": "Shop", "line": line.pk, **shown, **typed}
    answer = client.post(change(connection), sent)
    assert "what is stored goes to the old address only" in answer.text
    connection.refresh_from_db()
    assert (connection.base_url, connection.credentials) == ("", stored)
    assert provider == []


def test_with_the_secret_typed_again_a_connection_leads_elsewhere(
    client: Client, administrator: Employee, line: OpenLine, provider: list[str]
) -> None:
    connection = make_connection(line, "telegram", credentials={"token": TOKEN, "secret_token": "hush-hush"})
    sent = {"name": "Shop", "line": line.pk, "base_url": ELSEWHERE, "credential_token": TOKEN}
    client.post(change(connection), sent)
    connection.refresh_from_db()
    assert (connection.base_url, connection.credentials["token"]) == (ELSEWHERE, TOKEN)
    assert connection.credentials["secret_token"] not in ("", "hush-hush")  # made anew: nobody knows it


@pytest.mark.parametrize("typed", ["http://169.254.169.254/", "http://[fe80::1]/", "http://0.0.0.0:8000"])
def test_no_address_leads_to_the_machines_surroundings(
    client: Client, administrator: Employee, line: OpenLine, provider: list[str], typed: str
) -> None:
    answer = add(client, "telegram", line=line.pk, credential_token=TOKEN, base_url=typed)
    assert "surroundings" in answer.text
    assert not Connection.objects.exists()


def test_a_second_connection_of_a_kind_is_refused_with_the_reason(
    client: Client, administrator: Employee, line: OpenLine, provider: list[str]
) -> None:
    make_connection(line, "telegram")
    answer = add(client, "telegram", line=line.pk, credential_token=TOKEN)
    assert answer.status_code == 200
    assert "already has a connection of the kind Telegram" in answer.context["form"].errors["line"][0]
    assert Connection.objects.count() == 1
    with pytest.raises(CommandRefused, match="already has a connection"):
        connections.create(line, kind="telegram", name="Second", values={})


def test_a_connection_can_be_made_with_a_new_line(
    client: Client, administrator: Employee, line: OpenLine, provider: list[str]
) -> None:
    make_connection(line, "telegram")
    empty = add(client, "telegram", line="new", new_line="", credential_token=TOKEN)
    assert empty.context["form"].errors["new_line"]
    add(client, "telegram", line="new", new_line="Second shop", credential_token=TOKEN)
    made = Connection.objects.get(line__name="Second shop")
    assert made.line.queue_entries.get().employee == administrator


def test_who_may_not_change_lines_is_not_offered_a_new_one(
    client: Client, line: OpenLine, provider: list[str]
) -> None:
    technician = make_employee()
    make_role("technician", connections_change=Scope.ALL, lines_see=Scope.ALL).bindings.create(
        employee=technician
    )
    client.force_login(technician)
    address = f"{reverse('admin:openlines_connection_add')}?kind=telegram"
    assert 'value="new"' not in client.get(address).text
    refused = add(client, "telegram", line="new", new_line="Mine", credential_token=TOKEN)
    assert refused.context["form"].errors["line"]
    assert OpenLine.objects.count() == 1


def test_a_connection_moves_to_another_line_unless_that_has_one_of_the_kind(
    client: Client, administrator: Employee, line: OpenLine
) -> None:
    connection = make_connection(line)
    free, taken = make_line(make_employee()), make_line(make_employee())
    make_connection(taken)
    values = {"name": "Chat", "colour": "#2459cc", "position": "right"}
    assert client.post(change(connection), values | {"line": taken.pk}).context["form"].errors["line"]
    assert client.post(change(connection), values | {"line": free.pk}).status_code == 302
    connection.refresh_from_db()
    assert connection.line == free


def test_switching_off_takes_the_webhook_away_and_on_registers_it_again(
    client: Client, administrator: Employee, line: OpenLine, provider: list[str]
) -> None:
    connection = make_connection(line, "telegram", credentials={"token": TOKEN})
    switch = reverse("admin:openlines_connection_switch", args=[connection.pk])
    client.post(switch, {"on": "0"})
    connection.refresh_from_db()
    assert connection.is_active is False
    assert "off" in client.get(change(connection)).text
    back = client.post(switch, {"on": "1", "next": "/admin/"})
    assert back.headers["Location"] == "/admin/"
    assert Connection.objects.get(is_active=True) == connection
    assert [asked.split()[0] for asked in provider] == ["tear_down", "drop_held", "set_up"]


def test_one_is_not_sent_to_another_site(
    client: Client, administrator: Employee, line: OpenLine, provider: list[str]
) -> None:
    connection = make_connection(line, "telegram")
    check = reverse("admin:openlines_connection_check", args=[connection.pk])
    assert client.get(check).status_code == 405
    assert client.post(check, {"next": "https://evil.example/"}).headers["Location"] == change(connection)


def test_a_failing_check_is_told_and_kept_until_one_goes_well(
    client: Client,
    administrator: Employee,
    line: OpenLine,
    provider: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connection = make_connection(line, "telegram", credentials={"token": TOKEN})
    with monkeypatch.context() as broken:
        broken.setattr(
            TelegramConnector, "check", lambda self, account: Health(False, "The token is refused.")
        )
        text = client.post(
            reverse("admin:openlines_connection_check", args=[connection.pk]), follow=True
        ).text
    assert "The token is refused." in text
    assert "does not work" in text
    connection.refresh_from_db()
    assert connection.last_error == "The token is refused."
    assert connection.last_error_at is not None
    client.post(reverse("admin:openlines_connection_check", args=[connection.pk]))
    connection.refresh_from_db()
    assert connection.last_error == ""


def test_a_provider_that_does_not_answer_is_not_waited_for(
    line: OpenLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    never = threading.Event()
    connection = make_connection(line, "telegram", credentials={"token": TOKEN})
    monkeypatch.setattr(connections, "PATIENCE", 0.05)
    monkeypatch.setattr(TelegramConnector, "check", lambda self, account: never.wait(20))
    health = connections.check(connection, now=NOW)
    never.set()
    assert not health.ok
    assert "has not answered" in health.detail


def test_a_paused_connection_says_why_and_goes_on_when_the_credentials_work(
    client: Client,
    administrator: Employee,
    line: OpenLine,
    provider: list[str],
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    connection = make_connection(
        line, "telegram", credentials={"token": TOKEN}, paused_reason="Telegram refuses the token."
    )
    assert "Telegram refuses the token." in client.get(change(connection)).text
    resume = reverse("admin:openlines_connection_resume", args=[connection.pk])
    with monkeypatch.context() as broken:
        broken.setattr(TelegramConnector, "check", lambda self, account: Health(False, "Still refused."))
        client.post(resume)
        connection.refresh_from_db()
        assert connection.paused_reason
    with django_capture_on_commit_callbacks(execute=True):
        assert "What waited is being sent now." in client.post(resume, follow=True).text
    connection.refresh_from_db()
    assert connection.paused_reason == ""
    assert connection.deadlines.filter(kind="drain").exists()


def test_new_credentials_are_tried_at_once(
    client: Client, administrator: Employee, line: OpenLine, provider: list[str]
) -> None:
    connection = make_connection(line, "telegram", credentials={"token": "1:old"}, paused_reason="Refused.")
    text = client.post(
        change(connection), {"name": "Shop", "line": line.pk, "credential_token": TOKEN}, follow=True
    ).text
    assert "set_up went well." in text
    connection.refresh_from_db()
    assert (connection.credentials["token"], connection.paused_reason) == (TOKEN, "")


# -- live chat


def test_a_live_chat_shows_the_code_to_copy_and_a_direct_link(
    client: Client, administrator: Employee, line: OpenLine, settings: Any
) -> None:
    add(
        client,
        "livechat",
        line=line.pk,
        title="Ask us",
        colour="#aa0000",
        position="left",
        allowed_domains="shop.example",
        schedule_0="09:00-17:00",
        only_open="on",
    )
    chat = Connection.objects.get()
    assert chat.options == {
        "title": "Ask us",
        "colour": "#aa0000",
        "position": "left",
        "allowed_domains": ["shop.example"],
        "schedule": {"0": "09:00-17:00"},
        "only_open": True,
    }
    text = client.get(change(chat)).text
    code = f"&lt;script async src=&quot;{settings.PUBLIC_URL}/chat/{chat.public_id}/loader.js&quot;&gt;&lt;/script&gt;"
    assert code in text
    assert f'href="{settings.PUBLIC_URL}/chat/{chat.public_id}/"' in text


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("allowed_domains", "shop.example\nhttps://x y/..", "not a domain"),
        ("colour", "red", "colour like #2459cc"),
        ("schedule", "noon", "noon"),
    ],
)
def test_nonsense_in_a_chats_looks_is_refused_with_the_bad_item(
    client: Client, administrator: Employee, line: OpenLine, field: str, value: str, words: str
) -> None:
    name = "schedule_0" if field == "schedule" else field
    answer = add(client, "livechat", **{"line": line.pk, "colour": "#2459cc", name: value})
    assert words in answer.context["form"].errors[field][0]


# -- the inbound log


def test_a_parked_delivery_is_read_again_on_request(
    client: Client, administrator: Employee, line: OpenLine
) -> None:
    connection = make_connection(line, "telegram", credentials={"token": TOKEN})
    parked = InboundEvent.objects.create(
        connection=connection,
        key="1",
        received_at=NOW,
        body=b'{"update_id": 1, "message": {"message_id": 5, "date": 1772445600, "text": "Hi",'
        b' "chat": {"id": 7, "type": "private"}, "from": {"id": 7, "is_bot": false, "first_name": "Maria"}}}',
        state="parked",
        reason="KeyError: 'x'",
    )
    page = reverse("admin:openlines_inboundevent_change", args=[parked.pk])
    assert "KeyError" in client.get(page).text
    listing = reverse("admin:openlines_inboundevent_changelist")
    answer = client.post(listing, {"action": "replay", "_selected_action": [parked.pk]}, follow=True)
    assert "1 delivery was read." in answer.text
    parked.refresh_from_db()
    assert parked.state == "processed"
    assert connection.clients.get().dialogs.get().client_message_count == 1


# -- health


def test_an_unusual_silence_shows(client: Client, administrator: Employee, line: OpenLine) -> None:
    connection = make_connection(line)
    first = write(make_client(connection))
    Message.objects.filter(pk=first.pk).update(created_at=NOW - timedelta(weeks=5))
    rows = []
    for number in range(1, 28 * 24):  # a message every hour until an hour ago, for four weeks
        rows.append(
            Message(
                dialog=first.dialog,
                connection=connection,
                seq=100 + number,
                rev=number,
                author="client",
                created_at=NOW - timedelta(hours=number),
            )
        )
    Message.objects.bulk_create(rows)
    now = NOW
    for hours, expected in ((0.0, "ok"), (2.0, "ok"), (2.5, "silent")):
        assert (
            health.report([connection], now=now + timedelta(hours=hours))[connection.pk].health == expected
        ), hours
    Message.objects.filter(pk__in=[row.pk for row in rows[::12]]).delete()
    Message.objects.filter(created_at__lt=NOW - timedelta(days=3)).delete()
    assert (
        health.report([connection], now=now + timedelta(hours=9))[connection.pk].health == "ok"
    )  # too few to judge


def test_who_may_only_look_sees_no_keys_of_a_channel_of_ones_own(client: Client, line: OpenLine) -> None:
    """With them he could write in clients' names; who sets the channel up copies them from here."""
    keys = {"url": "https://shop.example/in", "secret": "whsec_c2VjcmV0", "api_key": "key-4711"}
    connection = make_connection(line, "api", credentials=keys)
    client.force_login(make_employee(role="supervisor"))
    page = client.get(change(connection))
    assert page.status_code == 200
    assert not [value for value in keys.values() if value in page.text]
    client.force_login(make_employee(role="administrator"))
    assert "key-4711" in client.get(change(connection)).text
