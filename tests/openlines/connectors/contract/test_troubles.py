"""Every call that a connector makes of its provider meets every trouble, and nothing is raised that nobody expects.

Each verb is done once well, which tells the calls that it makes; then each of these calls goes wrong in turn.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from pytest_django import Settings

from contactcenter.lib import http
from openlines.connectors import base
from openlines.connectors.base import (
    Account,
    Broken,
    Connector,
    CredentialsRefused,
    Failed,
    Health,
    Media,
    MediaKind,
    MediaUnavailable,
    OutgoingFile,
    OutgoingMessage,
    Sent,
    TryLater,
    Unknown,
)
from tests.openlines.connectors.contract.cases import HOOK, UUID, Case

Verb = Callable[[Connector, Account], object]

TROUBLES = {
    "too_many": (7,),
    "bad_gateway": (),
    "garbage": (),
    "slow": (20,),
    "dies": (),
}
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


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


@pytest.fixture
def file(tmp_path: Path) -> OutgoingFile:
    path = tmp_path / "photo.png"
    path.write_bytes(PIXEL)
    url = "https://desk.example/files/photo.png"
    return OutgoingFile(str(path), "photo.png", "image/png", MediaKind.IMAGE, url)


def verbs(case: Case, connector: Connector, file: OutgoingFile) -> dict[str, Verb]:
    def message(**more: Any) -> OutgoingMessage:
        return OutgoingMessage(uuid=UUID, recipient=case.recipient, **more)

    found: dict[str, Verb] = {
        "send": lambda one, own: one.send(message(text="Good morning"), own),
        "send a file": lambda one, own: one.send(message(text="Look", files=(file,)), own),
        "set up": lambda one, own: one.set_up(own),
        "check": lambda one, own: one.check(own),
        "tear down": lambda one, own: one.tear_down(own),
        "fetch": lambda one, own: one.fetch(
            Media(MediaKind.FILE, f"{own.base_url or own.credentials.get('url', '')}/nothing", "x"),
            own,
            max_bytes=1000,
        ),
    }
    if isinstance(connector, base.Editing):
        found["edit"] = lambda one, own: one.edit((case.sent_id,), message(text="Better"), own)  # type: ignore[attr-defined]
        found["delete"] = lambda one, own: one.delete((case.sent_id,), case.recipient, own)  # type: ignore[attr-defined]
    if isinstance(connector, base.Courteous):
        found["typing"] = lambda one, own: one.show_typing(case.recipient, own, last_external_id="1")  # type: ignore[attr-defined]
        found["read"] = lambda one, own: one.mark_read(case.recipient, "1", own)  # type: ignore[attr-defined]
    if isinstance(connector, base.Profiled):
        found["profile"] = lambda one, own: one.profile(case.recipient, own)  # type: ignore[attr-defined]
    if isinstance(connector, base.Templated):
        found["templates"] = lambda one, own: one.templates(own)  # type: ignore[attr-defined]
    if isinstance(connector, base.Renewing):
        found["renew"] = lambda one, own: one.renew(own)  # type: ignore[attr-defined]
    if isinstance(connector, base.Reconciling):
        found["missed"] = lambda one, own: one.missed(own, datetime.now(UTC) - timedelta(hours=1))  # type: ignore[attr-defined]
    return found


def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "TIMEOUT", httpx.Timeout(0.3, connect=5))
    call = http.call
    monkeypatch.setattr(http, "call", lambda *told, **more: call(*told, **{**more, "read_seconds": None}))
    # Large files and courtesies have a patience of their own; clients are made with theirs.
    monkeypatch.setattr(http, "_clients", {})


def done(verb: Verb, connector: Connector, account: Account) -> object:
    try:
        return verb(connector, account)
    except (MediaUnavailable, CredentialsRefused) as error:
        return error


def calls_of(verb: Verb, connector: Connector, account: Account, fake: Any) -> list[str]:
    before = len(fake.calls)
    done(verb, connector, account)
    return [_operation(call) for call in fake.calls[before:]]


def _operation(call: Any) -> str:
    """What the fake's ``plan`` calls it."""
    pieces = getattr(call, "pieces", None)
    return str(pieces[-1] if pieces else getattr(call, "operation", None) or call.method)


def test_every_trouble_at_every_call_is_told_in_words(
    case: Case,
    connector: Connector,
    fake: Any,
    account: Account,
    file: OutgoingFile,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _impatient(monkeypatch)
    for name, verb in verbs(case, connector, file).items():
        made = calls_of(verb, connector, account, fake)
        for place, operation in enumerate(made):
            earlier = made[:place].count(operation)
            for trouble, arguments in TROUBLES.items():
                what = f"{name}: {trouble} at {operation}"
                plan = getattr(case.behaviours, trouble)(*arguments)
                well = type(plan)(does_it=True)
                fake.plan(operation, *[well] * earlier, plan)
                found = done(verb, connector, account)
                fake._planned.clear()
                _is_told(found, what, trouble)


def _is_told(found: object, what: str, trouble: str) -> None:
    match found:
        case TryLater() | Failed() | Broken() | Unknown():
            assert not isinstance(found, Broken), f"{what}: a passing trouble is not the credentials' fault"
            assert found.reason.endswith((".", "!")), what
        case Health(ok=False):
            assert found.detail.strip(), what
        case MediaUnavailable() | CredentialsRefused():
            assert str(found).strip(), what
            assert not isinstance(found, CredentialsRefused), what
        case Health() | Sent() | None | list() | dict() | base.Sender() | bytes():
            pass  # it could do without that call, or did it again
        case _:
            raise AssertionError(f"{what}: {found!r}")


def test_nothing_is_sent_twice_by_itself(
    case: Case,
    connector: Connector,
    fake: Any,
    account: Account,
    file: OutgoingFile,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever was taken before the trouble is counted once, also where a second call was made inside of ``send``."""
    _impatient(monkeypatch)
    for trouble in ("garbage", "slow", "dies"):
        before = len(case.arrived(fake))
        fake.plan(case.operation, getattr(case.behaviours, trouble)(*TROUBLES[trouble]))
        outcome = connector.send(
            OutgoingMessage(uuid=f"{UUID[:-1]}{trouble[0]}", recipient=case.recipient, text="x"), account
        )
        assert len(case.arrived(fake)) == before + 1, trouble
        assert type(outcome) is case.outcome(trouble)


def test_a_wait_may_be_asked_for_by_a_date(
    case: Case, connector: Connector, fake: Any, account: Account
) -> None:
    if case.kind == "telegram":
        pytest.skip("Telegram tells it in the body")
    at = datetime.now(UTC) + timedelta(seconds=90)
    plan = case.behaviours.too_many(7)
    told = {"Retry-After": format_datetime(at, usegmt=True)}
    reply = getattr(plan, "reply", None)
    if reply is None:
        plan = type(plan)(plan.status, plan.body, plan.content_type, told)
    else:
        plan = type(plan)(type(reply)(reply.status, reply.body, reply.content_type, told))
    fake.plan(case.operation, plan)
    outcome = connector.send(OutgoingMessage(uuid=UUID, recipient=case.recipient, text="x"), account)
    assert isinstance(outcome, TryLater)
    assert outcome.after is not None
    assert timedelta(seconds=60) < outcome.after <= timedelta(seconds=91)


def test_a_gateway_that_gave_up_waiting_proves_nothing(
    case: Case, connector: Connector, fake: Any, account: Account
) -> None:
    if case.kind in {"telegram", "api"}:
        pytest.skip("it has a policy of its own; repeated calls are known")
    plan = case.behaviours.bad_gateway()
    reply = getattr(plan, "reply", None)
    body = b"<html>504 Gateway Time-out</html>"
    plan = (
        type(plan)(504, body, "text/html")
        if reply is None
        else type(plan)(type(reply)(504, body, "text/html"))
    )
    fake.plan(case.operation, plan)
    outcome = connector.send(OutgoingMessage(uuid=UUID, recipient=case.recipient, text="x"), account)
    assert isinstance(outcome, Unknown)
