"""The chat in a real browser, on a stranger's page, over the real server."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import uuid4

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import (
    Browser,
    BrowserContext,
    FrameLocator,
    Locator,
    Page,
    Route,
    TimeoutError,
    expect,
)
from pytest_django import DjangoDbBlocker

from contactcenter.serve import command
from contactcenter.staff.models import Employee
from openlines.models import Connection, Dialog, Message
from openlines.services import dialogs
from openlines.services.dialogs import Reply
from tests.conftest import ASYNC_UNSAFE, database_url
from tests.contactcenter.serving import ROOT, free_port
from tests.openlines.factories import make_connection, make_line, make_operator
from tests.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HOSTILE_STYLE = (
    "* { display: block !important; font-size: 40px !important; all: revert } button { display: none }"
)
PAGE = """<!doctype html><html lang="{language}"><title>Shoes</title><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="require-trusted-types-for 'script'; style-src 'nonce-x'">
<style nonce="x">{style}</style><h1>Shoes</h1>
<script async src="{address}chat/{chat}/loader.js"></script>"""


@pytest.fixture
def anna(transactional_db: None) -> Employee:
    return make_operator("Anna")


@pytest.fixture
def chat(anna: Employee) -> Connection:
    return make_connection(make_line(anna, name="Shop"))


@pytest.fixture(scope="module")
def address(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """One server for all tests here: it keeps nothing that another test could meet."""
    address = f"http://localhost:{(port := free_port())}/"
    inherited = {name: value for name, value in os.environ.items() if name != ASYNC_UNSAFE}
    with django_db_blocker.unblock(), (tmp_path_factory.mktemp("chat") / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            command("--port", str(port), "--workers-kill-timeout", "3"),
            cwd=ROOT,
            env=inherited
            | {
                "DATABASE_URL": database_url(),
                "DJANGO_SETTINGS_MODULE": "tests.settings",
                "PUBLIC_URL": address,
            },
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until(lambda: answers(address), seconds=60)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=10)


def answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}login/", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def shop(address: str, chat: Connection) -> Iterator[str]:
    """A stranger's site. Of the same site as the chat's server: some browsers deny others their storage."""

    class Shop(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            language = "pl" if self.path == "/pl" else "en"
            html = PAGE.format(style=HOSTILE_STYLE, address=address, chat=chat.public_id, language=language)
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("localhost", 0), Shop) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context()
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext, shop: str) -> Page:
    opened = context.new_page()
    opened.goto(shop)
    return opened


@pytest.fixture
def frame(page: Page) -> FrameLocator:
    return page.frame_locator("iframe.frame")


def open_chat(page: Page, frame: FrameLocator) -> Locator:
    """The field to write in: it has the focus as soon as its script is there."""
    page.get_by_role("button", name="Open the chat").click()
    field = frame.get_by_role("textbox")
    expect(field).to_be_focused()
    return field


def answer(text: str, by: Employee) -> Message:
    reply = Reply(uuid=uuid4(), text=text)
    return dialogs.reply(Dialog.objects.latest("pk").pk, reply, by=by, now=timezone.now())


def test_a_conversation_by_keyboard_alone(page: Page, frame: FrameLocator, anna: Employee) -> None:
    button = page.get_by_role("button", name="Open the chat")
    expect(button).to_be_visible()
    page.keyboard.press("Tab")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    field, log = frame.get_by_role("textbox", name="Message"), frame.get_by_role("log")
    expect(field).to_be_focused()
    page.keyboard.type("See https://shop.example/a?b=1, <b>please</b>")
    page.keyboard.press("Enter")
    expect(log.get_by_text("<b>please</b>")).to_be_visible()
    expect(log.get_by_role("link", name="https://shop.example/a?b=1", exact=True)).to_have_attribute(
        "rel", "noopener noreferrer nofollow"
    )
    expect(log.get_by_text("Thank you for writing to us")).to_be_visible()
    dialog = Dialog.objects.get()
    assert dialog.client.page_url == page.url

    dialogs.accept(dialog.pk, by=anna, now=timezone.now())
    dialogs.mark_seen(Dialog.objects.get(), by=anna, now=timezone.now())
    expect(log.locator("[data-state=read]")).to_have_count(1)
    reply = answer("Good morning", anna)
    expect(log.get_by_text("Good morning")).to_be_visible()
    expect(frame.locator("[data-operator]")).to_have_text("Anna Test")
    wait_until(lambda: Message.objects.get(pk=reply.pk).delivery == "read")

    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    later = answer("Anything else?", anna)
    expect(page.get_by_role("button", name="Open the chat. Unread messages: 1")).to_be_visible()
    wait_until(lambda: Message.objects.get(pk=later.pk).delivery == "delivered")
    page.keyboard.press("Enter")
    expect(field).to_be_focused()
    wait_until(lambda: Message.objects.get(pk=later.pk).delivery == "read")


def test_open_across_pages_and_anew_after_the_end(page: Page, frame: FrameLocator, anna: Employee) -> None:
    open_chat(page, frame).fill("One")
    frame.get_by_role("button", name="Send").dblclick()
    expect(frame.get_by_text("Thank you for writing to us")).to_be_visible()
    page.goto(f"{page.url}pl")
    expect(frame.get_by_text("One", exact=True)).to_be_visible()
    answer("Two", anna)
    expect(frame.get_by_text("Two", exact=True)).to_be_visible()
    for _ in range(2):
        dialogs.finish(Dialog.objects.get().pk, by=anna, now=timezone.now())
    anew = frame.locator("[data-anew]")
    expect(anew).to_be_visible()
    expect(frame.get_by_role("textbox")).to_be_hidden()
    anew.click()
    frame.get_by_role("textbox").fill("Three")
    frame.get_by_role("textbox").press("Enter")
    wait_until(lambda: Dialog.objects.count() == 2)
    expect(frame.locator(".divider").last).not_to_be_empty()
    assert [m.text for m in Message.objects.filter(author="client").order_by("pk")] == ["One", "Three"]


def test_what_is_written_without_a_connection_is_sent_once(
    page: Page, frame: FrameLocator, context: BrowserContext
) -> None:
    context.route("**/live/**", lambda route: route.abort())  # it would tell that the message has come
    field = open_chat(page, frame)
    field.fill("First")
    field.press("Enter")
    expect(frame.get_by_text("Thank you for writing to us")).to_be_visible()

    lost: list[str] = []

    def take_but_lose_the_answer(route: Route) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch().text())
            route.abort()
        else:
            route.continue_()

    context.route("**/messages/", take_but_lose_the_answer)
    field.fill("Taken, but nobody said so")
    field.press("Enter")
    expect(frame.get_by_text("Not sent.")).to_be_visible()
    frame.get_by_role("button", name="Try again").click()
    expect(frame.get_by_text("Not sent.")).to_have_count(0)
    assert lost
    assert Message.objects.filter(text__startswith="Taken").count() == 1

    context.set_offline(True)
    field.fill("Written in a tunnel")
    field.press("Enter")
    expect(frame.get_by_text("Not sent.")).to_be_visible()
    context.set_offline(False)
    expect(frame.get_by_text("Not sent.")).to_have_count(0, timeout=20_000)
    assert Message.objects.filter(text="Written in a tunnel").count() == 1


def test_without_the_event_stream_it_still_hears(
    page: Page, frame: FrameLocator, context: BrowserContext, anna: Employee
) -> None:
    context.route("**/live/**", lambda route: route.abort())
    page.clock.install()
    field = open_chat(page, frame)
    field.fill("Hello")
    field.press("Enter")
    expect(frame.locator("[data-state=delivered]")).to_have_count(1)
    answer("Slowly, but surely", anna)
    heard = frame.get_by_text("Slowly, but surely")
    for _ in range(
        6
    ):  # on a busy machine its next look may have been set for later than our first push of the clock
        page.clock.run_for(21_000)
        with suppress(TimeoutError):
            heard.wait_for(timeout=2_500)
            break
    expect(heard).to_be_visible()


def test_where_storage_is_denied_it_works_and_says_nothing(
    page: Page, frame: FrameLocator, shop: str
) -> None:
    page.goto(
        shop.replace("localhost", "127.0.0.1")
    )  # another site: these browser contexts deny its frames storage
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    field = open_chat(page, frame)
    denied = "() => { try { return !localStorage } catch { return true } }"
    if not page.frames[1].evaluate(denied):
        pytest.skip("this browser gives such a frame its own storage")
    field.fill("Hello")
    field.press("Enter")
    expect(frame.get_by_text("Thank you for writing to us")).to_be_visible()
    assert complaints == []


def test_the_parent_is_not_trusted(page: Page, frame: FrameLocator) -> None:
    field = open_chat(page, frame)
    page.evaluate("""() => {
        const target = document.querySelector('html > div').shadowRoot.querySelector('iframe').contentWindow;
        for (const message of [null, 'x', 5, {}, {type: 'page', url: 'https://elsewhere.example/'},
            {type: 'page', url: 'javascript:alert(1)'}, {type: 'open', focus: {}}]) target.postMessage(message, '*');
    }""")
    field.fill("Hello")
    field.press("Enter")
    expect(frame.get_by_text("Thank you for writing to us")).to_be_visible()
    assert Dialog.objects.get().client.page_url == page.url


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(
    browser: Browser, address: str, chat: Connection, anna: Employee, scheme: str
) -> None:
    context = browser.new_context(color_scheme=scheme, viewport={"width": 390, "height": 844})  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{address}chat/{chat.public_id}/")
    page.wait_for_load_state("networkidle")
    page.get_by_role("textbox").fill("Hello https://shop.example")
    page.get_by_role("textbox").press("Enter")
    expect(page.get_by_text("Thank you for writing to us")).to_be_visible()
    answer("Good morning", anna)
    expect(page.get_by_text("Good morning")).to_be_visible()
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    context.close()


def test_a_page_that_keeps_something_else_than_a_token_is_no_harm(page: Page, frame: FrameLocator) -> None:
    """What the page around says it has kept counts only where the frame has no storage, and only as a text."""
    field = open_chat(page, frame)
    page.evaluate("""() => {
        const target = document.querySelector('html > div').shadowRoot.querySelector('iframe').contentWindow;
        for (const token of [5, {}, 'forged', null]) target.postMessage({type: 'kept', token}, '*');
    }""")
    field.fill("Hello")
    field.press("Enter")
    expect(frame.get_by_text("Thank you for writing to us")).to_be_visible()
    assert Dialog.objects.count() == 1
