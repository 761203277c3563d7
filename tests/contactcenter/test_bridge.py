"""How requests reach Django and how its answers leave: a real granian, real sockets."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from pytest_django.plugin import DjangoDbBlocker

from contactcenter.bridge import Bridge
from contactcenter.lib.asgi import Message
from tests.contactcenter.serving import Server, serve, wait_until


@pytest.fixture(scope="module")
def server(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with django_db_blocker.unblock(), serve(tmp_path_factory.mktemp("bridge")) as running:
        yield running


def finished(server: Server) -> list[str]:
    events: list[str] = server.get("/finished/").json()["finished"]
    return events


def raw(server: Server, head: str) -> socket.socket:
    host, port = server.address.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=10)
    connection.sendall(head.encode("latin-1").replace(b"\n", b"\r\n"))
    return connection


def test_a_path_of_any_bytes_reaches_the_view(server: Server) -> None:
    seen = server.get("/echo/za%C5%BC%C3%B3%C5%82%C4%87%2F1/?q=%C5%BC").json()
    assert seen["path"] == "/echo/zażółć/1/"
    assert seen["query"] == {"q": "ż"}
    assert server.get("/echo/%FF%00%C5/").json()["path"] == "/echo/%FF\x00%C5/"
    assert server.get("/nothing/%FF/").status_code == 404


def test_headers_are_joined_and_those_with_underscores_dropped(server: Server) -> None:
    headers = [
        ("X-Tag", "a"),
        ("X-Tag", "b"),
        ("Cookie", "one=1"),
        ("Cookie", "two=2"),
        ("X_Forwarded_Proto", "https"),
    ]
    seen = server.get("/echo/", headers=headers).json()
    assert seen["meta"]["HTTP_X_TAG"] == "a,b"
    assert seen["cookies"] == {"one": "1", "two": "2"}
    assert "HTTP_X_FORWARDED_PROTO" not in seen["meta"]


def test_the_environ_says_who_asks_and_where(server: Server) -> None:
    meta = server.get("/echo/").json()["meta"]
    assert meta["REMOTE_ADDR"] == "127.0.0.1"
    assert server.address.endswith(f":{meta['SERVER_PORT']}")
    assert meta["wsgi.url_scheme"] == "http"


@pytest.mark.parametrize(("size", "spooled"), [(0, False), (50_000, False), (2_500_000, True)])
def test_a_body_arrives_whole_and_a_big_one_waits_on_disk(server: Server, size: int, spooled: bool) -> None:
    body = bytes(range(256)) * (size // 256)
    seen = httpx.post(f"{server.address}/echo/", content=body).json()
    assert (seen["size"], seen["spooled"]) == (len(body), spooled)
    assert seen["digest"] == hashlib.sha256(body).hexdigest()


def test_a_body_of_unannounced_length_arrives_whole(server: Server) -> None:
    seen = httpx.post(f"{server.address}/echo/", content=iter([b"a" * 70_000, b"b" * 70_000])).json()
    assert (seen["size"], seen["meta"]["CONTENT_LENGTH"]) == (140_000, "140000")


def test_a_body_above_the_limit_is_refused(server: Server) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(4):
            yield b"x" * 1_000_000

    with httpx.stream("POST", f"{server.address}/echo/", content=pieces()) as response:
        assert response.status_code == 413
    assert server.get("/echo/").status_code == 200


def test_slow_uploads_take_no_thread(server: Server) -> None:
    head = "POST /echo/ HTTP/1.1\nHost: x\nContent-Length: 1000\n\nfirst"
    uploads = [raw(server, head) for _ in range(5)]  # the site has two threads
    assert server.get("/echo/").status_code == 200
    for upload in uploads:
        upload.close()
    assert server.get("/echo/").status_code == 200


def answered(connection: socket.socket) -> str:
    """The answer, and that the connection is closed after it."""
    with connection, connection.makefile("rb") as stream:
        return stream.read().decode()


@pytest.mark.parametrize("head", ["Content-Length: 1000", "Transfer-Encoding: chunked"])
def test_a_body_that_never_arrives_is_ended(server: Server, head: str) -> None:
    started = time.monotonic()
    said = answered(raw(server, f"POST /echo/ HTTP/1.1\nHost: x\n{head}\n\n"))
    assert said.startswith("HTTP/1.1 408 ")
    assert '"error": "too_slow"' in said
    assert time.monotonic() - started < 5


def test_a_body_that_drips_is_ended_though_it_never_rests(server: Server) -> None:
    started = time.monotonic()
    upload = raw(server, "POST /echo/ HTTP/1.1\nHost: x\nContent-Length: 1000\n\n")
    upload.settimeout(0.2)
    said = b""
    while not said and time.monotonic() - started < 8:
        try:
            said = upload.recv(4096)
        except TimeoutError:
            upload.sendall(b"x")
    assert said.startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - started > 1.5
    upload.close()


def test_uploads_that_wait_take_no_places_of_requests(server: Server) -> None:
    head = "POST /echo/ HTTP/1.1\nHost: x\nX-Forwarded-For: 203.0.113.7\nContent-Length: 1000\n\n"
    uploads = [raw(server, head) for _ in range(30)]
    assert server.get("/echo/", headers={"X-Forwarded-For": "203.0.113.7"}).status_code == 200
    other = {"X-Forwarded-For": "203.0.113.8"}
    assert httpx.post(f"{server.address}/echo/", content=b"x", headers=other).status_code == 200
    said = [answered(upload).split()[1] for upload in uploads]
    assert sorted(said) == ["408"] * 20 + ["429"] * 10


def test_a_stranger_is_refused_by_the_announced_length_and_while_sending(server: Server) -> None:
    head = "POST /echo/ HTTP/1.1\nHost: x\nX-From: nobody\n"
    said = answered(raw(server, f"{head}Content-Length: 2000000\n\n"))
    assert said.startswith("HTTP/1.1 401 ")
    assert "retry-after: 7" in said.lower()
    chunked = raw(server, f"{head}Transfer-Encoding: chunked\n\n")
    piece = b"ffff\r\n" + b"x" * 0xFFFF + b"\r\n"
    chunked.sendall(piece + piece)
    assert answered(chunked).startswith("HTTP/1.1 401 ")
    small = {"X-From": "nobody"}
    assert httpx.post(f"{server.address}/echo/", content=b"x" * 60_000, headers=small).status_code == 200


def test_a_connection_without_a_request_is_closed(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path: Path
) -> None:
    options = ("--http1-header-read-timeout", "1000")
    with django_db_blocker.unblock(), serve(tmp_path, options=options) as server:
        assert "HTTP/1.1 200" not in answered(raw(server, "GET /echo/ HTTP/1.1\nHost: x\nX-Half: "))
        answered(raw(server, ""))
        kept = raw(server, "GET /echo/ HTTP/1.1\nHost: x\n\n")
        assert answered(kept).startswith("HTTP/1.1 200 ")  # and closed after it, by the time-out


def test_cookies_leave_as_headers_of_their_own(server: Server) -> None:
    response = server.get("/cookies/")
    assert len(response.headers.get_list("set-cookie")) == 2


def test_head_and_empty_statuses_have_no_body(server: Server) -> None:
    answers = raw(
        server, "HEAD /cookies/ HTTP/1.1\nHost: x\n\nGET /cookies/?status=204 HTTP/1.1\nHost: x\n\n"
    )
    answers.sendall(b"GET /cookies/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    with answers, answers.makefile("rb") as stream:
        text = stream.read().decode()
    assert text.count("HTTP/1.1 200") == 2
    assert text.count("HTTP/1.1 204") == 1
    assert text.count("\r\n\r\nok") == 1


def test_head_of_an_endless_stream_ends(server: Server) -> None:
    assert httpx.head(f"{server.address}/endless/", timeout=5).status_code == 200


def test_pieces_are_sent_as_they_are_made(server: Server, tmp_path: Path) -> None:
    (tmp_path / "0").touch()  # the head is sent with the first piece
    with httpx.stream("GET", f"{server.address}/three-steps/", params={"folder": str(tmp_path)}) as response:
        lines = response.iter_lines()
        for step in range(3):
            assert next(lines) == f"step {step}"
            (tmp_path / str(step + 1)).touch()


@pytest.mark.parametrize("size", [0, 10, 65_536, 1_000_000])
def test_a_file_is_sent_whole_and_closed(server: Server, size: int) -> None:
    assert server.get(f"/file/?size={size}").content == b"f" * size
    wait_until(lambda: f"file {size}" in finished(server), "the file is closed")


def test_a_client_that_reads_nothing_holds_neither_memory_nor_a_thread(server: Server) -> None:
    before = server.get("/memory/").json()["kb"]
    slow = [raw(server, "GET /file/?size=60000000 HTTP/1.1\nHost: x\n\n") for _ in range(4)]
    assert server.get("/echo/").status_code == 200
    wait_until(lambda: all(connection.recv(1) for connection in slow), "the downloads have begun")
    assert server.get("/memory/").json()["kb"] - before < 60_000
    for connection in slow:
        connection.close()
    wait_until(lambda: finished(server).count("file 60000000") == 4, "the files are closed")


def test_a_generator_waits_for_a_slow_client_and_is_closed_when_it_leaves(server: Server) -> None:
    with raw(server, "GET /endless/ HTTP/1.1\nHost: x\n\n") as connection:
        wait_until(lambda: connection.recv(1), "the stream has begun")
        seen = -1
        while (now := finished(server).count("piece")) != seen:  # until the buffers between us are full
            seen = now
            time.sleep(0.3)
        assert seen < 500
    wait_until(lambda: "endless in 1 thread" in finished(server), "the generator is closed")


def test_the_request_finishes_for_django_each_time(server: Server) -> None:
    before = finished(server).count("request")
    server.get("/echo/")
    server.get("/file/?size=100000")
    wait_until(lambda: finished(server).count("request") >= before + 3, "Django has heard")


def test_an_error_is_a_500_and_the_next_request_is_answered(server: Server) -> None:
    assert server.get("/fails/").status_code == 500
    assert server.get("/echo/").status_code == 200
    assert "on purpose" in server.log.read_text()


def test_an_error_outside_of_django_is_a_500_too(caplog: pytest.LogCaptureFixture) -> None:
    def broken(environ: dict[str, Any], start_response: object) -> Iterable[bytes]:
        raise RuntimeError("on purpose")

    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    bridge = Bridge(broken, threads=1, streaming_threads=1, body_in_memory=10, body_limit=10)
    scope = {
        "method": "GET",
        "path": "/",
        "query_string": b"",
        "headers": [],
        "scheme": "http",
        "http_version": "1.1",
    }
    asyncio.run(bridge(scope, receive, send))
    assert sent[0]["status"] == 500
    assert "on purpose" in caplog.text


def test_an_error_within_a_stream_is_logged(server: Server) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        server.get("/breaks-off/")
    wait_until(lambda: "A streamed response broke off" in server.log.read_text(), "it is logged")


def test_a_language_activated_by_one_request_does_not_reach_the_next(server: Server) -> None:
    assert {server.get("/language/").text for _ in range(6)} == {"en-us"}


def test_each_thread_keeps_its_connection_and_replaces_a_dead_one(
    server: Server, django_db_blocker: DjangoDbBlocker
) -> None:
    backends = {server.get("/backend/").text for _ in range(12)}
    assert len(backends) <= 2
    from django.db import connection

    with django_db_blocker.unblock():
        parameters = connection.get_connection_params()
    with psycopg.connect(
        dbname=parameters["dbname"], host=parameters.get("host"), user=parameters.get("user")
    ) as own:
        for pid in backends:
            own.execute("SELECT pg_terminate_backend(%s)", [int(pid)])
    after = [server.get("/backend/") for _ in range(6)]
    assert {response.status_code for response in after} == {200}
    assert not backends & {response.text for response in after}
