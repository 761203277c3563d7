"""Messages out, against each provider on loopback: what is taken, what is refused, what nobody knows."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pytest_django import Settings

from contactcenter.lib import calls, http
from openlines.connectors import base
from openlines.connectors.base import (
    Account,
    Broken,
    Connector,
    Failed,
    Media,
    MediaKind,
    MediaUnavailable,
    OutgoingMessage,
    Sent,
    TryLater,
)
from tests.openlines.connectors.contract.cases import HOOK, UUID, Case

TROUBLES = ["too_many", "bad_gateway", "garbage", "slow", "dies"]


@pytest.fixture
def fake(case: Case, settings: Settings) -> Iterator[Any]:
    settings.PRIVATE_ADDRESSES = ["127.0.0.0/8"]
    if case.fake is None:
        pytest.skip("its servers have tests of their own (mail)")
    with case.fake() as running:
        yield running


@pytest.fixture
def account(case: Case, fake: Any) -> Account:
    own = {**case.credentials, **case.account(fake)}
    return Account(1, case.kind, own, base_url=fake.url if case.by_base_url else "", webhook_url=HOOK)


def outgoing(case: Case, text: str = "Good morning", **more: Any) -> OutgoingMessage:
    return OutgoingMessage(uuid=UUID, recipient=case.recipient, text=text, **more)


def long_text(connector: Connector) -> str:
    return " ".join(f"word{number}" for number in range(int(connector.features.max_text * 2.5) // 9))


def words(texts: list[str]) -> list[str]:
    return " ".join(texts).split()


def test_a_text_is_taken_once(case: Case, connector: Connector, fake: Any, account: Account) -> None:
    outcome = connector.send(outgoing(case), account)
    assert isinstance(outcome, Sent)
    assert len(outcome.external_ids) == 1
    assert case.arrived(fake) == ["Good morning"]


class Told:
    """What the outbox hears of a call (``contactcenter/lib/calls.py``), and what had arrived by then."""

    def __init__(self, case: Case, fake: Any) -> None:
        self._case, self._fake = case, fake
        self.heard: list[str] = []
        self.arrived: list[int] = []

    def begin(self) -> None:
        self.heard.append("begin")
        self.arrived.append(len(self._case.arrived(self._fake)))

    def taken(self, ids: Sequence[str]) -> None:
        assert ids
        self.heard.append("taken")


def test_a_call_is_announced_before_it_is_made(
    case: Case, connector: Connector, fake: Any, account: Account
) -> None:
    told = Told(case, fake)
    with calls.told_to(told):
        connector.send(outgoing(case), account)
    assert (told.heard, told.arrived) == (["begin"], [0])


def test_a_part_that_was_taken_is_told_before_the_next_one_begins(
    case: Case, connector: Connector, fake: Any, account: Account
) -> None:
    told = Told(case, fake)
    with calls.told_to(told):
        outcome = connector.send(outgoing(case, long_text(connector)), account)
    parts = len(outcome.external_ids)
    assert parts > 1
    assert told.heard == ["begin", *["taken", "begin"] * (parts - 1)]


def test_what_is_told_may_stop_the_call(
    case: Case, connector: Connector, fake: Any, account: Account
) -> None:
    class Refuses(Told):
        def begin(self) -> None:
            raise LookupError("the database is away")

    with pytest.raises(LookupError), calls.told_to(Refuses(case, fake)):
        connector.send(outgoing(case), account)
    assert case.arrived(fake) == []


@pytest.mark.parametrize("trouble", TROUBLES)
def test_each_trouble_has_its_outcome(
    case: Case,
    connector: Connector,
    fake: Any,
    account: Account,
    trouble: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    number = {"too_many": (7,), "slow": (20,)}.get(trouble, ())
    if trouble == "slow":
        monkeypatch.setattr(http, "TIMEOUT", httpx.Timeout(0.3, connect=5))
    fake.plan(case.operation, getattr(case.behaviours, trouble)(*number))
    outcome = connector.send(outgoing(case), account)
    assert type(outcome) is case.outcome(trouble)
    assert len(case.arrived(fake)) == (0 if trouble in {"too_many", "bad_gateway"} else 1)
    if not isinstance(outcome, Sent):
        assert outcome.reason.endswith(".")
        assert outcome.external_ids == ()
    if trouble == "too_many":
        assert isinstance(outcome, TryLater)
        assert outcome.whole_connection
        assert outcome.after is None or timedelta(seconds=1) <= outcome.after <= timedelta(hours=1)


def test_when_nobody_listens_it_is_tried_later(case: Case, connector: Connector, account: Account) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        nowhere = replace(account, base_url=f"http://127.0.0.1:{unheard.getsockname()[1]}")
        outcome = connector.send(outgoing(case), nowhere)
        assert isinstance(outcome, TryLater)
        assert not outcome.whole_connection
        for ask in (connector.check, connector.set_up):
            health = ask(nowhere)
            assert not health.ok
            assert health.detail.endswith((".", "!"))


def test_refused_credentials_break_the_connection(
    case: Case, connector: Connector, fake: Any, account: Account
) -> None:
    wrong = replace(account, credentials={**account.credentials, **case.refused})
    outcome = connector.send(outgoing(case), wrong)
    assert isinstance(outcome, Broken)
    assert len(outcome.reason) > 20
    assert case.arrived(fake) == []
    health = connector.check(wrong)
    assert not health.ok
    assert len(health.detail) > 20


def test_no_credentials_at_all_are_told_not_raised(case: Case, connector: Connector) -> None:
    empty = Account(1, case.kind, {})
    if case.fake is not None:
        assert isinstance(connector.send(outgoing(case), empty), Broken | Failed)
    for ask in (connector.check, connector.set_up):
        assert not ask(empty).ok


def test_no_reason_holds_a_secret(case: Case, connector: Connector, fake: Any, account: Account) -> None:
    secrets = [
        account.credentials[field.name]
        for field in connector.credential_fields
        if (field.secret or field.generated) and len(account.credentials.get(field.name, "")) > 8
    ]
    for trouble in ("bad_gateway", "dies", "garbage"):
        fake.plan(case.operation, getattr(case.behaviours, trouble)())
        shown = repr(connector.send(outgoing(case), account))
        assert not [secret for secret in secrets if secret in shown]


def test_a_long_text_is_split_and_loses_nothing(
    case: Case, connector: Connector, fake: Any, account: Account
) -> None:
    text = long_text(connector)
    outcome = connector.send(outgoing(case, text), account)
    assert isinstance(outcome, Sent)
    arrived = case.arrived(fake)
    assert len(arrived) == len(outcome.external_ids) == len(set(outcome.external_ids)) >= 3
    assert words(arrived) == text.split()


def test_a_message_goes_on_where_it_stopped(
    case: Case, connector: Connector, fake: Any, account: Account
) -> None:
    text = long_text(connector)
    good = type(case.behaviours.bad_gateway())(does_it=True)
    fake.plan(case.operation, good, case.behaviours.bad_gateway())
    first = connector.send(outgoing(case, text), account)
    assert isinstance(first, TryLater)
    assert len(first.external_ids) == 1
    rest = connector.send(outgoing(case, text, part=1), account)
    assert isinstance(rest, Sent)
    assert words(case.arrived(fake)) == text.split()
    assert len(case.arrived(fake)) == 1 + len(rest.external_ids)


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_an_empty_message_is_refused_here(
    case: Case, connector: Connector, fake: Any, account: Account, text: str
) -> None:
    outcome = connector.send(outgoing(case, text), account)
    assert isinstance(outcome, Failed)
    assert case.arrived(fake) == []


@pytest.mark.parametrize(
    "reference",
    ["", "http://169.254.169.254/latest/meta-data", "file:///etc/passwd", "../../x", "\0", "x" * 5000],
)
def test_files_from_elsewhere_are_not_fetched(
    case: Case, connector: Connector, fake: Any, account: Account, reference: str
) -> None:
    with pytest.raises(MediaUnavailable) as refused:
        connector.fetch(Media(MediaKind.FILE, reference, "a"), account, max_bytes=1000)
    assert str(refused.value)


def editing(connector: Connector) -> base.Editing:
    if not isinstance(connector, base.Editing):
        pytest.skip("what is sent stays as it is")
    return connector


def courteous(connector: Connector) -> base.Courteous:
    if not isinstance(connector, base.Courteous):
        pytest.skip("neither typing nor read marks")
    return connector


def test_what_was_sent_is_changed_and_taken_back(
    case: Case, connector: Connector, fake: Any, account: Account
) -> None:
    change = editing(connector)
    sent = connector.send(outgoing(case, "Godo morning"), account)
    assert isinstance(sent, Sent)
    for _ in range(2):  # as after an answer that was lost: once more is no harm
        assert isinstance(change.edit(sent.external_ids, outgoing(case), account), Sent)
    for _ in range(2):
        assert isinstance(change.delete(sent.external_ids, case.recipient, account), Sent)


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_change_in_trouble_has_an_outcome_and_never_raises(
    case: Case,
    connector: Connector,
    fake: Any,
    account: Account,
    trouble: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    change = editing(connector)
    sent = connector.send(outgoing(case), account)
    assert isinstance(sent, Sent)
    if trouble == "slow":
        monkeypatch.setattr(http, "TIMEOUT", httpx.Timeout(0.3, connect=5))
    number = {"too_many": (7,), "slow": (20,)}.get(trouble, ())
    calls: tuple[Callable[[], base.Outcome], ...] = (
        lambda: change.edit(sent.external_ids, outgoing(case, "Good evening"), account),
        lambda: change.delete(sent.external_ids, case.recipient, account),
    )
    for call, operation in zip(calls, case.changing, strict=True):
        fake.plan(operation or case.operation, getattr(case.behaviours, trouble)(*number))
        outcome = call()
        assert type(outcome) is case.outcome(trouble)
        if not isinstance(outcome, Sent):
            assert outcome.reason.endswith(".")
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        nowhere = unheard.getsockname()[1]
        away = replace(account, base_url=f"http://127.0.0.1:{nowhere}") if case.by_base_url else None
        if away is not None:
            assert isinstance(change.edit(sent.external_ids, outgoing(case), away), TryLater)
            assert isinstance(change.delete(sent.external_ids, case.recipient, away), TryLater)


def test_a_change_without_credentials_or_ids_is_refused_not_raised(
    case: Case, connector: Connector, fake: Any, account: Account
) -> None:
    change = editing(connector)
    empty = Account(1, case.kind, {}, base_url=account.base_url)
    for outcome in (
        change.edit((case.sent_id,), outgoing(case), empty),
        change.delete((case.sent_id,), case.recipient, empty),
        change.edit((case.sent_id,), outgoing(case, ""), account),
    ):
        assert isinstance(outcome, Broken | Failed)
        assert outcome.reason.endswith(".")


@pytest.mark.parametrize("trouble", ["", *TROUBLES])
def test_courtesies_never_raise(
    case: Case,
    connector: Connector,
    fake: Any,
    account: Account,
    trouble: str,
) -> None:
    courtesy = courteous(connector)
    number = {"too_many": (7,), "slow": (0.5,)}.get(trouble, ())
    empty = Account(1, case.kind, {}, base_url=account.base_url)
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        away = replace(account, base_url=f"http://127.0.0.1:{unheard.getsockname()[1]}")
        for own in (account, empty, away):
            if trouble:
                behaviour = getattr(case.behaviours, trouble)(*number)
                fake.plan(case.courtesies or case.operation, behaviour, behaviour)
            courtesy.show_typing(case.recipient, own, last_external_id="x")
            courtesy.mark_read(case.recipient, "x", own)
    assert case.arrived(fake) == []
