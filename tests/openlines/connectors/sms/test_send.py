"""Sending over real HTTP to the fake, which checks and keeps what the client got."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest

from contactcenter.lib import http
from openlines.connectors.base import (
    Account,
    Broken,
    Failed,
    MediaKind,
    Outcome,
    OutgoingFile,
    OutgoingMessage,
    Sent,
    TryLater,
    Unknown,
)
from openlines.connectors.loopback import Behaviour, Reply, bad_gateway, dies, garbage, slow, too_many, well
from openlines.connectors.sms.fake import NUMBER, FakeTwilio, Number, refuse
from tests.openlines.connectors.sms.building import HOOK, PHONE, connector

UUID = "7b0e6c1a-5a2f-4c0c-9a55-0c8f6a3c7b11"


def outgoing(text: str = "", **more: Any) -> OutgoingMessage:
    return OutgoingMessage(**{"uuid": UUID, "recipient": PHONE, "text": text, **more})


def file(number: int = 1, *, url: str = "") -> OutgoingFile:
    return OutgoingFile(
        "/nowhere",
        f"{number}.pdf",
        "application/pdf",
        MediaKind.FILE,
        url or f"https://desk.example/f/{number}",
    )


def with_(account: Account, **credentials: str) -> Account:
    return replace(account, credentials={**account.credentials, **credentials})


def test_a_text_reaches_the_client_and_its_sid_comes_back(twilio: FakeTwilio, account: Account) -> None:
    outcome = connector.send(outgoing("Good <b>morning</b> & 😀+ż"), account)
    (got,) = twilio.messages
    assert (got["body"], got["to"], got["from"]) == ("Good <b>morning</b> & 😀+ż", PHONE, NUMBER)
    assert outcome == Sent((got["sid"],))


def test_twilio_is_told_where_to_report(twilio: FakeTwilio, account: Account) -> None:
    connector.send(outgoing("Hi"), account)
    (callback,) = twilio.callbacks.values()
    assert callback.startswith(f"{HOOK}?")
    assert dict(parse_qsl(urlsplit(callback).query)) == {"uuid": UUID}
    assert dict(parse_qsl(urlsplit(callback).fragment)) == {"rc": "3", "rp": "all"}
    assert isinstance(connector.send(outgoing("Hi"), replace(account, webhook_url="")), Sent)


@pytest.mark.parametrize("letter", ["a", "ż", "😀", "ab "])
def test_a_long_text_goes_in_pieces(twilio: FakeTwilio, account: Account, letter: str) -> None:
    text = letter * 2500
    outcome = connector.send(outgoing(text), account)
    assert isinstance(outcome, Sent)
    assert outcome.external_ids == tuple(got["sid"] for got in twilio.messages)
    assert len(outcome.external_ids) > 1
    assert "".join("".join(got["body"].split()) for got in twilio.messages) == "".join(text.split())


def test_a_retry_goes_on_where_it_stopped(twilio: FakeTwilio, account: Account) -> None:
    message = outgoing("\n\n".join(letter * 1500 for letter in "abc"))
    twilio.plan("send", well(), too_many(3))
    first = connector.send(message, account)
    assert isinstance(first, TryLater)
    assert len(first.external_ids) == 1
    second = connector.send(replace(message, part=1), account)
    assert isinstance(second, Sent)
    assert len(second.external_ids) == 2
    assert [got["body"][0] for got in twilio.messages] == ["a", "b", "c"]
    assert connector.send(replace(message, part=3), account) == Sent(())


def test_files_go_as_links(twilio: FakeTwilio, account: Account) -> None:
    connector.send(outgoing("Two files", files=(file(1), file(2))), account)
    connector.send(outgoing(files=(file(3),)), account)
    assert [got["body"] for got in twilio.messages] == [
        "Two files\nhttps://desk.example/f/1\nhttps://desk.example/f/2",
        "https://desk.example/f/3",
    ]
    assert [got["media_urls"] for got in twilio.messages] == [[], []]


def test_or_as_mms(twilio: FakeTwilio, account: Account) -> None:
    mms = with_(account, files="mms")
    connector.send(outgoing("Many", files=tuple(file(number) for number in range(12))), mms)
    first, second = twilio.messages
    assert (first["body"], len(first["media_urls"]), len(second["media_urls"])) == ("Many", 10, 2)
    twilio.messages.clear()
    connector.send(outgoing("a" * 1601, files=(file(),)), mms)
    assert [(len(got["body"]), len(got["media_urls"])) for got in twilio.messages] == [
        (1600, 0),
        (1, 0),
        (0, 1),
    ]


def test_a_file_without_an_address_stops_the_message(twilio: FakeTwilio, account: Account) -> None:
    outcome = connector.send(outgoing("Look", files=(replace(file(), url=""),)), account)
    assert isinstance(outcome, Failed)
    assert "1.pdf" in outcome.reason
    assert twilio.calls == []


@pytest.mark.parametrize("recipient", ["+48 600-100 (200)", "0048600100200", "+48.600.100.200"])
def test_a_number_as_people_write_it_is_understood(
    twilio: FakeTwilio, account: Account, recipient: str
) -> None:
    assert isinstance(connector.send(outgoing("Hi", recipient=recipient), account), Sent)
    assert twilio.messages[0]["to"] == PHONE


def test_a_messaging_service_sends_in_the_place_of_a_number(twilio: FakeTwilio, account: Account) -> None:
    service = "MG" + "1" * 32
    twilio.services[service] = Number(service)
    assert isinstance(connector.send(outgoing("Hi"), with_(account, sender=service)), Sent)
    assert (twilio.messages[0]["messaging_service_sid"], twilio.messages[0]["from"]) == (service, None)


def test_whatsapp_clients_are_answered_by_whatsapp(twilio: FakeTwilio, account: Account) -> None:
    connector.send(outgoing("Hi", recipient=f"whatsapp:{PHONE}", files=(file(1), file(2))), account)
    connector.send(outgoing("Hi", recipient="whatsapp:IN.2081978709342942"), account)
    connector.send(outgoing("Hi"), with_(account, sender=f"whatsapp:{NUMBER}"))
    assert {got["from"] for got in twilio.messages} == {f"whatsapp:{NUMBER}"}
    assert [got["to"] for got in twilio.messages][2:] == ["whatsapp:IN.2081978709342942", f"whatsapp:{PHONE}"]
    assert [len(got["media_urls"]) for got in twilio.messages] == [1, 1, 0, 0]


def test_an_api_key_logs_in_where_there_is_one(twilio: FakeTwilio, account: Account) -> None:
    twilio.logins = {"SK1": "secret"}
    assert isinstance(
        connector.send(outgoing("Hi"), with_(account, api_key="SK1", api_secret="secret")), Sent
    )
    assert isinstance(connector.send(outgoing("Hi"), account), Broken)


@pytest.mark.parametrize("text", ["", " \n"])
def test_an_empty_message_is_not_sent(twilio: FakeTwilio, account: Account, text: str) -> None:
    assert isinstance(connector.send(outgoing(text), account), Failed)
    assert twilio.calls == []


@pytest.mark.parametrize(
    ("behaviour", "outcome", "delivered"),
    [
        (too_many(14), TryLater, 0),
        (refuse(20429, status=429), TryLater, 0),
        (bad_gateway(), TryLater, 0),
        (Behaviour(Reply(301)), TryLater, 0),
        (refuse(20500, status=500), TryLater, 0),
        *((refuse(code), TryLater, 0) for code in (20503, 14107, 21611, 30001, 30022, 63018)),
        (garbage(), Unknown, 1),
        (dies(), Unknown, 1),
        (Behaviour(Reply(201, b"{}"), does_it=True), Unknown, 1),
        (refuse(20003, status=401), Broken, 0),
        (Behaviour(Reply(401, b"no")), Broken, 0),
        (Behaviour(Reply(404, b"<html>")), Broken, 0),
        (refuse(20404, status=404), Broken, 0),
        *((refuse(code), Broken, 0) for code in (20005, 21212, 21606, 21609, 21703, 30002)),
        *(
            (refuse(code), Failed, 0)
            for code in (21211, 21408, 21610, 21612, 21614, 21617, 21620, 21658, 63016)
        ),
        (refuse(29999, "Something of next year"), Failed, 0),
    ],
)
def test_each_trouble_has_its_outcome(
    twilio: FakeTwilio, account: Account, behaviour: Behaviour, outcome: type[Outcome], delivered: int
) -> None:
    twilio.plan("send", behaviour)
    found = connector.send(outgoing("Hello"), account)
    assert type(found) is outcome
    assert not isinstance(found, Sent)
    assert found.reason.endswith((".", "not."))
    assert account.credentials["auth_token"] not in repr(found)
    assert len(twilio.messages) == delivered
    assert len(twilio.called("send")) == 1


def test_the_fake_s_own_refusals(twilio: FakeTwilio, account: Account) -> None:
    twilio.opted_out.add(PHONE)
    stopped = connector.send(outgoing("Hello"), account)
    wrong = connector.send(outgoing("Hello", recipient="12"), account)
    assert isinstance(stopped, Failed)
    assert isinstance(wrong, Failed)
    assert (stopped.unreachable, wrong.unreachable) == (True, True)
    assert "START" in stopped.reason
    foreign = connector.send(outgoing("Hello"), with_(account, sender="+48111222333"))
    assert isinstance(foreign, Broken)
    twilio.plan("send", refuse(21612))
    elsewhere = connector.send(outgoing("Hello"), account)
    assert isinstance(elsewhere, Failed)
    assert not elsewhere.unreachable


def test_how_long_to_wait(twilio: FakeTwilio, account: Account) -> None:
    twilio.plan("send", too_many(14), too_many(10**6), refuse(21611), refuse(20503))
    found = [connector.send(outgoing("Hello"), account) for _ in range(4)]
    assert [(one.after, one.whole_connection) for one in found if isinstance(one, TryLater)] == [
        (timedelta(seconds=14), True),
        (timedelta(hours=1), True),
        (timedelta(minutes=10), False),
        (None, False),
    ]


def test_a_slow_answer_is_unknown(
    twilio: FakeTwilio, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "TIMEOUT", httpx.Timeout(0.2, connect=5))
    twilio.plan("send", slow(30))
    assert isinstance(connector.send(outgoing("Hello"), account), Unknown)
    assert len(twilio.messages) == 1


def test_when_nobody_listens_it_is_tried_later(account: Account) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        nowhere = replace(account, base_url=f"http://127.0.0.1:{unheard.getsockname()[1]}")
        assert isinstance(connector.send(outgoing("Hello"), nowhere), TryLater)


@pytest.mark.parametrize("missing", ["account_sid", "auth_token", "sender"])
def test_missing_credentials_break_the_connection(twilio: FakeTwilio, account: Account, missing: str) -> None:
    assert isinstance(connector.send(outgoing("Hello"), with_(account, **{missing: ""})), Broken)
    assert twilio.calls == []


def test_the_form_is_what_twilio_s_own_client_sends(twilio: FakeTwilio, account: Account) -> None:
    from twilio.rest import Client  # type: ignore[import-untyped]

    client = Client(account.credentials["account_sid"], account.credentials["auth_token"])
    client.api.base_url = twilio.url
    client.messages.create(
        to=PHONE,
        from_=NUMBER,
        body="Zażółć & 😀",
        media_url=["https://desk.example/f/1", "https://desk.example/f/2"],
        status_callback=f"{HOOK}?uuid={UUID}#rc=3&rp=all",
    )
    connector.send(outgoing("Zażółć & 😀", files=(file(1), file(2))), with_(account, files="mms"))
    theirs, ours = (parse_qs(call.body.decode()) for call in twilio.called("send"))
    assert theirs == ours
    with pytest.raises(Exception, match="unsubscribed"):
        twilio.opted_out.add(PHONE)
        client.messages.create(to=PHONE, from_=NUMBER, body="x")
