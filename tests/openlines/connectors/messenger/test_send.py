"""Sending over real HTTP to the fake, which checks what Meta checks and keeps what the customer got."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from contactcenter.lib import http
from openlines.connectors import registry
from openlines.connectors.base import (
    Account,
    Broken,
    Button,
    Courteous,
    Failed,
    MediaKind,
    Outcome,
    OutgoingFile,
    Profiled,
    Sender,
    Sent,
    TryLater,
    Unknown,
)
from openlines.connectors.messenger.fake import FakeMessenger
from openlines.connectors.meta.fake import (
    TOKEN,
    Behaviour,
    bad_gateway,
    dies,
    garbage,
    refuse,
    server_error,
    slow,
    too_many,
)
from tests.openlines.connectors.messenger.building import CLIENT, UUID, outgoing
from tests.openlines.connectors.messenger.conftest import PNG

connector = registry.get("messenger")
DAY = 24 * 3600


def got(meta: FakeMessenger) -> list[dict[str, Any]]:
    return meta.customers[CLIENT].messages


def ids(meta: FakeMessenger) -> tuple[str, ...]:
    return tuple(message["mid"] for message in got(meta))


def test_a_text_reaches_the_client_with_our_uuid(meta: FakeMessenger, account: Account) -> None:
    outcome = connector.send(outgoing("Good <b>morning</b> & 😀"), account)
    (message,) = got(meta)
    assert outcome == Sent((message["mid"],))
    assert message["text"] == "Good <b>morning</b> & 😀"
    assert message["metadata"] == UUID
    assert (message["type"], message["tag"]) == ("RESPONSE", "")


def test_the_token_goes_in_the_header_with_its_proof(meta: FakeMessenger, account: Account) -> None:
    connector.send(outgoing("x"), account)
    (call,) = meta.calls
    assert call.token == TOKEN
    assert "access_token" not in call.params
    assert call.params["appsecret_proof"]


def test_a_long_text_goes_in_several_messages_and_only_the_first_replies(
    meta: FakeMessenger, account: Account
) -> None:
    text = "\n\n".join(f"Paragraph {number} 😀 " + "word " * 100 for number in range(12))
    outcome = connector.send(outgoing(text, reply_to="m_asked"), account)
    assert outcome == Sent(ids(meta))
    assert len(got(meta)) > 2
    assert "".join("".join(message["text"].split()) for message in got(meta)) == "".join(text.split())
    assert [message.get("reply_to") for message in got(meta)][:2] == ["m_asked", None]


def test_a_retry_goes_on_where_it_stopped(meta: FakeMessenger, account: Account) -> None:
    message = outgoing("\n\n".join(letter * 1900 for letter in "abc"))
    meta.plan("messages", Behaviour(does_it=True), too_many(3))
    first = connector.send(message, account)
    assert isinstance(first, TryLater)
    assert first.external_ids == ids(meta)
    second = connector.send(replace(message, part=1), account)
    assert isinstance(second, Sent)
    assert [message["text"][0] for message in got(meta)] == ["a", "b", "c"]
    assert connector.send(replace(message, part=3), account) == Sent(())


def test_a_reply_to_what_is_gone_is_sent_all_the_same(meta: FakeMessenger, account: Account) -> None:
    assert isinstance(connector.send(outgoing("There", reply_to="gone"), account), Sent)
    assert "reply_to" not in got(meta)[0]
    assert len(meta.calls_of("messages")) == 2


def test_files_are_uploaded_after_the_text(
    meta: FakeMessenger, account: Account, file: Callable[..., OutgoingFile]
) -> None:
    pdf = file("Plan ę.pdf", b"%PDF", "application/pdf", MediaKind.FILE)
    outcome = connector.send(outgoing("Look", files=(file(), pdf)), account)
    text, picture, document = got(meta)
    assert outcome == Sent(ids(meta))
    assert text["text"] == "Look"
    assert (picture["attachment"].name, picture["attachment"].content) == ("image:żółw.png", PNG)
    assert (document["attachment"].name, document["attachment"].mime) == (
        "file:Plan ę.pdf",
        "application/pdf",
    )
    assert {message["metadata"] for message in got(meta)} == {UUID}


@pytest.mark.parametrize(
    ("mime", "kind", "shown"),
    [
        ("image/jpeg", MediaKind.IMAGE, "image"),
        ("image/jpeg", MediaKind.FILE, "file"),
        ("image/webp", MediaKind.IMAGE, "file"),
        ("video/mp4", MediaKind.VIDEO, "video"),
        ("audio/mpeg", MediaKind.AUDIO, "audio"),
        ("audio/ogg", MediaKind.VOICE, "file"),
        ("", MediaKind.FILE, "file"),
    ],
)
def test_each_kind_of_file_has_its_type(
    meta: FakeMessenger,
    account: Account,
    file: Callable[..., OutgoingFile],
    mime: str,
    kind: MediaKind,
    shown: str,
) -> None:
    assert isinstance(connector.send(outgoing(files=(file("x", PNG, mime, kind),)), account), Sent)
    assert got(meta)[0]["attachment"].name == f"{shown}:x"


def test_files_that_cannot_go_are_refused_with_their_name(
    meta: FakeMessenger, account: Account, tmp_path: Path
) -> None:
    gone = OutgoingFile(str(tmp_path / "gone"), "gone.pdf", "application/pdf", MediaKind.FILE)
    large = tmp_path / "large"
    with large.open("wb") as sparse:
        sparse.truncate(25 * 1024 * 1024 + 1)
    film = OutgoingFile(str(large), "film.mov", "video/quicktime", MediaKind.VIDEO)
    for refused in (gone, film):
        outcome = connector.send(outgoing(files=(refused,)), account)
        assert isinstance(outcome, Failed)
        assert refused.name in outcome.reason
    assert got(meta) == []


def test_buttons_hang_on_the_last_part_and_fit(
    meta: FakeMessenger, account: Account, file: Callable[..., OutgoingFile]
) -> None:
    buttons = tuple(Button(f"A very long answer number {n}", "p" * 1200) for n in range(15))
    assert isinstance(connector.send(outgoing("Choose", files=(file(),), buttons=buttons), account), Sent)
    text, picture = got(meta)
    assert "quick_replies" not in text
    assert len(picture["quick_replies"]) == 13
    assert all(len(reply["title"]) <= 20 for reply in picture["quick_replies"])


def test_a_person_may_answer_late_and_a_machine_may_not(meta: FakeMessenger, account: Account) -> None:
    meta.pass_time(CLIENT, 2 * DAY)
    assert isinstance(connector.send(outgoing("Sorry, it took a while", late=True), account), Sent)
    assert got(meta)[0]["tag"] == "HUMAN_AGENT"
    calls = len(meta.calls)
    automatic = connector.send(outgoing("We are closed", late=True, is_automatic=True), account)
    assert isinstance(automatic, Failed)
    assert len(meta.calls) == calls


def test_after_the_window_the_reason_says_what_to_wait_for(meta: FakeMessenger, account: Account) -> None:
    meta.pass_time(CLIENT, 2 * DAY)
    over = connector.send(outgoing("Hello"), account)
    meta.pass_time(CLIENT, 6 * DAY)
    far_over = connector.send(outgoing("Hello", late=True), account)
    for outcome in (over, far_over):
        assert isinstance(outcome, Failed)
        assert "24 hours" in outcome.reason
        assert not outcome.unreachable


def test_without_the_feature_the_reason_names_it(meta: FakeMessenger, account: Account) -> None:
    meta.pass_time(CLIENT, 2 * DAY)
    meta.may_tag = False
    outcome = connector.send(outgoing("Hello", late=True), account)
    assert isinstance(outcome, Failed)
    assert "Human Agent" in outcome.reason


@pytest.mark.parametrize(
    ("behaviour", "outcome", "delivered"),
    [
        (too_many(14), TryLater, 0),
        (refuse(613, "Calls to this api have exceeded the rate limit."), TryLater, 0),
        (refuse(9, "Too many"), TryLater, 0),
        (refuse(1200, "Temporary send message failure"), TryLater, 0),
        (refuse(2, "Service temporarily unavailable", subcode=1545133), TryLater, 0),
        (refuse(4711, "New next year", is_transient=True), TryLater, 0),
        (server_error(), TryLater, 0),
        (bad_gateway(), TryLater, 0),
        (garbage(), Unknown, 1),
        (dies(), Unknown, 1),
        (Behaviour(200, b'{"recipient_id":"1"}'), Unknown, 0),
        (refuse(190, "Error validating access token: Session has expired", status=401), Broken, 0),
        (refuse(10, "Application does not have permission for this action"), Broken, 0),
        (refuse(200, "Requires pages_messaging permission"), Broken, 0),
        (refuse(100, "Object does not exist", subcode=33), Broken, 0),
        (refuse(368, "The action attempted has been deemed abusive"), Broken, 0),
        (refuse(10, "Outside of allowed window", subcode=2018278), Failed, 0),
        (refuse(10, "Another app is controlling this thread now.", subcode=2018300), Failed, 0),
        (refuse(200, "Not available", subcode=1545041), Failed, 0),
        (refuse(230, "Permissions disallow message to user"), Failed, 0),
        (refuse(100, "No matching user found", subcode=2018001), Failed, 0),
        (refuse(100, "Upload attachment failure.", subcode=2018047), Failed, 0),
        (refuse(100, "Attachment size exceeds allowable limit.", subcode=2018109), Failed, 0),
        (refuse(100, "Length of param message[text] must be less than 2000"), Failed, 0),
        (refuse(100, "Something of next year"), Failed, 0),
        (refuse(4711, "Something of next year"), Failed, 0),
        (Behaviour(404, b"<html>nothing here</html>", "text/html"), Failed, 0),
    ],
)
def test_each_trouble_has_its_outcome(
    meta: FakeMessenger, account: Account, behaviour: Behaviour, outcome: type[Outcome], delivered: int
) -> None:
    meta.plan("messages", behaviour)
    found = connector.send(outgoing("Hello"), account)
    assert type(found) is outcome
    assert not isinstance(found, Sent)
    assert found.reason.endswith(".")
    assert len(got(meta)) == delivered
    assert len(meta.calls_of("messages")) == 1


def test_only_who_cannot_be_written_to_is_unreachable(meta: FakeMessenger, account: Account) -> None:
    meta.customers[CLIENT].has_blocked = True
    blocked = connector.send(outgoing("Hello"), account)
    stranger = connector.send(outgoing("Hello", recipient="404"), account)
    for outcome in (blocked, stranger):
        assert isinstance(outcome, Failed)
        assert outcome.unreachable


def test_too_many_holds_the_connection_for_as_long_as_asked(meta: FakeMessenger, account: Account) -> None:
    meta.plan("messages", too_many(14))
    found = connector.send(outgoing("Hello"), account)
    assert isinstance(found, TryLater)
    assert (found.after, found.whole_connection) == (timedelta(seconds=14), True)


@pytest.mark.parametrize("text", ["", " \n"])
def test_an_empty_message_is_not_sent(meta: FakeMessenger, account: Account, text: str) -> None:
    assert isinstance(connector.send(outgoing(text), account), Failed)
    assert meta.calls == []


def test_a_slow_answer_is_unknown(
    meta: FakeMessenger, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "TIMEOUT", httpx.Timeout(0.2, connect=5))
    meta.plan("messages", slow(30))
    assert isinstance(connector.send(outgoing("Hello"), account), Unknown)
    assert len(got(meta)) == 1


def test_when_nobody_listens_it_is_tried_later(account: Account) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        nowhere = replace(account, base_url=f"http://127.0.0.1:{unheard.getsockname()[1]}")
        assert isinstance(connector.send(outgoing("Hello"), nowhere), TryLater)


def test_a_wrong_or_missing_token_breaks_the_connection(meta: FakeMessenger, account: Account) -> None:
    for token in ("", "revoked"):
        other = replace(account, credentials={**account.credentials, "access_token": token})
        assert isinstance(connector.send(outgoing("Hello"), other), Broken)
    assert got(meta) == []


def test_no_reason_shows_a_secret(meta: FakeMessenger, account: Account) -> None:
    token = "EAAG" + "x1Y2" * 20
    known = replace(account, credentials={**account.credentials, "access_token": token})
    for behaviour in (
        too_many(1),
        server_error(),
        garbage(),
        dies(),
        refuse(100, f"Malformed token {token}"),
    ):
        meta.plan("messages", behaviour)
        meta.tokens = {token}
        said = repr(connector.send(outgoing("Hello"), known))
        assert token not in said
        assert account.credentials["app_secret"] not in said


def test_typing_and_read_marks_never_raise(meta: FakeMessenger, account: Account) -> None:
    assert isinstance(connector, Courteous)
    meta.plan("messages", Behaviour(does_it=True), Behaviour(does_it=True), dies(), server_error())
    for _ in range(2):
        connector.show_typing(CLIENT, account)
        connector.mark_read(CLIENT, "m_1", account)
    connector.show_typing(CLIENT, replace(account, credentials={}))
    actions = [call.params["sender_action"] for call in meta.calls_of("messages")]
    assert actions == ["typing_on", "mark_seen"] * 2


def test_the_clients_name_is_asked_for(meta: FakeMessenger, account: Account) -> None:
    assert isinstance(connector, Profiled)
    assert connector.profile(CLIENT, account) == Sender(CLIENT, name="Anna Bell")
    assert connector.profile("404", account) is None
    assert connector.profile("../me", account) is None
    meta.plan(CLIENT, garbage(), server_error(), dies())
    assert [connector.profile(CLIENT, account) for _ in range(3)] == [None] * 3
    assert connector.profile(CLIENT, replace(account, credentials={})) is None


def test_an_error_after_which_the_message_went_out_is_not_tried_again(
    meta: FakeMessenger, account: Account
) -> None:
    meta.plan("messages", refuse(1, "Received invalid JSON reply", status=500, subcode=1357046))
    assert isinstance(connector.send(outgoing("x"), account), Unknown)
