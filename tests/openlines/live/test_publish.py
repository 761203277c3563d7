"""What is sent, and when. `heard` is another connection that listens, as a web process does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from openlines.live.publish import CHANNEL, drop_holder, signal

Heard = Callable[[], list[list[Any]]]


@pytest.fixture
def listening(database: None) -> Iterator[psycopg.Connection[Any]]:
    parameters = connection.get_connection_params()
    for django_only in ("context", "cursor_factory", "prepare_threshold"):
        parameters.pop(django_only, None)
    with psycopg.connect(**parameters, autocommit=True) as own:
        own.execute(f"LISTEN {CHANNEL}")
        yield own


@pytest.fixture
def payloads(listening: psycopg.Connection[Any]) -> Callable[[], list[str]]:
    def received() -> list[str]:
        """All that was sent until now: a mark of our own is the last."""
        listening.execute("SELECT pg_notify(%s, 'mark')", [CHANNEL])
        found: list[str] = []
        for notification in listening.notifies(timeout=10):
            if notification.payload == "mark":
                return found
            found.append(notification.payload)
        raise AssertionError("the mark did not come")

    return received


@pytest.fixture
def heard(payloads: Callable[[], list[str]]) -> Heard:
    return lambda: [entry for payload in payloads() for entry in json.loads(payload)["signals"]]


def test_outside_of_a_transaction_it_is_sent_at_once(heard: Heard) -> None:
    signal("e1", "offer", dialog=7)
    assert heard() == [[["e1"], "offer", {"dialog": 7}]]


def test_within_one_it_is_sent_after_the_commit_in_one_statement(heard: Heard) -> None:
    with CaptureQueriesContext(connection) as queries:
        with transaction.atomic():
            signal("e1", "offer", dialog=7)
            with transaction.atomic():
                signal("e2", "offer", dialog=8)
            signal("l3", "waiting", dialog=8)
            assert heard() == []
            assert not [query for query in queries if "pg_notify" in query["sql"]]
        sent = [query["sql"] for query in queries]
    assert len([sql for sql in sent if "pg_notify" in sql]) == 1
    assert sent.index("COMMIT") < next(at for at, sql in enumerate(sent) if "pg_notify" in sql)
    assert [entry[0] for entry in heard()] == [["e1"], ["e2"], ["l3"]]


def test_what_was_rolled_back_is_never_sent(heard: Heard) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        signal("e1", "offer", dialog=7)
        raise ZeroDivisionError
    with transaction.atomic():
        signal("e1", "offer", dialog=8)
    assert heard() == [[["e1"], "offer", {"dialog": 8}]]


def test_a_savepoint_rolled_back_takes_no_other_signal_along(heard: Heard) -> None:
    with transaction.atomic():
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            signal("e1", "offer", dialog=7)
            raise ZeroDivisionError
        signal("e2", "offer", dialog=8)
    assert [["e2"], "offer", {"dialog": 8}] in heard()


def test_of_equal_signals_only_the_latest_is_sent(heard: Heard) -> None:
    with transaction.atomic():
        signal("e1", "message", dialog=7, rev=1)
        signal("e1", "message", dialog=8, rev=5)
        signal("e1", "message", dialog=7, rev=2)
    assert heard() == [
        [["e1"], "message", {"dialog": 8, "rev": 5}],
        [["e1"], "message", {"dialog": 7, "rev": 2}],
    ]


def test_signals_that_differ_in_the_topic_share_their_text(heard: Heard) -> None:
    with transaction.atomic():
        for topic in ("e1", "l3", "c9"):
            signal(topic, "message", dialog=7, text="hello")
    assert heard() == [[["e1", "l3", "c9"], "message", {"dialog": 7, "text": "hello"}]]


@pytest.mark.parametrize("letter", ["x", "ż", "😀", '"', "\x00", "\ud800"])
def test_a_long_text_is_left_out_and_that_is_said(letter: str, payloads: Callable[[], list[str]]) -> None:
    signal("e1", "message", dialog=7, text=letter * 8000)
    signal("e1", "message", dialog=7, text=letter * 20)
    cut, whole = (json.loads(payload)["signals"][0][2] for payload in payloads())
    assert cut == {"dialog": 7, "cut": True}
    assert len(whole["text"]) == 20


def test_data_that_is_long_without_a_text_is_cut_to_the_dialog(heard: Heard) -> None:
    signal("e1", "message", dialog=7, rev=3, files=["x" * 9000])
    assert heard() == [[["e1"], "message", {"dialog": 7, "rev": 3, "cut": True}]]


def test_many_signals_are_packed_into_few_payloads_below_the_limit(payloads: Callable[[], list[str]]) -> None:
    with transaction.atomic():
        for number in range(500):
            signal(f"e{number}", "message", dialog=number, text="ż" * 40)
        for number in range(3000):
            signal(f"c{number}", "closed")
    received = payloads()
    entries = [entry for payload in received for entry in json.loads(payload)["signals"]]
    assert sum(len(topics) for topics, _, _ in entries) == 3500
    assert max(len(payload.encode()) for payload in received) <= 7900
    assert len(received) < 20


def test_a_failure_never_reaches_the_caller(database: None, caplog: pytest.LogCaptureFixture) -> None:
    signal("e1", "message", no_json=object())
    with transaction.atomic():
        signal("e1", "message", no_json=object())
    assert caplog.text.count("Live signals were not sent") == 2


def test_a_drop_names_its_holder_and_the_time_it_was_sent(payloads: Callable[[], list[str]]) -> None:
    drop_holder("e1")
    (packet,) = [json.loads(payload) for payload in payloads()]
    assert packet["signals"] == [[["e1"], "drop", {}]]
    assert packet["at"] > 1_700_000_000
