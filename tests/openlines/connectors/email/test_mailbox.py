"""Reading and sending with real servers: Dovecot and Exim on loopback."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from openlines.connectors.base import (
    Account,
    CredentialsRefused,
    DeliveryStatus,
    Failed,
    MediaUnavailable,
    MessageReceived,
    OutgoingMessage,
    Polled,
    Sent,
    StatusChanged,
    Thread,
    TryLater,
)
from openlines.connectors.email import oauth, options, parse
from tests.fakes.mail_servers import PASSWORD, MailServers, running, smtp_to
from tests.openlines.connectors.email.building import OURS, TOKEN, UUID, connector, mail
from tests.openlines.connectors.email.tokens import Tokens

MEGABYTE = 1024 * 1024


def account(servers: MailServers, **more: str) -> Account:
    return Account(connection_id=1, kind="email", credentials=servers.credentials(**more))


def poll(own: Account, cursor: Mapping[str, Any], *, max_bytes: int = MEGABYTE) -> list[Polled]:
    return list(connector.poll(own, cursor, max_bytes=max_bytes))


def bodies(polled: list[Polled]) -> list[str]:
    return [one.request.body.decode().partition("\r\n\r\n")[2] for one in polled if one.request]


def outgoing(recipient: str = "carl@client.test", **fields: Any) -> OutgoingMessage:
    thread = Thread(subject="Re: A question", token=TOKEN)
    return OutgoingMessage(
        **{"uuid": UUID, "recipient": recipient, "text": "Here.", "thread": thread, **fields}
    )


@pytest.fixture
def start(servers: MailServers) -> Mapping[str, Any]:
    return connector.skip_to_now(account(servers))


def test_what_is_there_already_is_skipped(servers: MailServers) -> None:
    servers.put(mail("old"))
    cursor = connector.skip_to_now(account(servers))
    assert poll(account(servers), cursor) == []
    (first,) = poll(account(servers), {})
    assert first.request is None
    assert first.cursor == cursor


def test_new_mails_come_once_and_in_order(servers: MailServers, start: Mapping[str, Any]) -> None:
    for text in ("one", "two", "three"):
        servers.put(mail(text))
    found = poll(account(servers), start)
    assert bodies(found) == ["one", "two", "three"]
    assert bodies(poll(account(servers), found[0].cursor)) == ["two", "three"]
    assert poll(account(servers), found[-1].cursor) == []


def test_what_another_has_read_comes_all_the_same(servers: MailServers, start: Mapping[str, Any]) -> None:
    servers.put(mail("seen"), flags="(\\Seen)")
    assert bodies(poll(account(servers), start)) == ["seen"]


def test_reading_changes_nothing_unless_it_shall(servers: MailServers, start: Mapping[str, Any]) -> None:
    servers.put(mail("one"))
    poll(account(servers), start)
    assert "\\Seen" not in servers.flags()[0]
    poll(account(servers, after_reading="seen"), start)
    assert "\\Seen" in servers.flags()[0]


def test_a_mail_is_moved_after_it_was_taken(servers: MailServers, start: Mapping[str, Any]) -> None:
    servers.create("Done mails")
    servers.put(mail("kept by another"), flags="(\\Deleted)")
    servers.put(mail("one"))
    own = account(servers, after_reading="move", done_folder="Done mails")
    asked: Iterator[Polled] = connector.poll(own, start, max_bytes=MEGABYTE)
    next(asked), next(asked)
    assert len(servers.mails()) == 1  # the first has gone, the second waits for its commit
    assert list(asked) == []
    assert len(servers.mails(folder="Done mails")) == 2


def test_a_mail_too_large_comes_as_its_headers(servers: MailServers, start: Mapping[str, Any]) -> None:
    servers.put(mail("x" * 200_000))
    servers.put(mail("small"))
    large, small = poll(account(servers), start, max_bytes=100_000)
    assert large.request is not None
    assert large.request.headers["content-type"].startswith(parse.STUB)
    assert len(large.request.body) < 1000
    assert bodies([small]) == ["small"]


def test_a_mailbox_numbered_anew_is_read_again_from_its_beginning_here(
    servers: MailServers, start: Mapping[str, Any]
) -> None:
    servers.put(mail("one"))
    (first,) = poll(account(servers), start)
    other = {**first.cursor, "uidvalidity": first.cursor["uidvalidity"] - 1, "uid": 999}
    renumbered, again = poll(account(servers), {**other, "since": "2020-01-01T00:00:00+00:00"})
    assert renumbered.request is None
    assert renumbered.cursor["uid"] == 0
    assert bodies([again]) == ["one"]
    later = {"since": "2999-01-01T00:00:00+00:00"}
    assert bodies(poll(account(servers), {**other, **later})) == []
    # Stopped in the middle, it goes on in the same way: what is older than the connection stays out …
    assert bodies(poll(account(servers), {**renumbered.cursor, **later})) == []
    # … and what came meanwhile comes in, whatever the server's clock says.
    servers.put(mail("two"))
    assert bodies(poll(account(servers), {**renumbered.cursor, **later})) == ["two"]


def test_another_mailbox_begins_now(servers: MailServers, start: Mapping[str, Any]) -> None:
    servers.put(mail("one"))
    (only,) = poll(account(servers), {**start, "box": "another"})
    assert only.request is None
    assert poll(account(servers), only.cursor) == []


def test_encryption_is_verified(servers: MailServers) -> None:
    ca = str(servers.certificates.ca)
    encrypted = {"imap_security": "ssl", "imap_port": str(servers.imaps_port)}
    with pytest.raises(MediaUnavailable, match="certificate"):
        connector.skip_to_now(account(servers, **encrypted))
    assert connector.skip_to_now(account(servers, **encrypted, ca_file=ca))["uidvalidity"]
    starttls = account(servers, imap_security="starttls", ca_file=ca)
    assert connector.skip_to_now(starttls)["uidvalidity"]


def test_a_refused_log_in(servers: MailServers) -> None:
    with pytest.raises(CredentialsRefused) as refused:
        poll(account(servers, password="wrong!"), {})
    assert "wrong!" not in str(refused.value)


def test_letters_of_any_language_in_a_password(servers: MailServers) -> None:
    own = account(servers, username="jürgen", password=PASSWORD)
    assert connector.skip_to_now(own)["uidvalidity"]


def test_a_missing_folder_or_server(servers: MailServers) -> None:
    with pytest.raises(MediaUnavailable, match="Nowhere"):
        poll(account(servers, folder="Nowhere"), {})
    with pytest.raises(MediaUnavailable) as unreachable:
        poll(account(servers, imap_port="1"), {})
    assert unreachable.value.temporary
    with pytest.raises(MediaUnavailable):
        poll(account(servers, imap_host=""), {})


def test_a_server_that_hangs_up(servers: MailServers) -> None:
    with socket.create_server(("127.0.0.1", 0)) as rude:

        def hang_up() -> None:
            session, _address = rude.accept()
            session.sendall(b"* OK hello\r\n")
            session.recv(100)
            session.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(MediaUnavailable) as broken:
            poll(account(servers, imap_port=str(rude.getsockname()[1])), {})
        thread.join()
    assert broken.value.temporary


def test_a_server_that_is_busy_is_not_refusing(servers: MailServers) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:

        def put_off() -> None:
            session, _address = busy.accept()
            session.sendall(b"* OK [CAPABILITY IMAP4rev1] hello\r\n")
            while line := session.recv(1000):
                answer = (
                    b"NO [UNAVAILABLE] Temporary authentication failure" if b"LOGIN" in line else b"OK done"
                )
                session.sendall(line.split()[0] + b" " + answer + b"\r\n")
            session.close()

        thread = threading.Thread(target=put_off)
        thread.start()
        with pytest.raises(MediaUnavailable, match="Temporary") as later:
            poll(account(servers, imap_port=str(busy.getsockname()[1])), {})
        thread.join()
    assert later.value.temporary


def test_xoauth2(tokens: Tokens) -> None:
    """Dovecot asks the provider whose token it is."""
    with running(exim=False, token_url=f"{tokens.url}?token=") as servers:
        own = account(servers, username="support", **tokens.credentials())
        assert connector.skip_to_now(own)["uidvalidity"]
        tokens.answer = (200, {"access_token": "stolen", "expires_in": 3600})
        other = account(servers, username="support", **tokens.credentials(refresh_token="another"))
        with pytest.raises(CredentialsRefused):
            connector.skip_to_now(other)


def test_a_token_withdrawn_before_its_time_is_renewed_at_once(
    tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(exim=False, token_url=f"{tokens.url}?token=") as servers:
        own = account(servers, username="support", **tokens.credentials(refresh_token="third"))
        good, tokens.answer = tokens.answer, (200, {"access_token": "withdrawn", "expires_in": 3600})
        with pytest.raises(CredentialsRefused):
            connector.skip_to_now(own)
        oauth.access_token(options.read(own), own)
        monkeypatch.setattr(oauth, "YOUNG", -1)
        tokens.answer = good
        assert connector.skip_to_now(own)["uidvalidity"]


def test_the_check_tries_both_ways(servers: MailServers) -> None:
    own = account(servers)
    assert connector.check(own).ok
    assert connector.set_up(own).account_name == "support@example.test"
    for wrong in (
        {"password": "x"},
        {"imap_port": "1"},
        {"smtp_port": "1"},
        {"address": ""},
        {"sent_folder": "No"},
    ):
        health = connector.check(account(servers, **wrong))
        assert not health.ok
        assert health.detail


def test_there_and_back(servers: MailServers, start: Mapping[str, Any]) -> None:
    servers.create("Sent")
    own = account(servers, reply_token="yes", sent_folder="Sent")
    assert connector.send(outgoing(recipient="carl@client.test"), own) == Sent((OURS,))
    (arrived,) = servers.arrived("carl")
    assert OURS.encode() in arrived
    assert OURS.encode() in servers.mails(folder="Sent")[0]
    with smtp_to(servers.smtp_port) as session:
        answer = mail("Thanks!", To=f"support+{TOKEN}@example.test", In_Reply_To=OURS)
        session.sendmail("carl@client.test", [f"support+{TOKEN}@example.test"], answer)
    servers.arrived("support")
    (polled,) = poll(own, start)
    assert polled.request is not None
    (item,) = connector.parse(polled.request, own)
    assert isinstance(item, MessageReceived)
    assert (item.text, item.reply_to) == ("Thanks!", OURS)
    assert TOKEN in item.refers_to


def test_a_refusal_at_once_and_one_later(servers: MailServers, start: Mapping[str, Any]) -> None:
    own = account(servers)
    at_once = connector.send(outgoing("nobody@client.test"), own)
    assert isinstance(at_once, Failed) and at_once.unreachable
    assert isinstance(connector.send(outgoing("busy@client.test"), own), TryLater)
    assert isinstance(connector.send(replace(outgoing(), text="x" * 3 * MEGABYTE), own), Failed)
    assert isinstance(connector.send(outgoing("later@client.test"), own), Sent)
    servers.arrived("support")
    (polled,) = poll(own, start)
    assert polled.request is not None
    (item,) = connector.parse(polled.request, own)
    assert isinstance(item, StatusChanged)
    assert (item.external_id, item.status, item.uuid) == (OURS, DeliveryStatus.FAILED, UUID)
    assert item.unreachable
    assert "no such mailbox" in item.reason
