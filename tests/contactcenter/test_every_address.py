"""Every address of the project, walked: a GET changes nothing, and where JSON is spoken errors are JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from contactcenter.content_policy import ADMIN, API_DOCUMENTATION, HEADER, OWN
from contactcenter.staff.models import Installation
from openlines.models import Attachment, InboundEvent, OutboxItem, ReplyList
from openlines.services import dialogs
from tests.factories import make_employee
from tests.openlines.factories import NOW, answer, at, make_client, make_connection, make_line, write

pytestmark = pytest.mark.django_db(transaction=True)
WRITES = re.compile(
    r"^\s*(?:WITH\b.*?\b)?(?:INSERT INTO|UPDATE|DELETE FROM)\s+\"?(\w+)", re.IGNORECASE | re.DOTALL
)
SPARED = {"django_session"}
READ = {"workspace:dialog", "workspace:pane"}
"""Who opens a dialog has read what the notices said of it."""


def walk(
    patterns: list[Any], *, name: tuple[str, ...] = (), path: str = "", given: tuple[str, ...] = ()
) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """(name, path, names of its arguments) of each address."""
    for one in patterns:
        here = path + str(one.pattern)
        own = getattr(one.pattern, "converters", None) or one.pattern.regex.groupindex
        wanted = (*given, *own)
        if isinstance(one, URLResolver):
            space = (*name, one.namespace) if one.namespace else name
            yield from walk(one.url_patterns, name=space, path=here, given=wanted)
        elif isinstance(one, URLPattern):
            yield ":".join([*name, one.name or ""]), here, wanted


@pytest.fixture
def things() -> dict[str, Any]:
    """Something to stand in every address: of each kind one, with the next best number."""
    boss = make_employee("boss", role="administrator", is_superuser=True, is_staff=True)
    Installation.current()
    carla = make_employee("carla", role="operator")
    line = make_line(boss, greeting_enabled=False)
    mail = make_connection(line, "telegram", credentials={"token": "1:x", "secret_token": "s"})
    chat = make_connection(line)
    message = write(make_client(mail, "77"), now=NOW)
    dialogs.accept(message.dialog_id, by=boss, now=at(1), may_take_over=True)
    reply = answer(message.dialog, boss, now=at(2))
    event = InboundEvent.objects.create(connection=mail, key="1", received_at=NOW, body=b"{}", state="parked")
    attachment = Attachment.objects.create(message=message, name="x")
    return {
        "boss": boss,
        "carla": carla,
        "line": line,
        "chat": chat,
        "mail": mail,
        "message": message,
        "reply": reply,
        "event": event,
        "attachment": attachment,
    }


def arguments(name: str, wanted: tuple[str, ...], things: dict[str, Any]) -> dict[str, Any]:
    message = things["message"]
    known = {
        "line_id": things["line"].pk,
        "public_id": things["chat"].public_id,
        "attachment": things["attachment"].public_id,
        "message": message.pk,
        "number": message.dialog_id,
        "employee_id": things["carla"].pk,
        "kind": "telegram",
        "key": "x",
        "pk": message.dialog_id,
        "object_id": "1",
        "app_label": "openlines",
        "name": "x",
        "absence_id": 1,
        "template_name": "x",
    }
    if name.startswith("admin:openlines_inboundevent"):
        known["object_id"] = known["pk"] = things["event"].pk
    elif name.startswith("admin:openlines_outboxitem"):
        known["object_id"] = OutboxItem.objects.first().pk  # type: ignore[union-attr]
    elif name.startswith("admin:openlines_connection"):
        known["object_id"] = known["pk"] = things["mail"].pk
    elif name.startswith("admin:openlines_replylist"):
        known["object_id"] = known["pk"] = ReplyList.objects.get_or_create(name="R")[0].pk
    elif name.startswith("admin:openlines_"):
        known["object_id"] = known["pk"] = things["line"].pk
    elif name.startswith("admin:staff_employee"):
        known["object_id"] = known["pk"] = things["carla"].pk
    elif name.startswith("workspace:mail"):
        known["pk"] = message.pk
    return {one: known.get(one, 1) for one in wanted}


def addresses(things: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(name, address that leads to one of the things) of each."""
    for name, path, wanted in walk(get_resolver().url_patterns):
        try:
            address = reverse(name, kwargs=arguments(name, wanted, things)) if wanted else reverse(name)
        except Exception:  # an address of regular expressions, or without a name
            address = "/" + re.sub(r"\(\?P<\w+>[^)]*\)|<[^>]+>", "1", path).strip("^$").replace(
                "\\Z", ""
            ).lstrip("/")
        yield name, address


def test_a_get_changes_nothing(things: dict[str, Any]) -> None:
    browser = Browser(raise_request_exception=False)
    browser.force_login(things["boss"])
    changed, seen = [], 0
    for name, address in addresses(things):
        with CaptureQueriesContext(
            database,
        ) as queries:
            response = browser.get(address)
        seen += response.status_code == 200
        read = {"staff_notice"} if name in READ else set()
        tables = {found[1] for one in queries if (found := WRITES.match(one["sql"]))} - SPARED - read
        if tables:
            changed.append((name, address, sorted(tables)))
        if response.status_code in (302, 401):
            browser.force_login(things["boss"])
    assert changed == []
    assert seen > 60


def test_every_page_has_a_policy(things: dict[str, Any]) -> None:
    browser = Browser(raise_request_exception=False)
    browser.force_login(things["boss"])
    seen: dict[str, set[str]] = {}
    for name, address in addresses(things):
        response = browser.get(address)
        assert response.headers["X-Content-Type-Options"] == "nosniff", address
        assert "Referrer-Policy" in response.headers, address
        if response.headers.get("Content-Type", "").startswith("text/html") and response.status_code != 302:
            seen.setdefault(response.headers[HEADER], set()).add(name.partition(":")[0])
        if response.status_code in (302, 401):
            browser.force_login(things["boss"])
    for policy, places in seen.items():
        assert "default-src 'none'" in policy, places
        assert "'unsafe-" not in policy or places in ({"admin"}, {"api"}), places
    assert {OWN, ADMIN, API_DOCUMENTATION} < seen.keys()


SPOKEN = [
    "/api/v1/connections/nonsense",
    "/api/v1/nothing",
    "/hooks/telegram/nonsense/",
    "/hooks/telegram/",
    "/presence/",
    *(
        f"/chat/nonsense/{one}/"
        for one in ("session", "ticket", "messages", "consent", "rating", "typing", "seen")
    ),
]


@pytest.mark.parametrize("address", SPOKEN)
@pytest.mark.parametrize("method", ["get", "post", "put"])
def test_where_json_is_spoken_errors_are_json(address: str, method: str) -> None:
    response = getattr(Browser(raise_request_exception=False), method)(address)
    if response.status_code < 400:
        assert address == "/presence/"  # the way to the log-in page
        return
    assert response.headers["Content-Type"].startswith("application/json"), response.content[:200]
    assert set(response.json()) >= {"error", "message"}
    assert response.json()["message"]


def test_a_crash_and_a_forged_form_are_json_there_too(
    things: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_args: object, **_options: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr("openlines.connectors.views.registry.has", breaks)
    address = reverse("openlines:hook", args=["telegram", things["mail"].public_id])
    broken = Browser(raise_request_exception=False).post(address)
    assert (broken.status_code, broken.json()["error"]) == (500, "broken")
    forged = Browser(enforce_csrf_checks=True).post(
        reverse("workspace:reply", args=[things["message"].dialog_id]), headers={"accept": "application/json"}
    )
    assert (forged.status_code, forged.json()["error"]) == (403, "forbidden")


@pytest.mark.parametrize("accept", ["", "*/*", "text/html,application/xhtml+xml,*/*;q=0.8"])
def test_a_page_of_a_browser_stays_a_page(accept: str) -> None:
    response = Browser(headers={"accept": accept} if accept else {}).get("/nothing/here/")
    assert (response.status_code, response.headers["Content-Type"].partition(";")[0]) == (404, "text/html")


def test_headers_that_say_what_to_do_stay() -> None:
    response = Browser().put("/hooks/telegram/712cfa13-ab11-420e-a30a-01be04f455f2/")
    assert (response.status_code, response.json()["error"]) == (405, "method")
    assert "POST" in response.headers["Allow"]
