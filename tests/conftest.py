"""What every test may use; the domain's own fixtures live beside their tests."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from playwright.sync_api import Browser, Playwright
from psycopg import sql
from pytest_django import DjangoDbBlocker

from contactcenter.embedded import EmbeddedServer
from tests.clean_slate import instead_of_flush, slate
from tests.settings import RUN

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
ASYNC_UNSAFE = "DJANGO_ALLOW_ASYNC_UNSAFE"
WITHOUT_CHROMIUM = "no Chromium found: `apt-get install chromium`, or name one in CHROMIUM=/path/to/chromium"

_until_the_end = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    """The run keeps the tests' database server, and the files of the run go with it."""
    server = settings.DATABASES["default"].get("SERVER")
    if isinstance(server, EmbeddedServer):
        _until_the_end.enter_context(server.held())
        if not is_worker(config):
            server.join()
            drop_leftovers(server)
    if not is_worker(config):
        _until_the_end.callback(shutil.rmtree, settings.VAR, ignore_errors=True)


def pytest_unconfigure() -> None:
    connection.close()
    _until_the_end.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function):
            if commits(item):
                marker = item.get_closest_marker("django_db")
                wanted = {**(marker.kwargs if marker else {}), "transaction": True}
                # A mark, for pytest-django looks no further where there is one.
                item.add_marker(pytest.mark.django_db(**wanted), append=False)
            if "browser" in item.fixturenames:
                item.add_marker("browser")
    # From the first browser on there is Playwright's event loop, beside which `asyncio.run` refuses to work.
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


def commits(item: pytest.Function) -> bool:
    """Such a test leaves rows behind, which ``tests/clean_slate.py`` takes away."""
    marker = item.get_closest_marker("django_db")
    return bool(
        (marker and marker.kwargs.get("transaction"))
        or {"transactional_db", "live_server"}.intersection(item.fixturenames)
    )


def is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def drop_leftovers(server: EmbeddedServer) -> None:
    """Drop the databases of runs that were killed: the name carries the run's process id."""
    with server.connect() as postgres:
        for (name,) in postgres.execute(
            "SELECT datname FROM pg_database WHERE datname ~ '^test_contactcenter_'"
        ):
            run = name.split("_")[2]
            if run != RUN and run.isdigit() and not Path(f"/proc/{run}").exists():
                postgres.execute(
                    sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
                )


# -- other processes on the test's database ----------------------------------------------------------------


def database_url() -> str:
    """The address of the database this test is on, for processes it starts."""
    server = settings.DATABASES["default"].get("SERVER")
    if isinstance(server, EmbeddedServer):
        return server.url(connection.settings_dict["NAME"])
    old, new = os.environ["DATABASE_URL"], connection.settings_dict["NAME"]
    address, _, query = old.partition("?")
    return f"{address.rpartition('/')[0]}/{new}" + (f"?{query}" if query else "")


def environment_of_processes() -> dict[str, str]:
    """For a server or a worker that shares the tests' database and files."""
    inherited = {name: value for name, value in os.environ.items() if name != ASYNC_UNSAFE}
    return {**inherited, "DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "tests.settings"}


@pytest.fixture
def process_environment(transactional_db: None) -> Callable[..., dict[str, str]]:
    """``environment_of_processes`` with more in it."""

    def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
        return environment_of_processes() | dict(extra or {})

    return environment


@pytest.fixture
def bare_connection(transactional_db: None) -> Iterator[psycopg.Connection]:
    """A connection of its own to the test's database, in autocommit: what another process would see."""
    with psycopg.connect(database_url(), autocommit=True) as bare:
        yield bare


# -- browsers ----------------------------------------------------------------------------------------------


def find_chromium() -> str | None:
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """The test's database, with what the migrations had put into it remembered (``tests/clean_slate.py``)."""
    with django_db_blocker.unblock():
        slate.remember()
    instead_of_flush()


@pytest.fixture(scope="session")
def browser(django_db_setup: None, playwright: Playwright) -> Iterator[Browser]:
    """The system's Chromium, in place of the download that pytest-playwright expects; skips without one.

    Playwright keeps an event loop in the test's thread, in which Django would refuse to touch the database.
    """
    chromium = find_chromium()
    if chromium is None:
        pytest.skip(WITHOUT_CHROMIUM)
    os.environ[ASYNC_UNSAFE] = "1"
    opened = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_FLAGS))
    yield opened
    opened.close()
