"""Calls of the Graph API: what is sent, and what its errors and headers tell."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta

import pytest

from contactcenter.lib import http
from openlines.connectors.base import Account, Broken, Failed, MediaUnavailable, Outcome, TryLater, Unknown
from openlines.connectors.meta import files, graph, refusal
from openlines.connectors.meta.fake import TOKEN, FakeGraph, refuse, too_many

NOBODY = Account(connection_id=1, kind="whatsapp", credentials={})


def read(body: object, status: int = 400, **headers: str) -> graph.Reply:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return graph.read(
        http.Answer(status, {name.replace("_", "-"): said for name, said in headers.items()}, raw)
    )


def error(code: int, message: str = "Oh", **more: object) -> dict[str, object]:
    return {"error": {"code": code, "message": message, **more}}


def test_a_call_shows_the_token_in_its_header_alone() -> None:
    with FakeGraph() as fake:
        account = Account(1, "whatsapp", {}, base_url=fake.url + "/")
        fake.plan("me", refuse(4), too_many(9))
        first = graph.call(account, "GET", "me", token=f"{TOKEN}\n", params={"fields": "a b"}, app_secret="s")
        second = graph.call(account, "POST", "1/me", token="", json={"a": "ä"})
    asked, posted = fake.calls
    assert asked.token == TOKEN
    proof = hmac.new(b"s", f"{TOKEN}\n".encode(), hashlib.sha256).hexdigest()
    assert asked.params == {"fields": "a b", "appsecret_proof": proof}
    assert (first.fault and first.fault.code, first.ok) == (4, False)
    assert (posted.params, posted.is_json) == ({"a": "ä"}, True)
    assert second.retry_after == timedelta(seconds=9)


def test_ids_cannot_lead_elsewhere() -> None:
    assert graph.segment(" ../me?x#y ") == "..%2Fme%3Fx%23y"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "30"}, 30),
        ({"retry_after": "0"}, 1),
        ({"retry_after": "99999"}, 3600),
        ({"retry_after": "Sun, 22 Nov 2026 12:00:20 GMT", "date": "Sun, 22 Nov 2026 12:00:00 GMT"}, 20),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "Sun, 20 Nov 2016 12:00:20 GMT"}, 1),
        ({"retry_after": "Sun, 20 Nov 2095 12:00:20 GMT"}, 3600),
        ({"x_business_use_case_usage": '{"1": [{"estimated_time_to_regain_access": 5}]}'}, 300),
        ({"x_business_use_case_usage": '{"1": [{"estimated_time_to_regain_access": 999}]}'}, 3600),
        ({"x_business_use_case_usage": "[[["}, None),
        ({}, None),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], seconds: int | None) -> None:
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert read(error(4), 400, **headers).retry_after == expected


def test_how_much_of_the_limit_is_used() -> None:
    reply = read(
        {},
        200,
        x_app_usage='{"call_count": 28, "total_time": 25}',
        x_business_use_case_usage='{"1": [{"call_count": 81, "total_cputime": 3}]}',
    )
    assert graph.usage(reply) == 81
    assert graph.usage(read({}, 200)) == 0


def test_an_errors_words_never_hold_a_token() -> None:
    token = "EAAG" + "x" * 60
    fault = read(error(190, f"Malformed access token {token}")).fault
    assert fault is not None
    assert fault.said == "Malformed access token …"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b'{"error": "text"}'])
def test_strange_answers(body: bytes) -> None:
    reply = read(body, 400)
    assert not reply.ok
    assert reply.fault is None


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (read(error(190)), Broken),
        (read(error(4)), TryLater),
        (read(error(12345), 429), TryLater),
        (read(error(2), 500), TryLater),
        (read(error(12345), 503), TryLater),
        (read(error(12345, is_transient=True)), TryLater),
        (read(b"<html>", 502), TryLater),
        (read(b"<html>", 429), TryLater),
        (read(b"<html>", 401), Broken),
        (read(b"<html>", 404), Failed),
        (read(b"<html>", 200), Unknown),
        (read(error(12345)), type(None)),
    ],
)
def test_what_means_the_same_on_every_channel(reply: graph.Reply, outcome: type[Outcome]) -> None:
    assert type(refusal.common(reply)) is outcome


def test_files_come_from_metas_hosts_and_the_fakes() -> None:
    with FakeGraph() as fake:
        account = Account(1, "whatsapp", {}, base_url=fake.url)
        url = fake.add_file("a.jpg", b"picture")
        assert files.download(url, account, max_bytes=100) == b"picture"
        with pytest.raises(MediaUnavailable, match="not allowed"):
            files.download(url, NOBODY, max_bytes=100)
        with pytest.raises(MediaUnavailable) as caught:
            files.download(f"{fake.url}/cdn/gone", account, max_bytes=100)
        assert not caught.value.temporary
    with pytest.raises(MediaUnavailable) as caught:
        files.download(url, account, max_bytes=100)
    assert caught.value.temporary
