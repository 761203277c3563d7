"""Without the database: honest answers for everybody who asks, and none of them asks it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest import mock

import psycopg
import pytest
from django.db import InternalError, OperationalError, ProgrammingError
from django.db.transaction import TransactionManagementError
from django.test import Client

from contactcenter.outage import is_outage

PUBLIC_ID = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
def nobody_answers() -> Iterator[None]:
    """As it is when the server is down: each try to connect is refused."""

    def refuse(*args: object, **kwargs: object) -> None:
        raise OperationalError("connection refused")

    with mock.patch("django.db.backends.base.base.BaseDatabaseWrapper.cursor", refuse):
        yield


def ask(method: str, path: str, **options: Any) -> Any:
    client = Client(raise_request_exception=False)
    client.cookies["sessionid"] = "x" * 32
    return getattr(client, method)(path, **options)


@pytest.mark.usefixtures("nobody_answers")
@pytest.mark.parametrize("path", ["/", "/desk/", "/admin/", "/dialogs/", "/me/", "/api/docs"])
@pytest.mark.parametrize(
    ("language", "words"), [("en", "Interrupted for a moment"), ("pl", '<html lang="pl">')]
)
def test_people_get_a_page_in_their_language(path: str, language: str, words: str) -> None:
    browser = {"Accept": "text/html,*/*", "Accept-Language": language, "Sec-Fetch-Mode": "navigate"}
    response = ask("get", path, headers=browser)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert response.headers["Content-Type"].startswith("text/html")
    assert words in response.content.decode()


@pytest.mark.usefixtures("nobody_answers")
@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("post", f"/hooks/telegram/{PUBLIC_ID}/", {}),
        ("get", f"/hooks/whatsapp/{PUBLIC_ID}/", {"Accept": "text/html"}),
        ("post", f"/chat/{PUBLIC_ID}/session/", {}),
        ("get", f"/chat/{PUBLIC_ID}/messages/", {}),
        ("post", f"/api/v1/connections/{PUBLIC_ID}/messages", {"Authorization": "Bearer x"}),
        ("get", "/desk/", {"HX-Request": "true"}),
        ("get", "/desk/ticket/", {"Sec-Fetch-Mode": "cors", "Accept": "*/*"}),
        ("get", "/health/", {}),
    ],
)
def test_programs_get_json(method: str, path: str, headers: dict[str, str]) -> None:
    response = ask(method, path, headers=headers, content_type="application/json")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert response.json()["error"] == "unavailable"
    assert response.json()["message"]


@pytest.mark.django_db
def test_health_is_told_while_the_database_answers() -> None:
    response = Client().get("/health/")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def caused(error: Exception, by: Exception) -> Exception:
    error.__cause__ = by
    return error


BROKEN = TransactionManagementError("the transaction is broken")
BROKEN.__context__ = OperationalError("terminated")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        *(
            (caused(OperationalError(), by()), True)
            for by in (
                psycopg.errors.AdminShutdown,
                psycopg.errors.CannotConnectNow,
                psycopg.errors.TooManyConnections,
                psycopg.errors.QueryCanceled,
                psycopg.errors.DeadlockDetected,
                psycopg.errors.LockNotAvailable,
            )
        ),
        (caused(InternalError(), psycopg.errors.ReadOnlySqlTransaction()), True),
        (BROKEN, True),
        (caused(RuntimeError(), OperationalError()), True),
        (caused(InternalError(), psycopg.errors.InFailedSqlTransaction()), False),
        (ProgrammingError(), False),
        (ValueError(), False),
    ],
)
def test_what_passes_by_itself_is_an_outage(error: Exception, expected: bool) -> None:
    assert is_outage(error) is expected


def test_another_error_stays_an_error() -> None:
    with mock.patch("contactcenter.outage.connection.cursor", side_effect=RuntimeError("on purpose")):
        assert ask("get", "/health/").status_code == 500
