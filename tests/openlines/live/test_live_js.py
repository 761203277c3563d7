"""live.js in a real browser: one stream for all tabs, and nothing missed whatever happens to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from openlines.live.publish import drop_holder, signal
from tests.contactcenter.serving import PATIENCE, Server, free_port, serve, wait_until

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def database_beside_a_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """The browser's driver runs an event loop in this thread, and Django refuses to work beside one."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture
def server(database_beside_a_browser: None, database: None, tmp_path: Path) -> Iterator[Server]:
    with serve(tmp_path) as running:
        yield running


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context()
    opened.set_default_timeout(PATIENCE * 1000)
    yield opened
    opened.close()


def tab(context: BrowserContext, server: Server) -> Page:
    page = context.new_page()
    page.goto(f"{server.address}/live-page/")
    heard(page, "live")
    return page


def news(page: Page) -> list[str]:
    told: list[str] = page.evaluate("window.news")
    return told


def heard(page: Page, *expected: str) -> None:
    """Wait until the page was told all this, in this order, whatever came between."""
    page.wait_for_function(
        "expected => (window.news ?? []).reduce((at, one) => at + (one === expected[at]), 0) >= expected.length",
        arg=list(expected),
    )


def open_streams(server: Server) -> int:
    return int(server.get("/streams/").json()["open"])


def test_tabs_share_one_stream_and_the_next_takes_over(context: BrowserContext, server: Server) -> None:
    first, second, third = (tab(context, server) for _ in range(3))
    for page in (first, second, third):
        assert news(page).count("resync") == 1
    signal("e1", "offer", dialog=1)
    for page in (first, second, third):
        heard(page, "signal 1")
    assert open_streams(server) == 1
    first.close()
    heard(second, "signal 1", "resync")
    heard(third, "signal 1", "resync")
    signal("e1", "offer", dialog=2)
    for page in (second, third):
        heard(page, "signal 2")
        assert news(page).count("signal 2") == 1
    wait_until(lambda: open_streams(server) == 1, "the first tab's stream is closed")


def test_a_closed_one_hears_nothing_more(context: BrowserContext, server: Server) -> None:
    first, second = tab(context, server), tab(context, server)
    first.evaluate("live.close()")
    heard(second, "resync", "resync")
    signal("e1", "offer", dialog=1)
    heard(second, "signal 1")
    assert "signal 1" not in news(first)


def test_without_locks_each_tab_has_its_own(context: BrowserContext, server: Server) -> None:
    context.add_init_script("delete Navigator.prototype.locks")
    first, second = tab(context, server), tab(context, server)
    signal("e1", "offer", dialog=1)
    heard(first, "signal 1")
    heard(second, "signal 1")
    assert open_streams(server) == 2


def test_after_a_restart_of_the_server_tabs_come_back_and_look_again(
    context: BrowserContext, database: None, tmp_path: Path
) -> None:
    port = free_port()
    with serve(tmp_path, port=port) as server:
        first, second = tab(context, server), tab(context, server)
    for page in (first, second):
        heard(page, "live", "reconnecting")
    with serve(tmp_path, port=port):
        for page in (first, second):
            heard(page, "live", "reconnecting", "resync", "live")
        signal("e1", "offer", dialog=1)
        heard(first, "signal 1")
        heard(second, "signal 1")


def test_a_change_of_rights_brings_a_new_ticket(context: BrowserContext, server: Server) -> None:
    page = tab(context, server)
    drop_holder("e1")
    heard(page, "resync", "live", "resync")
    assert open_streams(server) == 1
    assert "reconnecting" not in news(page)  # a role that somebody changed is no trouble of the line


def test_signals_lost_by_the_server_make_the_page_look_again(context: BrowserContext, server: Server) -> None:
    from django.db import connection

    page = tab(context, server)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'contactcenter live' AND datname = current_database()"
        )
    heard(page, "resync", "live", "resync")
    assert "reconnecting" not in news(page)


def test_after_a_sleep_the_page_looks_again(context: BrowserContext, server: Server) -> None:
    page = context.new_page()
    page.clock.install()
    page.goto(f"{server.address}/live-page/")
    heard(page, "resync", "live")
    page.clock.fast_forward(60_000)
    page.clock.fast_forward(2_000)  # the wait before the next attempt
    heard(page, "resync", "live", "resync", "live")


def test_a_tab_whose_leader_is_frozen_takes_the_stream_over(context: BrowserContext, server: Server) -> None:
    leader = tab(context, server)
    page = context.new_page()
    page.clock.install()
    page.goto(f"{server.address}/live-page/")
    heard(page, "resync", "live")
    # As good as frozen: it holds the lock and says nothing any more.
    leader.evaluate("() => { BroadcastChannel.prototype.postMessage = () => {} }")
    page.clock.fast_forward(120_000)
    heard(page, "resync", "live", "resync")
    signal("e1", "offer", dialog=1)
    heard(page, "signal 1")
    wait_until(lambda: open_streams(server) == 1, "the old leader has let go")
