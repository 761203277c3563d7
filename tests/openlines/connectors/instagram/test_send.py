"""Sending by both log-ins: bytes instead of characters, files by address, no uploads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from openlines.connectors import registry
from openlines.connectors.base import (
    Account,
    Broken,
    Button,
    Failed,
    MediaKind,
    Outcome,
    OutgoingFile,
    Sender,
    Sent,
    TryLater,
    Unknown,
)
from openlines.connectors.instagram.fake import PAGE, FakeInstagram
from openlines.connectors.instagram.logins import channel
from openlines.connectors.meta.fake import Behaviour, dies, garbage, refuse, server_error, too_many
from tests.openlines.connectors.messenger.building import CLIENT, outgoing

connector: Any = registry.get("instagram")
DAY = 24 * 3600


def got(meta: FakeInstagram) -> list[dict[str, Any]]:
    return meta.customers[CLIENT].messages


def test_a_text_goes_to_the_host_of_its_log_in(meta: FakeInstagram, account: Account, login: str) -> None:
    outcome = connector.send(outgoing("Dzień dobry"), account)
    (message,) = got(meta)
    assert outcome == Sent((message["mid"],))
    assert (message["text"], message["type"]) == ("Dzień dobry", "RESPONSE")
    assert "metadata" not in message
    node = meta.calls[0].pieces[0]
    hosts = {
        "instagram": ("https://graph.instagram.com", "me"),
        "facebook": ("https://graph.facebook.com", PAGE),
    }
    assert (channel(account).host, node) == hosts[login]


@pytest.mark.parametrize("letter", ["a", "ż", "字", "😀", "👩‍👩‍👧 ", "zażółć gęślą jaźń. "])
def test_a_long_text_is_cut_by_bytes(meta: FakeInstagram, account: Account, letter: str) -> None:
    text = (letter * 1500)[:1500]
    outcome = connector.send(outgoing(text), account)
    assert isinstance(outcome, Sent)
    assert len(outcome.external_ids) == len(got(meta)) >= 2
    assert all(len(message["text"].encode()) <= 1000 for message in got(meta))
    assert "".join("".join(message["text"].split()) for message in got(meta)) == "".join(text.split())


def test_files_are_fetched_from_our_address(
    meta: FakeInstagram, account: Account, file: Callable[..., OutgoingFile]
) -> None:
    url = meta.add_file("plan.png", b"picture", mime="image/png")
    assert isinstance(connector.send(outgoing("Look", files=(file(url=url),)), account), Sent)
    text, picture = got(meta)
    assert text["text"] == "Look"
    assert (picture["attachment"].name, picture["attachment"].content) == ("image:plan.png", b"picture")
    assert all(not call.uploads for call in meta.calls)


def test_without_an_address_the_reason_says_so(
    meta: FakeInstagram, account: Account, file: Callable[..., OutgoingFile]
) -> None:
    outcome = connector.send(outgoing(files=(file(),)), account)
    assert isinstance(outcome, Failed)
    assert "public address" in outcome.reason
    unreachable = connector.send(outgoing(files=(file(url=f"{meta.url}/cdn/gone"),)), account)
    assert isinstance(unreachable, Failed)
    assert len(got(meta)) == 0


def test_a_large_picture_goes_as_a_file(
    meta: FakeInstagram, account: Account, file: Callable[..., OutgoingFile]
) -> None:
    content = b"\0" * (8 * 1024 * 1024 + 1)
    large = file("p.png", content, url=meta.add_file("p.png", content, mime="image/png"))
    gif = file("a.gif", b"gif", "image/gif", url=meta.add_file("a.gif", b"gif", mime="image/gif"))
    pdf = file(
        "p.pdf",
        b"%PDF",
        "application/pdf",
        MediaKind.FILE,
        url=meta.add_file("p.pdf", b"%PDF", mime="application/pdf"),
    )
    assert isinstance(connector.send(outgoing(files=(large, gif, pdf)), account), Sent)
    assert [message["attachment"].name for message in got(meta)] == [
        "file:p.png",
        "file:a.gif",
        "file:p.pdf",
    ]


def test_buttons_are_quick_replies(meta: FakeInstagram, account: Account) -> None:
    buttons = (Button("Good", "rate:1"), Button("Bad", "rate:0"))
    connector.send(outgoing("How was it?", buttons=buttons), account)
    assert [reply["payload"] for reply in got(meta)[0]["quick_replies"]] == ["rate:1", "rate:0"]


def test_late_answers_are_a_persons_only(meta: FakeInstagram, account: Account) -> None:
    meta.pass_time(CLIENT, 2 * DAY)
    over = connector.send(outgoing("Hello"), account)
    assert isinstance(over, Failed)
    assert "24 hours" in over.reason
    assert isinstance(connector.send(outgoing("Hello", late=True), account), Sent)
    assert got(meta)[0]["tag"] == "HUMAN_AGENT"
    assert isinstance(connector.send(outgoing("x", late=True, is_automatic=True), account), Failed)


@pytest.mark.parametrize(
    ("behaviour", "outcome"),
    [
        (too_many(14), TryLater),
        (server_error(), TryLater),
        (garbage(), Unknown),
        (dies(), Unknown),
        (refuse(190, "Session has expired"), Broken),
        (refuse(10, "outside of allowed window", subcode=2534022, status=403), Failed),
        (refuse(100, "The requested user cannot be found", subcode=2534014), Failed),
        (refuse(3, "Application does not have the capability to make this API call."), Broken),
    ],
)
def test_each_trouble_has_its_outcome(
    meta: FakeInstagram, account: Account, behaviour: Behaviour, outcome: type[Outcome]
) -> None:
    meta.plan("messages", behaviour)
    assert type(connector.send(outgoing("Hello"), account)) is outcome


def test_a_missing_token_breaks_the_connection(account: Account) -> None:
    assert isinstance(connector.send(outgoing("x"), replace(account, credentials={})), Broken)


def test_the_clients_name_is_asked_for(meta: FakeInstagram, account: Account) -> None:
    assert connector.profile(CLIENT, account) == Sender(CLIENT, name="Anna Bell", username="anna.b")
    meta.customers[CLIENT].name = ""
    assert connector.profile(CLIENT, account) == Sender(CLIENT, name="anna.b", username="anna.b")
    meta.customers[CLIENT].wrote_at = None
    assert connector.profile(CLIENT, account) is None


def test_typing_and_read_marks_never_raise(meta: FakeInstagram, account: Account) -> None:
    connector.show_typing(CLIENT, account)
    connector.mark_read(CLIENT, "m_1", account)
    meta.plan("messages", dies())
    connector.show_typing(CLIENT, account)
    assert [call.params["sender_action"] for call in meta.calls_of("messages")] == [
        "typing_on",
        "mark_seen",
        "typing_on",
    ]
