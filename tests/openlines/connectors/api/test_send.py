"""Messages out, against a customer's system on loopback."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from time import time

import pytest
from django.utils import timezone
from pytest_django import Settings

from openlines.connectors.api import send
from openlines.connectors.api.fake import FakeCustomer, refuse
from openlines.connectors.base import (
    Account,
    Broken,
    Button,
    Failed,
    Finding,
    Health,
    MediaKind,
    Outcome,
    OutgoingFile,
    Sent,
    TryLater,
)
from openlines.connectors.loopback import Behaviour, Reply, bad_gateway, dies, garbage, slow, too_many
from tests.openlines.connectors.api.building import connector, outgoing

UUID = outgoing().uuid


def test_a_message_with_everything(customer: FakeCustomer, account: Account, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"bytes")
    files = (
        OutgoingFile(str(path), "a.txt", "text/plain", MediaKind.FILE),
        OutgoingFile(str(path), "b.jpg", "image/jpeg", MediaKind.IMAGE, url="https://us.example/b"),
    )
    outcome = connector.send(
        outgoing(
            files=files,
            reply_to="m-1",
            buttons=(Button("Yes", "1"),),
            sender_name="Ewa",
            sender_photo="https://us.example/ewa",
            is_automatic=True,
        ),
        account,
    )
    assert outcome == Sent(("c-1",))
    assert customer.messages == [
        {
            "uuid": UUID,
            "part": 0,
            "parts": 1,
            "contact": {"external_id": "user-42"},
            "text": "Good morning",
            "automatic": True,
            "sender": {"name": "Ewa", "photo": "https://us.example/ewa"},
            "reply_to": "m-1",
            "attachments": [
                {"kind": "file", "name": "a.txt", "mime": "text/plain", "content_b64": "Ynl0ZXM="},
                {"kind": "image", "name": "b.jpg", "mime": "image/jpeg", "url": "https://us.example/b"},
            ],
            "buttons": [{"text": "Yes", "payload": "1"}],
        }
    ]
    assert customer.calls[0].path == "/helpdesk"
    assert customer.events[0]["id"] == f"msg_{UUID}"


def test_without_an_id_of_its_own_the_message_is_known_by_ours(
    customer: FakeCustomer, account: Account
) -> None:
    customer.names_messages = False
    assert connector.send(outgoing(), account) == Sent((UUID,))
    customer.plan("webhook", Behaviour(Reply(204, b"", "")), refuse(200, external_id="x" * 201))
    assert connector.send(outgoing(), account) == Sent((UUID,))
    assert connector.send(outgoing(), account) == Sent((UUID,))


def test_a_long_text_goes_in_parts_and_goes_on_where_it_stopped(
    customer: FakeCustomer, account: Account
) -> None:
    text = "\n\n".join(letter * 9000 for letter in "abc")
    customer.plan("webhook", Behaviour(does_it=True), bad_gateway())
    files = (OutgoingFile("", "b.jpg", "image/jpeg", MediaKind.IMAGE, url="https://us.example/b"),)
    first = connector.send(outgoing(text, files=files, reply_to="m"), account)
    assert isinstance(first, TryLater)
    assert first.external_ids == ("c-1",)
    rest = connector.send(outgoing(text, files=files, reply_to="m", part=1), account)
    assert rest == Sent(("c-2", "c-3"))
    assert [(m["part"], m["parts"], m["text"][0]) for m in customer.messages] == [
        (0, 3, "a"),
        (1, 3, "b"),
        (2, 3, "c"),
    ]
    assert ["attachments" in m for m in customer.messages] == [False, False, True]
    assert ["reply_to" in m for m in customer.messages] == [True, False, False]
    assert len({event["id"] for event in customer.events}) == 3


def test_a_repeated_call_has_the_same_id_so_nothing_is_shown_twice(
    customer: FakeCustomer, account: Account
) -> None:
    customer.plan("webhook", dies())
    assert isinstance(connector.send(outgoing(), account), TryLater)
    assert connector.send(outgoing(), account) == Sent(("c-1",))
    assert len(customer.messages) == 1
    assert customer.repeated == [f"msg_{UUID}"]


@pytest.mark.parametrize(
    ("behaviour", "outcome", "word"),
    [
        (bad_gateway(), TryLater, "502"),
        (refuse(408), TryLater, "408"),
        (too_many(7), TryLater, "slowly"),
        (Behaviour(Reply(302, headers={"Location": "https://other.example/"})), TryLater, "302"),
        (dies(), TryLater, "repeated"),
        (refuse(410), Broken, "410"),
        (refuse(401), Broken, "secret"),
        (refuse(400, message="no such chat"), Failed, "no such chat"),
        (refuse(403), Failed, "403"),
        (refuse(404), Failed, "404"),
        (refuse(422, message=["odd"]), Failed, "422"),
        (garbage(), Sent, ""),
    ],
)
def test_each_answer_has_its_outcome(
    customer: FakeCustomer, account: Account, behaviour: Behaviour, outcome: type[Outcome], word: str
) -> None:
    customer.plan("webhook", behaviour)
    found = connector.send(outgoing(), account)
    assert type(found) is outcome
    assert word in getattr(found, "reason", "")


def test_only_who_cannot_be_reached_is_marked_so(customer: FakeCustomer, account: Account) -> None:
    customer.plan("webhook", refuse(400, unreachable=True), refuse(400, unreachable="yes"))
    assert getattr(connector.send(outgoing(), account), "unreachable", None) is True
    assert getattr(connector.send(outgoing(), account), "unreachable", None) is False


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        ("14", timedelta(seconds=14)),
        ("0", timedelta(seconds=1)),
        ("9" * 30, timedelta(hours=1)),
        ("soon", None),
        ("", None),
    ],
)
def test_a_wait_is_kept(customer: FakeCustomer, account: Account, asked: str, wait: timedelta | None) -> None:
    customer.plan("webhook", Behaviour(Reply(429, headers={"Retry-After": asked})))
    found = connector.send(outgoing(), account)
    assert isinstance(found, TryLater)
    assert (found.after, found.whole_connection) == (wait, True)


def test_a_wait_may_be_a_date(customer: FakeCustomer, account: Account) -> None:
    until = format_datetime(timezone.now() + timedelta(seconds=90), usegmt=False)
    customer.plan("webhook", Behaviour(Reply(503, headers={"Retry-After": until})))
    found = connector.send(outgoing(), account)
    assert isinstance(found, TryLater)
    assert found.after is not None
    assert 80 < found.after.total_seconds() <= 90


def test_a_slow_answer_is_asked_for_again(
    customer: FakeCustomer, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer.plan("webhook", slow(20))
    began = time()
    assert isinstance(send.post(account, "ping", {}, identifier="p", own_id="", seconds=0.2), TryLater)
    assert time() - began < 5


def test_when_nobody_listens_it_is_tried_later(customer: FakeCustomer, account: Account) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        nowhere = replace(account, base_url=f"http://127.0.0.1:{unheard.getsockname()[1]}")
        assert isinstance(connector.send(outgoing(), nowhere), TryLater)


def test_nothing_is_sent_into_our_own_network(
    customer: FakeCustomer, account: Account, settings: Settings
) -> None:
    settings.PRIVATE_ADDRESSES = ["10.0.0.0/8"]
    found = connector.send(outgoing(), account)
    assert isinstance(found, Broken)
    assert "private network" in found.reason
    assert customer.calls == []


@pytest.mark.parametrize(
    "credentials",
    [
        {"url": ""},
        {"url": "ftp://shop.example/"},
        {"url": "http://["},
        {"url": "shop.example"},
        {"secret": ""},
        {"secret": "short"},
    ],
)
def test_what_is_missing_breaks_the_connection(account: Account, credentials: dict[str, str]) -> None:
    broken = replace(account, credentials={**account.credentials, **credentials})
    found = connector.send(outgoing(), broken)
    assert isinstance(found, Broken)
    assert len(found.reason) > 20
    health = connector.check(broken)
    assert (health.ok, health.detail) == (False, found.reason)


@pytest.mark.parametrize("text", ["", " \n", "\0"])
def test_an_empty_message_is_not_sent(customer: FakeCustomer, account: Account, text: str) -> None:
    assert isinstance(connector.send(outgoing(text), account), Failed)
    assert customer.calls == []


def test_files_that_cannot_go_are_named(customer: FakeCustomer, account: Account, tmp_path: Path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as sparse:
        sparse.truncate(send.MAX_INLINE + 1)
    for path in (large, tmp_path / "gone"):
        file = OutgoingFile(str(path), "film.mov", "", MediaKind.VIDEO)
        found = connector.send(outgoing(files=(file,)), account)
        assert isinstance(found, Failed)
        assert "film.mov" in found.reason
    assert customer.calls == []


def test_edits_and_deletions(customer: FakeCustomer, account: Account) -> None:
    for text in ("new", "old", "new"):
        assert connector.edit(("c-1", "c-2"), outgoing(text), account) == Sent(("c-1", "c-2"))
    assert connector.delete(("c-1", "c-2"), "user-42", account) == Sent(("c-1",))
    assert isinstance(connector.edit(("c-1",), outgoing(" "), account), Failed)
    assert [(event["type"], event["data"].get("text")) for event in customer.events] == [
        ("message.edited", "new"),
        ("message.edited", "old"),
        ("message.edited", "new"),
        ("message.deleted", None),
    ]
    assert customer.events[-1]["data"] == {
        "external_ids": ["c-1", "c-2"],
        "contact": {"external_id": "user-42"},
    }


def test_typing_and_read_marks_are_told_and_never_matter(customer: FakeCustomer, account: Account) -> None:
    connector.show_typing("user-42", account)
    connector.mark_read("user-42", "m-1", account)
    assert [event["type"] for event in customer.events] == ["typing.started", "message.read"]
    customer.plan("webhook", dies())
    connector.show_typing("user-42", account)
    connector.show_typing("user-42", replace(account, credentials={}))


def test_the_check_says_how_it_stands(customer: FakeCustomer, account: Account) -> None:
    words = "Your system took a signed test call."
    found = (Finding("Your webhook", True, words),)
    assert connector.check(account) == Health(True, words, "127.0.0.1", found)
    assert json.loads(customer.calls[0].body)["type"] == "ping"
    assert connector.set_up(account).ok
    assert connector.tear_down(account).ok
    for behaviour, word in (
        (refuse(401), "secret"),
        (refuse(404), "404"),
        (refuse(410), "410"),
        (bad_gateway(), "502"),
        (dies(), "reached"),
    ):
        customer.plan("webhook", behaviour)
        health = connector.check(account)
        assert not health.ok
        assert word in health.detail
    unusable = {**account.credentials, "previous_secret": "?"}
    assert not connector.check(replace(account, credentials=unusable)).ok
