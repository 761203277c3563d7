"""The live chat on pages that other people build: bodies that are swapped, strict policies, browsers that give no storage."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlencode

import pytest
from django.urls import reverse
from playwright.sync_api import FrameLocator, Page, expect

from openlines.models import Client, Connection, Dialog
from tests.browser.conftest import Contexts
from tests.browser.house import House
from tests.factories import make_employee
from tests.openlines.factories import make_connection, make_line
from tests.waiting import wait_until

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Teapots</title>{head}</head>
<body><h1>Page one</h1>{body}</body></html>"""

NEW_BODY = """(script) => {
  const next = document.createElement("body");
  next.innerHTML = "<h1>Page two</h1>";
  document.body.replaceWith(next);
  if (script) { const again = document.createElement("script"); again.src = script; next.append(again); }
  history.pushState({}, "", "/two");
}"""
NEW_DOCUMENT = """(script) => {
  const next = document.implementation.createHTMLDocument("Teapots").documentElement;
  next.querySelector("body").innerHTML = "<h1>Page two</h1>";
  document.replaceChild(next, document.documentElement);
}"""
CLEANED = """() => {
  for (const child of [...document.documentElement.children]) if (!["HEAD", "BODY"].includes(child.tagName)) child.remove();
  document.querySelector("h1").textContent = "Page two";
}"""


@contextlib.contextmanager
def site(body: str, policy: str = "") -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            if policy:
                self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def chat() -> Connection:
    anna = make_employee(role="operator", first_name="Anna")
    return make_connection(make_line(anna, greeting_enabled=False))


@pytest.fixture
def loader(chat: Connection, house: House) -> str:
    return f"{house.address}{reverse('widget:direct', args=[chat.public_id])}loader.js"


def write(page: Page, text: str) -> FrameLocator:
    frame = page.frame_locator("iframe.frame")
    expect(frame.get_by_role("log")).to_have_attribute("aria-live", "polite")  # the script has begun
    field = frame.get_by_role("textbox", name="Message")
    field.fill(text)
    field.press("Enter")
    sent = frame.locator(".message--client").filter(has_text=text)
    expect(sent.locator(".message__mark")).to_have_attribute("title", "Delivered")
    return frame


@pytest.mark.parametrize(
    ("where", "swap"),
    [("head", NEW_BODY), ("body", NEW_BODY), ("head", NEW_DOCUMENT), ("head", CLEANED)],
    ids=["script in the head", "script in the body, run again", "a new document", "strange elements removed"],
)
def test_the_chat_stays_when_the_page_is_swapped(
    contexts: Contexts, chat: Connection, loader: str, where: str, swap: str
) -> None:
    """Turbo, Astro's view transitions and the like put a new body in place at each click (§13 "across pages")."""
    script = f'<script src="{loader}"></script>'
    page = contexts().new_page()
    with site(PAGE.format(**{"head": "", "body": ""} | {where: script})) as address:
        page.goto(address)
        page.get_by_role("button", name="Open the chat").click()
        write(page, "Is the blue one in stock?")
        page.evaluate(swap, loader if where == "body" else "")
        expect(page.get_by_role("heading", name="Page two")).to_be_visible()
        expect(page.get_by_role("button", name="Close the chat")).to_have_count(1)
        frame = write(page, "And the red one?")
        expect(frame.locator(".message--client")).to_have_count(2)
    assert Client.objects.filter(connection=chat).count() == 1


def test_the_chat_works_in_the_head_of_a_strict_page(contexts: Contexts, house: House, loader: str) -> None:
    """No inline styles, Trusted Types, and no body yet when the script runs."""
    page = contexts().new_page()
    policy = (
        f"default-src 'none'; script-src {house.address}; style-src 'self'; frame-src {house.address}; base-uri 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    with site(PAGE.format(head=f'<script src="{loader}"></script>', body=""), policy) as address:
        page.goto(address)
        button = page.get_by_role("button", name="Open the chat")
        expect(button).to_be_visible()
        assert button.evaluate("b => getComputedStyle(b).width") == "56px"
        button.click()
        expect(page.frame_locator("iframe.frame").get_by_role("textbox", name="Message")).to_be_visible()


def test_a_frame_without_storage_knows_the_visitor_on_the_next_page(
    contexts: Contexts, chat: Connection, loader: str, shop: str
) -> None:
    """The shop is another *site* than the chat: the browser gives the frame no storage (§13 "history across pages")."""
    other_site = shop.replace("127.0.0.1", "localhost")
    page = contexts().new_page()
    page.goto(f"{other_site}/?{urlencode({'loader': loader})}")
    page.get_by_role("button", name="Open the chat").click()
    write(page, "My order 17 is broken")
    inner = next(frame for frame in page.frames if "/frame/" in frame.url)
    refused = "() => { try { localStorage.setItem('x', '1'); return false; } catch { return true; } }"
    assert inner.evaluate(refused), "this browser gives the frame storage: the test shows nothing"

    page.goto(f"{other_site}/?{urlencode({'loader': loader, 'page': 2})}")
    frame = page.frame_locator("iframe.frame")
    expect(frame.locator(".message--client").filter(has_text="My order 17 is broken")).to_be_visible()
    write(page, "It is the lid")
    wait_until(lambda: Dialog.objects.filter(connection=chat, message_count=2).exists())
    assert Client.objects.filter(connection=chat).count() == 1


def test_the_page_around_gets_no_token_where_the_frame_has_storage(
    contexts: Contexts, loader: str, shop: str
) -> None:
    page = contexts().new_page()
    page.goto(f"{shop}/?{urlencode({'loader': loader})}")
    page.get_by_role("button", name="Open the chat").click()
    write(page, "Hello")
    kept = page.evaluate("() => Object.keys(localStorage)")
    assert kept
    assert not [key for key in kept if key.endswith("-token")]
