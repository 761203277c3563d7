"""One bad thing never stops the others, not even one that kills its process."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import connection as database

from contactcenter.lib.limits import TookTooLong, time_limit
from openlines.connectors import base, registry
from openlines.models import Attachment, Connection, Deadline, Dialog, InboundEvent, OpenLine, UnderWay
from openlines.services import deadlines, erasure, files, guards, inbound, routing, taken_up, upkeep
from openlines.services.clients import find_or_create
from tests.openlines.factories import at, make_client, make_connection, make_line, make_operator, write

pytestmark = pytest.mark.django_db(transaction=True)


class Killed(BaseException):
    """As a kill -9: no handler of exceptions sees it."""


def dies_for(poison: object, whole: Callable[..., Any]) -> Callable[..., Any]:
    """``whole``, but for one first argument, which is deadly."""

    def call(first: Any, *more: Any, **options: Any) -> Any:
        if first == poison:
            raise Killed
        return whole(first, *more, **options)

    return call


@pytest.fixture
def line() -> OpenLine:
    return make_line(make_operator("Anna"), greeting_enabled=False)


def run(work: Callable[[datetime], Any], *, deaths: int) -> Any:
    """``work`` again and again, as the task queue has it done."""
    for turn in range(deaths):
        with pytest.raises(Killed):
            work(at(10_000 + 1000 * turn))
    return work(at(20_000))


def test_a_real_kill_counts_though_nothing_could_be_said(line: OpenLine) -> None:
    for deaths in (0, 1):
        pid = os.fork()
        if not pid:
            try:
                database.connection = None  # the parent's
                with guards.guarded(guards.Kind.FILE, "1", now=at(0)) as found:
                    os.kill(os.getpid(), signal.SIGKILL if found == deaths else signal.SIGTERM)
            finally:
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    with guards.guarded(guards.Kind.FILE, "1", now=at(0)) as found:
        assert found == guards.MOST_DEATHS
    assert not UnderWay.objects.exists()
    UnderWay.objects.create(kind="file", key="old", begun_at=at(0), deaths=1)
    inbound.clean_up(now=at(0) + guards.KEEP * 2)
    assert not UnderWay.objects.exists()


def test_an_exception_is_no_death() -> None:
    for _turn in range(3):
        with pytest.raises(ValueError), guards.guarded(guards.Kind.FILE, "1", now=at(0)) as deaths:
            assert deaths == 0
            raise ValueError


def test_a_file_that_kills_is_given_up_and_the_others_come(
    line: OpenLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = make_connection(line, "telegram", credentials={"token": "1:x", "secret_token": "s"})
    media = [base.Media(base.MediaKind.IMAGE, name, mime="image/png") for name in ("bomb", "photo")]
    message = write(
        make_client(connection, "4711"),
        "",
        kind=base.MessageKind.MEDIA,
        media=tuple(media),
        external_id="1:1",
    )

    def fetch(self: object, media: base.Media, account: base.Account, *, max_bytes: int) -> bytes:
        if media.reference == "bomb":
            raise Killed
        return b"\x89PNG"

    monkeypatch.setattr(type(registry.get("telegram")), "fetch", fetch)
    run(lambda now: files.fetch(connection.pk, now=now), deaths=2)
    bomb, photo = message.attachments.order_by("pk")
    assert (bomb.state, photo.state) == (Attachment.State.FAILED, Attachment.State.STORED)
    assert "stopped" in bomb.failure


def test_a_client_whose_name_kills_stays_without_one(line: OpenLine, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = make_connection(line, "messenger", credentials={"page_id": "1"})
    first, second = (find_or_create(connection, base.Sender(name), now=at(0)) for name in ("PSID1", "PSID2"))

    def profile(self: object, external_id: str, account: base.Account) -> base.Sender:
        if external_id == "PSID1":
            raise Killed
        return base.Sender(external_id, name="Carla")

    monkeypatch.setattr(type(registry.get("messenger")), "profile", profile)
    for turn in range(2):
        with pytest.raises(Killed):
            upkeep.name_clients(now=at(turn))
    upkeep.name_clients(now=at(10))
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.name, second.name) == ("", "Carla")


@pytest.mark.parametrize("deed", ["missed", "renew"])
def test_upkeep_that_fails_on_one_connection_goes_on_with_the_next(
    monkeypatch: pytest.MonkeyPatch, deed: str
) -> None:
    kind = "sms" if deed == "missed" else "instagram"
    bad, good = (
        make_connection(
            make_line(make_operator(name)), kind, credentials={"account_sid": name, "token": name}
        )
        for name in ("bad", "good")
    )
    asked = []

    def ask(self: object, account: base.Account, *more: object) -> Any:
        asked.append(account.connection_id)
        if account.connection_id == bad.pk:
            raise KeyError("price")
        return [] if deed == "missed" else None

    monkeypatch.setattr(type(registry.get(kind)), deed, ask)
    upkeep.reconcile(now=at(0)) if deed == "missed" else upkeep.renew(now=at(0))
    assert asked == [bad.pk, good.pk]
    bad.refresh_from_db()
    assert "KeyError" in bad.last_error


@pytest.mark.parametrize("deadly", [True, False])
def test_a_dialog_that_cannot_be_erased_keeps_no_other(
    line: OpenLine, monkeypatch: pytest.MonkeyPatch, deadly: bool
) -> None:
    connection = make_connection(line, "telegram")
    pks = [write(make_client(connection, name)).dialog.pk for name in ("1", "2")]
    Dialog.objects.update(log_kept=False, state="closed", closed_at=at(0))
    whole = erasure.erase

    def erase(dialog_id: int, *, now: datetime) -> bool:
        if dialog_id == pks[0]:
            raise Killed if deadly else RuntimeError("disk")
        return whole(dialog_id, now=now)

    monkeypatch.setattr(erasure, "erase", erase)
    run(lambda now: erasure.sweep(now=now), deaths=2 if deadly else 0)
    erased = Dialog.objects.filter(log_erased_at__isnull=False)
    assert list(erased.values_list("pk", flat=True)) == [pks[1]]


def test_a_replay_that_kills_is_refused_once_and_says_why(
    line: OpenLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = make_connection(line, "telegram")
    event = InboundEvent.objects.create(
        connection=connection, key="1", received_at=at(0), body=b"{}", state="parked"
    )
    with monkeypatch.context() as patch:
        patch.setattr(inbound, "_process", dies_for(event.pk, inbound._process))
        assert run(lambda now: inbound.replay(event, now=now), deaths=2) is False
    event.refresh_from_db()
    assert "stopped" in event.reason
    inbound.replay(event, now=at(60))  # an update may have mended it
    event.refresh_from_db()
    assert "stopped" not in event.reason


# -- deadlines -----------------------------------------------------------------------------------------------


def due(line: OpenLine, *names: str) -> list[Dialog]:
    """Dialogs that are to be marked as unanswered (A4)."""
    connection = Connection.objects.filter(line=line).first() or make_connection(line, "telegram")
    return [write(make_client(connection, name), now=at(0)).dialog for name in names]


def fire(seconds: float) -> deadlines.Fired:
    return deadlines.fire_due(now=at(seconds), kinds={"unanswered"})


def test_a_deadline_that_kills_is_found_out_and_stops_no_other(
    line: OpenLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialogs = due(line, "1", "2", "3")
    poison = Deadline.objects.get(dialog=dialogs[1], kind="unanswered")
    monkeypatch.setattr(deadlines, "_fire", dies_for(poison, deadlines._fire))
    for _turn in range(2):
        with pytest.raises(Killed):
            fire(1000)
        Deadline.objects.filter(holder__isnull=False).update(holder=0)  # the database's process is gone, too
    fire(1001)
    marked = Dialog.objects.filter(is_unanswered=True)
    assert set(marked.values_list("pk", flat=True)) == {dialogs[0].pk, dialogs[2].pk}
    poison.refresh_from_db()
    assert "died" in poison.error
    assert poison.due_at > at(1001)
    assert not Deadline.objects.exclude(holder=None).exists()


def test_a_process_that_still_fires_is_not_taken_for_dead(line: OpenLine) -> None:
    [dialog] = due(line, "1")
    deadline = Deadline.objects.get(dialog=dialog, kind="unanswered")
    for _turn in range(4):
        assert taken_up.take([deadline.pk]) == {deadline.pk: 0}
    taken_up.put_down([deadline.pk])
    deadline.refresh_from_db()
    assert (deadline.holder, deadline.deaths) == (None, 0)


def test_firing_marks_with_two_statements_a_turn(
    line: OpenLine, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many are due; and nothing is written while nothing is."""
    due(line, *map(str, range(20)))
    monkeypatch.setattr(deadlines, "_fire", lambda deadline, now: 0)
    with django_assert_num_queries(2):
        fire(1)
    with django_assert_num_queries(4 + 2 * 20):  # and a savepoint each
        fire(1000)


def test_a_distribution_that_dies_is_done_again_within_seconds(
    line: OpenLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    Deadline.objects.create(line=line, kind="distribute", due_at=at(0))
    done = []
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(routing, "distribute", dies_for(line.pk, routing.distribute))
        deadlines.fire_due(now=at(1))
    assert Deadline.objects.get(line=line).due_at == at(1) + deadlines.AGAIN
    monkeypatch.setattr(routing, "distribute", lambda line_id, now: done.append(line_id))
    deadlines.fire_due(now=at(1) + deadlines.AGAIN)
    assert done == [line.pk]
    assert not Deadline.objects.filter(line=line).exists()


# -- time limits ---------------------------------------------------------------------------------------------


def test_a_time_limit_ends_what_does_not_end_and_gives_a_running_timer_back() -> None:
    rung = []
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append(True))
    try:
        signal.setitimer(signal.ITIMER_REAL, 60)
        with pytest.raises(TookTooLong), time_limit(0.05):
            while True:
                pass
        left, _interval = signal.setitimer(signal.ITIMER_REAL, 0)
        assert 50 < left < 60
        with time_limit(5):
            pass
        assert signal.setitimer(signal.ITIMER_REAL, 0) == (0.0, 0.0)
        assert rung == []
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


# -- nets ----------------------------------------------------------------------------------------------------


def test_what_fails_for_one_keeps_no_other_and_is_told_at_the_end() -> None:
    done = []

    def work(number: int) -> bool:
        if number == 2:
            raise KeyError(number)
        done.append(number)
        return True

    with pytest.raises(KeyError):
        guards.each([1, 2, 3], work)
    assert done == [1, 3]
    assert guards.each([4, 5], work) == 2


def test_the_audit_goes_on_behind_a_dialog_that_it_cannot_mend(
    line: OpenLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialogs = due(line, "1", "2", "3")
    Deadline.objects.filter(kind="unanswered").delete()
    mend = deadlines._mend

    def fails(dialog_id: int, *, now: datetime) -> int:
        if dialog_id == dialogs[0].pk:
            raise KeyError("facts")
        return mend(dialog_id, now=now)

    monkeypatch.setattr(deadlines, "_mend", fails)
    with pytest.raises(KeyError):
        deadlines.audit(now=at(10))
    mended = Deadline.objects.filter(kind="unanswered").values_list("dialog_id", flat=True)
    assert set(mended) == {dialogs[1].pk, dialogs[2].pk}
