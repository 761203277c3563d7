"""Event streams over a real granian: what reaches a browser, and what ends a stream."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.utils import timezone

from openlines.live.publish import drop_holder, signal
from openlines.live.topics import issue_ticket
from tests.contactcenter.serving import Listening, Server, serve, wait_until


@pytest.fixture
def server(database: None, tmp_path: Path) -> Iterator[Server]:
    with serve(tmp_path) as running:
        yield running


def ticket(holder: str, *topics: str, now: datetime | None = None) -> str:
    return issue_ticket(holder=holder, topics=topics or [holder], now=now or timezone.now())


def kill_listener() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE application_name = 'contactcenter live' AND datname = current_database()"
        )
        return int(cursor.fetchone()[0])


def test_each_stream_hears_its_topics_and_no_others(server: Server) -> None:
    with Listening(server, ticket("e1", "e1", "l3")) as anna, Listening(server, ticket("e2", "l3")) as ben:
        signal("e1", "offer", dialog=7)
        signal("e2", "offer", dialog=8)  # Ben's ticket does not name his own topic
        signal("l3", "waiting", dialog=9, text="zażółć\n\ndata: x")
        assert anna.expect("signal") == {"topic": "e1", "kind": "offer", "dialog": 7}
        expected = {"topic": "l3", "kind": "waiting", "dialog": 9, "text": "zażółć\n\ndata: x"}
        assert anna.expect("signal") == expected
        assert ben.expect("signal") == expected


def test_what_was_rolled_back_is_not_heard(server: Server) -> None:
    with Listening(server, ticket("e1")) as anna:
        with contextlib.suppress(ZeroDivisionError), transaction.atomic():
            signal("e1", "offer", dialog=7)
            raise ZeroDivisionError
        signal("e1", "offer", dialog=8)
        assert anna.expect("signal")["dialog"] == 8


def test_the_stream_says_hello_first_and_is_not_for_caches(server: Server) -> None:
    stream = Listening(server, ticket("e1"))
    first = stream.events.get(timeout=10)
    assert first is not None
    assert first.name == "hello"
    assert abs(datetime.fromisoformat(first.data["now"]) - timezone.now()) < timedelta(seconds=10)
    assert stream.response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert stream.response.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in stream.response.headers
    stream.close()


@pytest.mark.parametrize("query", ["", "?ticket=", "?ticket=forged"])
def test_without_a_good_ticket_there_is_no_stream(server: Server, query: str) -> None:
    response = server.get(f"/live/{query}")
    assert response.status_code == 403
    assert response.json()["error"] == "bad_ticket"


def test_an_old_ticket_is_refused_and_says_why(server: Server) -> None:
    old = ticket("e1", now=timezone.now() - timedelta(minutes=10, seconds=1))
    response = server.get("/live/", params={"ticket": old})
    assert response.status_code == 403
    assert "over" in response.json()["message"]


def test_other_paths_and_methods_are_refused(server: Server) -> None:
    assert server.get("/live/more/").status_code == 404
    assert server.get("/live").status_code == 404


def test_a_stream_ends_with_its_ticket(server: Server) -> None:
    nearly_over = ticket("e1", now=timezone.now() - timedelta(minutes=9, seconds=58))
    stream = Listening(server, nearly_over)
    assert stream.expect("bye") == {"reason": "ticket"}
    wait_until(stream.ended, "the stream ends")


def test_a_change_of_rights_ends_the_holders_streams_and_refuses_his_old_tickets(server: Server) -> None:
    old = ticket("e1", "e1", "l3")
    with Listening(server, old) as anna, Listening(server, ticket("e2", "e1", "l3")) as ben:
        drop_holder("e1")
        assert anna.expect("bye") == {"reason": "rights"}
        wait_until(anna.ended, "the stream ends")
        assert server.get("/live/", params={"ticket": old}).status_code == 403
        with Listening(server, ticket("e1")) as again:
            signal("l3", "waiting", dialog=1)
            signal("e1", "offer", dialog=2)
            assert ben.expect("signal")["dialog"] == 1
            assert again.expect("signal")["dialog"] == 2


def test_after_the_listener_was_cut_off_streams_look_again_and_go_on(server: Server) -> None:
    with Listening(server, ticket("e1")) as anna, Listening(server, ticket("e2")) as ben:
        for _ in range(2):
            assert kill_listener() == 1
            anna.expect("resync")
            ben.expect("resync")
            signal("e1", "offer", dialog=7)
            assert anna.expect("signal")["dialog"] == 7
    assert "Live signals are interrupted" in server.log.read_text()


def test_a_browser_that_lags_behind_is_told_to_look_again(server: Server) -> None:
    host, port = server.address.removeprefix("http://").split(":")
    slow = socket.create_connection((host, int(port)), timeout=10)
    slow.sendall(f"GET /live/?ticket={ticket('e1')} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    received = slow.recv(100)
    with Listening(server, ticket("e2")) as other, slow:
        before = server.get("/memory/").json()["kb"]
        for number in range(4000):  # 20 MB, more than what the sockets' buffers take
            signal("e1", "message", dialog=number, text="x" * 5000)
        signal("e2", "end")
        other.expect("signal")
        assert server.get("/memory/").json()["kb"] - before < 15_000
        while b"event: resync" not in received:
            received = received[-20:] + slow.recv(65536)


def refused(server: Server, holder: str, forwarded_for: str) -> tuple[int, bool]:
    response = server.get(
        "/live/", params={"ticket": ticket(holder)}, headers={"X-Forwarded-For": forwarded_for}
    )
    return response.status_code, int(response.headers["retry-after"]) > 0


def test_strangers_streams_are_limited_by_address_and_in_all_and_leave_employees_room(server: Server) -> None:
    with contextlib.ExitStack() as open_streams:
        for number in range(5):
            stream = Listening(
                server, ticket(f"c{number}"), forwarded_for=f"198.51.100.{number}, 203.0.113.1"
            )
            open_streams.enter_context(stream)
        assert refused(server, "c9", "203.0.113.1") == (429, True)
        for number in range(3):
            open_streams.enter_context(
                Listening(server, ticket(f"c1{number}"), forwarded_for=f"203.0.113.2{number}")
            )
        assert refused(server, "c20", "203.0.113.9") == (503, True)
        with Listening(server, ticket("e1"), forwarded_for="203.0.113.1"):
            pass
    wait_until(lambda: server.get("/streams/").json()["open"] == 0, "the places are free again")
    with Listening(server, ticket("c9"), forwarded_for="203.0.113.1"):
        pass


def test_a_gone_browser_is_forgotten(server: Server) -> None:
    for _ in range(2):
        streams = [Listening(server, ticket("e1")) for _ in range(30)]
        for stream in streams:
            stream.expect("hello")
        assert server.get("/live/", params={"ticket": ticket("e1")}).status_code == 429
        for stream in streams:
            stream.close()

        def room() -> bool:
            with contextlib.closing(Listening(server, ticket("e1"))) as next_one:
                return next_one.response.status_code == 200

        wait_until(room, "there is room again")


def test_a_stop_with_open_streams_takes_no_longer_than_one_without(server: Server) -> None:
    streams = [Listening(server, ticket(f"e{number}")) for number in range(50)]
    for stream in streams:
        stream.expect("hello")
    assert server.stop() < 2
    for stream in streams:
        assert stream.expect("bye") == {"reason": "stopping"}
        wait_until(stream.ended, "the stream ends")


def test_a_browser_that_reads_nothing_does_not_hold_up_a_stop(server: Server) -> None:
    host, port = server.address.removeprefix("http://").split(":")
    with (
        socket.create_connection((host, int(port)), timeout=10) as slow,
        Listening(server, ticket("e2")) as other,
    ):
        slow.sendall(f"GET /live/?ticket={ticket('e1')} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        slow.recv(100)
        for number in range(4000):
            signal("e1", "message", dialog=number, text="x" * 5000)
        signal("e2", "end")
        other.expect("signal")
        assert server.stop() < 5  # killed after 3
