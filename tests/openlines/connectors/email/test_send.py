"""Answers as mails, and every answer of a mail server as an outcome; against an SMTP server on loopback."""

from __future__ import annotations

import email
import socket
from dataclasses import replace
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from openlines.connectors.base import (
    Account,
    Broken,
    Failed,
    MediaKind,
    OutgoingFile,
    OutgoingMessage,
    Sent,
    Thread,
    TryLater,
    Unknown,
)
from openlines.connectors.email import oauth, options, smtp
from openlines.connectors.email.headers import clean_address
from tests.fakes.mail_servers import DIES, TOKEN, Certificates, Sink, certificates
from tests.openlines.connectors.email.building import OURS, UUID, connector
from tests.openlines.connectors.email.building import TOKEN as DIALOG
from tests.openlines.connectors.email.tokens import Tokens

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")


def account(sink: Sink, **more: str) -> Account:
    return Account(connection_id=1, kind="email", credentials=sink.credentials(**more))


def outgoing(text: str = "It is on its way.", **fields: Any) -> OutgoingMessage:
    thread = Thread(
        subject="Re: A question",
        in_reply_to="<1@client.test>#abc",
        references=("<0@client.test>#def", "<1@client.test>#abc"),
        token=DIALOG,
    )
    return OutgoingMessage(
        **{"uuid": UUID, "recipient": "carl@client.test", "text": text, "thread": thread, **fields}
    )


def taken(sink: Sink) -> email.message.EmailMessage:
    return email.message_from_bytes(sink.mails[-1], policy=default)


def test_an_answer_goes_out_in_its_thread(sink: Sink) -> None:
    outcome = connector.send(outgoing(sender_name="Anna Żak", signature="Shop Ltd\nWarsaw"), account(sink))
    assert outcome == Sent((OURS,))
    mail = taken(sink)
    assert mail["Message-ID"] == OURS
    assert mail["In-Reply-To"] == "<1@client.test>"
    assert mail["References"].split() == [
        f"<{DIALOG}.thread@example.test>",
        "<0@client.test>",
        "<1@client.test>",
    ]
    assert mail["Subject"] == "Re: A question"
    assert mail["From"] == "Anna Żak <support@example.test>"
    assert mail["To"] == "carl@client.test"
    assert mail["Auto-Submitted"] is None
    assert mail["Reply-To"] is None
    assert mail.get_content().replace("\r\n", "\n") == "It is on its way.\n\n-- \nShop Ltd\nWarsaw\n"


def test_a_second_attempt_is_the_same_mail(sink: Sink) -> None:
    for _ in range(2):
        connector.send(outgoing(), account(sink))
    assert len({email.message_from_bytes(raw)["Message-ID"] for raw in sink.mails}) == 1


def test_answers_can_come_to_an_address_with_a_token(sink: Sink) -> None:
    connector.send(outgoing(), account(sink, reply_token="yes"))
    assert taken(sink)["Reply-To"] == f"support+{DIALOG}@example.test"


def test_an_automatic_text_says_so(sink: Sink) -> None:
    connector.send(outgoing(is_automatic=True), account(sink))
    assert taken(sink)["Auto-Submitted"] == "auto-replied"


def test_a_first_mail_needs_no_thread(sink: Sink) -> None:
    assert isinstance(connector.send(outgoing(thread=None, sender_name="Shop"), account(sink)), Sent)
    assert taken(sink)["Subject"] == "Shop"
    assert taken(sink)["Message-ID"] == f"<{UUID}@example.test>"


def test_files_go_along_as_they_are(sink: Sink, tmp_path: Path) -> None:
    contents = {"żółw.txt": b"\xff\xfe raw\n", "a.png": b"\x89PNG", "b.eml": b"From: x\n\ny"}
    files = []
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        mime = {"t": "text/plain", "g": "image/png", "l": "message/rfc822"}[name[-1]]
        files.append(OutgoingFile(str(tmp_path / name), name, mime, MediaKind.FILE))
    assert isinstance(connector.send(outgoing(files=tuple(files)), account(sink)), Sent)
    got = {part.get_filename(): part.get_payload(decode=True) for part in taken(sink).iter_attachments()}
    assert got == contents
    gone = OutgoingFile(str(tmp_path / "gone"), "gone", "image/png", MediaKind.FILE)
    assert isinstance(connector.send(outgoing(files=(gone,)), account(sink)), Failed)


def test_nothing_in_a_name_or_subject_makes_a_header(sink: Sink) -> None:
    evil = "x\r\nBcc: victim@client.test"
    message = outgoing(
        sender_name=evil, thread=Thread(subject=evil, in_reply_to=evil, references=(evil,), token=DIALOG)
    )
    assert isinstance(connector.send(message, account(sink)), Sent)
    assert taken(sink)["Bcc"] is None


@pytest.mark.parametrize(
    ("at", "answer", "outcome"),
    [
        ("MAIL", "421 4.3.2 closing", TryLater),
        ("MAIL", "451 4.3.0 later", TryLater),
        ("MAIL", "550 5.7.1 not your address", Broken),
        ("MAIL", "530 5.7.0 authentication required", Broken),
        ("MAIL", "552 5.3.4 too big", Failed),
        ("RCPT", "421 4.3.2 closing", TryLater),
        ("RCPT", "450 4.2.1 greylisted", TryLater),
        ("RCPT", "550 5.1.1 no such user", Failed),
        ("RCPT", "552 5.2.2 mailbox full", Failed),
        ("RCPT", DIES, TryLater),
        ("DATA", "421 4.3.2 closing", TryLater),
        ("DATA", "451 4.3.0 later", TryLater),
        ("DATA", "552 5.3.4 too big", Failed),
        ("DATA", "554 5.7.1 spam", Failed),
        ("DATA", DIES, Unknown),
    ],
)
def test_outcomes(sink: Sink, at: str, answer: str, outcome: type) -> None:
    sink.at[at] = answer
    found = connector.send(outgoing(), account(sink))
    assert type(found) is outcome
    assert getattr(found, "reason", "x")
    assert getattr(found, "unreachable", False) is (answer == "550 5.1.1 no such user")
    if at == "RCPT" and answer.startswith("450"):
        assert isinstance(found, TryLater) and not found.whole_connection


def test_a_mail_larger_than_the_server_takes(sink: Sink) -> None:
    found = connector.send(outgoing("x" * 300_000), account(sink))
    assert isinstance(found, Failed)
    assert "MB" in found.reason
    assert not sink.mails


def test_a_silent_end_after_the_mail_is_unknown_and_before_it_is_not(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        own = account(sink, smtp_port=str(mute.getsockname()[1]))
        assert isinstance(connector.send(outgoing(), own), TryLater)


def test_nobody_there(sink: Sink) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        nowhere = account(sink, smtp_port=str(unheard.getsockname()[1]))
        found = connector.send(outgoing(), nowhere)
        assert isinstance(found, TryLater) and found.whole_connection
    assert isinstance(connector.send(outgoing(), account(sink, smtp_host="")), Broken)
    assert isinstance(connector.send(outgoing(), account(sink, address="")), Broken)


def test_what_cannot_be_addressed(sink: Sink) -> None:
    for recipient in ("unknown:1234", "", "a b@c", "carl@client.test\r\nBcc: x@y.test"):
        found = connector.send(outgoing(recipient=recipient), account(sink))
        assert isinstance(found, Failed) and found.unreachable
    assert isinstance(connector.send(outgoing(" "), account(sink)), Failed)
    assert connector.send(outgoing(part=1), account(sink)) == Sent(())


# -- encryption and log-in ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("certificates"))


def test_starttls_is_verified(authority: Certificates) -> None:
    with Sink(certificates=authority) as sink:
        own = account(sink, smtp_security="starttls")
        refused = connector.send(outgoing(), own)
        assert isinstance(refused, TryLater) and "certificate" in refused.reason
        own = account(sink, smtp_security="starttls", ca_file=str(authority.ca))
        assert isinstance(connector.send(outgoing(), own), Sent)
        missing = account(sink, smtp_security="starttls", ca_file="/nowhere/ca.pem")
        assert isinstance(connector.send(outgoing(), missing), TryLater)


def test_tls_from_the_start_is_verified(authority: Certificates) -> None:
    with Sink(certificates=authority, tls_from_the_start=True) as sink:
        assert isinstance(connector.send(outgoing(), account(sink, smtp_security="ssl")), TryLater)
        own = account(sink, smtp_security="ssl", ca_file=str(authority.ca))
        assert isinstance(connector.send(outgoing(), own), Sent)
        assert len(sink.mails) == 1


def test_a_server_without_the_encryption_that_is_set(sink: Sink) -> None:
    found = connector.send(outgoing(), account(sink, smtp_security="starttls"))
    assert isinstance(found, Broken)
    assert not sink.mails


def test_a_wrong_password_breaks_the_connection() -> None:
    with Sink(login=("support", "right")) as sink:
        assert isinstance(connector.send(outgoing(), account(sink)), Sent)
        wrong = connector.send(outgoing(), account(sink, password="wrong"))
        assert isinstance(wrong, Broken)
        assert "wrong" not in wrong.reason
        assert isinstance(connector.send(outgoing(), account(sink, smtp_login="none")), Broken)
        other = account(sink, password="x", smtp_login="own", smtp_username="support", smtp_password="right")
        assert isinstance(connector.send(outgoing(), other), Sent)


def test_xoauth2(tokens: Tokens) -> None:
    with Sink(login=("support@example.test", "unused")) as sink:
        own = Account(1, "email", {**sink.credentials(username=""), **tokens.credentials()})
        for _ in range(2):
            assert isinstance(connector.send(outgoing(), own), Sent)
        assert sink.tokens[-1] == f"user=support@example.test\1auth=Bearer {TOKEN}\1\1"
        assert len(tokens.forms) == 1  # kept while it is good
        assert tokens.forms[0] == {
            "grant_type": ["refresh_token"],
            "refresh_token": ["old"],
            "client_id": ["id"],
            "client_secret": ["secret"],
        }
        assert connector.renew(own) == {"refresh_token": "new"}


def test_a_refused_token_breaks_the_connection(tokens: Tokens) -> None:
    with Sink(login=("support@example.test", "unused")) as sink:
        own = Account(2, "email", {**sink.credentials(username=""), **tokens.credentials()})
        tokens.answer = (200, {"access_token": "another", "expires_in": 3600})
        assert isinstance(connector.send(outgoing(), own), Broken)
        tokens.answer = (400, {"error": "invalid_grant"})
        refused = connector.send(outgoing(), own)
        assert isinstance(refused, Broken) and "invalid_grant" in refused.reason
        tokens.answer = (503, {})
        assert isinstance(connector.send(outgoing(), own), TryLater)
        incomplete = replace(own, credentials={**own.credentials, "refresh_token": ""})
        assert isinstance(connector.send(outgoing(), incomplete), Broken)
        assert connector.renew(replace(own, credentials=sink.credentials())) is None


def test_a_token_withdrawn_before_its_time_is_renewed_at_once(
    tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Sink(login=("support@example.test", "unused")) as sink:
        own = Account(3, "email", {**sink.credentials(username=""), **tokens.credentials()})
        tokens.answer = (200, {"access_token": "withdrawn", "expires_in": 3600})
        assert isinstance(
            connector.send(outgoing(), own), Broken
        )  # a brand-new one is refused: that is final
        oauth.access_token(options.read(own), own)
        monkeypatch.setattr(oauth, "YOUNG", -1)  # it was got a while ago
        tokens.answer = (200, {"access_token": TOKEN, "expires_in": 3600})
        assert isinstance(connector.send(outgoing(), own), Sent)
        assert len(tokens.forms) == 3


def test_addresses_of_any_language(sink: Sink) -> None:
    """Domains go as the wire has them, ids too; a name before the @ needs what few servers have (SMTPUTF8)."""
    own = account(sink, address="support@żółw.test")
    recipient = clean_address("Carl@Bücher.test")
    assert isinstance(connector.send(outgoing(recipient=recipient, sender_name="Żółw"), own), Sent)
    raw = sink.mails[-1]
    assert b"To: carl@xn--bcher-kva.test" in raw
    assert taken(sink)["Message-ID"] == f"<{DIALOG}.{UUID}@xn--w-uga1v8h.test>"
    assert options.read(own).is_own(clean_address("support@xn--w-uga1v8h.test"))
    refused = connector.send(outgoing(recipient="żółw@client.test"), own)
    assert isinstance(refused, Failed) and "another address" in refused.reason


def test_an_endless_thread_names_its_beginning_and_its_end(sink: Sink) -> None:
    ids = tuple(f"<{'x' * 300}{n}@client.test>#a" for n in range(200))
    message = outgoing(thread=Thread(subject="Re: x", in_reply_to=ids[-1], references=ids, token=DIALOG))
    assert isinstance(connector.send(message, account(sink)), Sent)
    named = taken(sink)["References"].split()
    assert named[0] == f"<{DIALOG}.thread@example.test>"
    assert named[-1] == ids[-1].partition("#")[0]
    assert len(named) <= 20
    assert max(map(len, sink.mails[-1].split(b"\r\n"))) < 998


def test_a_subject_and_a_long_line_of_any_language(sink: Sink) -> None:
    subject = "Zażółć gęślą jaźń 👟 " * 12
    text = "ó" * 3000 + "\nśród\n"
    message = outgoing(text, thread=Thread(subject=subject, token=DIALOG))
    assert isinstance(connector.send(message, account(sink)), Sent)
    assert taken(sink)["Subject"] == subject.strip()[:250].strip()
    assert taken(sink).get_content().replace("\r\n", "\n") == text
    assert max(map(len, sink.mails[-1].split(b"\r\n"))) < 998


def test_no_reason_shows_a_password(sink: Sink) -> None:
    with Sink(login=("support", "right")) as locked:
        for own in (account(locked, password="hunter2"), account(sink, smtp_port="1", password="hunter2")):
            assert "hunter2" not in repr(connector.send(outgoing(), own))
