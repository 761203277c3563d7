"""The house (see ``house.py``), and browsers for the people in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import Client as Http
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.plugin import DjangoDbBlocker

from contactcenter.staff.models import Employee
from openlines.models import Connection
from openlines.schedules import ensure_schedules
from tests.browser import house as houses
from tests.browser import shop as shops
from tests.browser.house import House
from tests.browser.people import Customer, Desk
from tests.clean_slate import slate
from tests.conftest import environment_of_processes

PATIENCE_MS = 30_000
"""For any one thing a page waits for; far more than it takes."""

Contexts = Callable[..., BrowserContext]
Desks = Callable[[Employee], Desk]
Customers = Callable[[Connection], Customer]


@pytest.fixture(scope="package")
def house(
    browser: Browser,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[House]:
    """Of this folder's tests only: those that follow empty the tables, which nobody may use then."""
    expect.set_options(timeout=PATIENCE_MS)
    with django_db_blocker.unblock():
        as_migrated()
        connection.close()
    with houses.house(environment_of_processes(), tmp_path_factory.mktemp("house")) as opened:
        yield opened
    with django_db_blocker.unblock():
        as_migrated()
        connection.close()


def as_migrated() -> None:
    """The tables as the migrations left them."""
    slate.wipe()
    ContentType.objects.clear_cache()
    ensure_schedules()


@pytest.fixture(scope="session")
def shop() -> Iterator[str]:
    with shops.shop() as address:
        yield address


@pytest.fixture(autouse=True)
def db(house: House, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """In place of pytest-django's (the name makes it create the database): no transaction around the test, and
    nothing is emptied after it, as the house's processes work on the same rows.
    """
    with django_db_blocker.unblock():
        yield
        connection.close()


class Watch:
    """Notes what goes wrong in a page, whether the test looks there or not."""

    def __init__(self) -> None:
        self.wrong: list[str] = []

    def __call__(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.note(page, str(error)))
        page.on("dialog", lambda dialog: self.note(page, f"{dialog.type}: {dialog.message}"))
        page.on("console", lambda told: self.note(page, told.text) if _is_blocked(told.text) else None)
        page.on("response", lambda answer: self.note(page, answer.url) if answer.status >= 500 else None)

    def note(self, page: Page, words: str) -> None:
        self.wrong.append(f"{page.url}: {words}")


def _is_blocked(words: str) -> bool:
    return "Content Security Policy" in words


@pytest.fixture
def contexts(browser: Browser, house: House) -> Iterator[Contexts]:
    """Browsers of one's own. What goes wrong in any page of them fails the test."""
    watch = Watch()
    with ExitStack() as stack:

        def open_one(**options: Any) -> BrowserContext:
            usual = {"base_url": house.address, "locale": "en-GB", "timezone_id": settings.TIME_ZONE}
            context = browser.new_context(**(usual | options))
            context.set_default_timeout(PATIENCE_MS)
            context.on("page", watch)
            stack.callback(context.close)
            return context

        yield open_one
    assert not watch.wrong, f"{watch.wrong}\n{house.log()}"


@pytest.fixture
def logged_in(contexts: Contexts) -> Callable[..., Page]:
    """A page in the session of an employee, without the way over the form."""

    def page_of(employee: Employee, **options: Any) -> Page:
        session = Http()
        session.force_login(employee)
        context = contexts(**options)
        cookie = session.cookies[settings.SESSION_COOKIE_NAME]
        context.add_cookies(
            [
                {
                    "name": cookie.key,
                    "value": cookie.value,
                    "domain": "127.0.0.1",
                    "path": "/",
                    "httpOnly": True,
                }
            ]
        )
        return context.new_page()

    return page_of


@pytest.fixture
def desk(logged_in: Callable[..., Page]) -> Desks:
    return lambda employee: Desk(logged_in(employee), employee).open()


@pytest.fixture
def customer(contexts: Contexts, house: House, shop: str) -> Customers:
    return lambda chat: Customer(contexts().new_page(), chat, house=house.address, shop=shop)
