"""How much strangers may send: by count and by bytes, in all processes together, and asked before it is stored."""

from __future__ import annotations

import time
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from pytest_django import DjangoAssertNumQueries

from contactcenter.staff.models import Employee
from openlines import admission
from openlines.models import Attachment, Connection, Dialog, Usage
from openlines.tasks import clean_up
from openlines.widget import limits
from openlines.widget.limits import Limiter, limiter

pytestmark = pytest.mark.django_db


class Visitor:
    def __init__(self, chat: Connection, address: str = "198.51.100.1") -> None:
        self.browser = Browser(REMOTE_ADDR=address)
        self.path = f"/chat/{chat.public_id}"
        self.token = self.browser.post(f"{self.path}/session/").json()["token"]

    def send(self, *files: int, text: str = "Hello") -> Any:
        content: dict[str, Any] = {"uuid": str(uuid4()), "text": text}
        content["files"] = [SimpleUploadedFile(f"{size}.bin", b"x" * size) for size in files]
        return self.browser.post(f"{self.path}/messages/", content, headers={"X-Chat-Token": self.token})


def test_one_process_keeps_the_limit_to_the_last(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(10):  # not one a message: a tenth is taken at a time
        passed = [limiter.wait("m x", allowed=30, clock=10.0) == 0 for _ in range(40)]
    assert passed == [True] * 30 + [False] * 10


def test_processes_keep_it_together() -> None:
    processes = [Limiter() for _ in range(3)]
    passed = sum(one.wait("m x", allowed=30, clock=10.0) == 0 for _ in range(40) for one in processes)
    assert 30 <= passed <= 30 + 2 * 3


def test_a_window_ends() -> None:
    assert all(limiter.wait("m x", allowed=30, clock=10.0) == 0 for _ in range(30))
    wait = limiter.wait("m x", allowed=30, clock=10.0)
    assert 0 < wait <= limits.WINDOW
    Usage.objects.update(until="2020-01-01T00:00Z")
    assert limiter.wait("m x", allowed=30, clock=10.0 + limits.WINDOW) == 0
    clean_up()
    assert not Usage.objects.exists()


def test_a_message_has_a_weight(chat: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "BYTES_OF_A_MESSAGE", 3 * limits.MEGABYTE)
    visitor = Visitor(chat)
    refused = visitor.send(2 * limits.MEGABYTE, 2 * limits.MEGABYTE)
    assert (refused.status_code, refused.json()["error"]) == (413, "files_too_large")
    assert "several messages" in refused.json()["message"]
    assert not Attachment.objects.exists()
    assert visitor.send(2 * limits.MEGABYTE).status_code == 200


@pytest.mark.parametrize(
    ("limit", "other_address", "other_passes"),
    [
        ("BYTES_OF_A_VISITOR", "198.51.100.1", True),
        ("BYTES_OF_AN_ADDRESS", "198.51.100.1", False),
        ("BYTES_OF_AN_ADDRESS", "198.51.100.2", True),
        ("BYTES_OF_A_CHAT", "198.51.100.2", False),
    ],
)
def test_bytes_are_limited_by_visitor_address_and_chat(
    chat: Connection, monkeypatch: pytest.MonkeyPatch, limit: str, other_address: str, other_passes: bool
) -> None:
    monkeypatch.setattr(limits, limit, 250_000)
    visitor, other = Visitor(chat), Visitor(chat, other_address)
    assert [visitor.send(100_000).status_code for _ in range(2)] == [200, 200]
    refused = visitor.send(100_000)
    assert (refused.status_code, refused.json()["error"]) == (429, "too_much")
    assert 0 < int(refused.headers["Retry-After"]) <= limits.HOUR + 1
    assert "min" in refused.json()["message"]
    assert visitor.send(text="words are still possible").status_code == 200
    assert (other.send(100_000).status_code == 200) is other_passes


def test_dialogs_are_limited_by_address_and_those_that_run_go_on(
    chat: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "DIALOGS_OF_AN_ADDRESS", 10)
    first = Visitor(chat)
    assert first.send().status_code == 200
    answers = [Visitor(chat).send().status_code for _ in range(20)]
    assert answers.count(200) <= 10
    assert answers[-1] == 429
    assert first.send().status_code == 200
    assert Visitor(chat, "198.51.100.9").send().status_code == 200
    assert Dialog.objects.count() <= 12


def asked(path: str, **headers: str) -> tuple[int, int]:
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "REMOTE_ADDR": "198.51.100.1",
        "wsgi.input": BytesIO(),
        **headers,
    }
    found = admission.allowance(environ, 100_000_000)
    return found.limit, found.above.status


def test_who_sends_is_asked_before_anything_is_stored(chat: Connection, anna: Employee) -> None:
    visitor = Visitor(chat)
    messages = f"{visitor.path}/messages/"
    strangers = admission.STRANGERS
    assert asked(messages) == (strangers, 401)
    assert asked(messages, HTTP_X_CHAT_TOKEN="forged") == (strangers, 401)
    assert asked(f"/chat/{uuid4()}/messages/", HTTP_X_CHAT_TOKEN=visitor.token) == (strangers, 404)
    known = asked(messages, HTTP_X_CHAT_TOKEN=visitor.token)
    assert known == (limits.BYTES_OF_A_MESSAGE + admission.OVERHEAD, 413)
    assert asked(f"/hooks/telegram/{uuid4()}/") == (strangers, 404)
    assert asked("/api/v1/x")[0] == 5 * limits.MEGABYTE
    assert asked("/desk/1/reply/") == (strangers, 413)
    browser = Browser()
    browser.force_login(anna)
    cookie = f"sessionid={browser.session.session_key}"
    assert asked("/desk/1/reply/", HTTP_COOKIE=cookie)[0] == admission.EMPLOYEES


def test_what_a_visitor_has_used_counts_before_anything_is_stored(
    chat: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "BYTES_OF_A_VISITOR", 250_000)
    visitor = Visitor(chat)
    for _ in range(2):
        visitor.send(100_000)
    limit, status = asked(f"{visitor.path}/messages/", HTTP_X_CHAT_TOKEN=visitor.token)
    assert (limit, status) == (50_000 + admission.OVERHEAD, 429)


def test_the_hot_path_asks_no_table(
    chat: Connection, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert limiter.wait("m new", allowed=30, clock=time.monotonic()) == 0
