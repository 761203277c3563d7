"""What the policy of pages forbids, none of ours wants: each is opened and used, and the browser has nothing to report."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect

from contactcenter.staff.models import Employee
from openlines.models import Attachment, Dialog, Message
from openlines.services import dialogs
from tests.browser.conftest import Contexts, Customers
from tests.browser.house import House
from tests.browser.test_mail import PNG
from tests.factories import make_employee
from tests.openlines.factories import answer, make_client, make_connection, make_line, write

LoggedIn = Callable[..., Page]
BLOCKS = ("queue", "workingtime", "consent", "automaticactions", "quality", "other")
REPORTS = """addEventListener("securitypolicyviolation", (event) =>
  reportViolation([location.href, event.effectiveDirective, event.blockedURI, event.sourceFile, event.sample].join(" ")))"""

FORBIDDEN = """() => {
  const script = document.createElement("script");
  script.textContent = "alert('runs')";
  document.head.append(script);
  document.querySelector("h1").setAttribute("style", "color: red");
  new Image().src = "https://pictures.invalid/a.png";
}"""


def listen(context: BrowserContext) -> list[str]:
    """What the pages of this context will report: where, which directive, what was blocked."""
    reported: list[str] = []
    context.expose_function("reportViolation", lambda words: reported.append(words))
    context.add_init_script(REPORTS)
    return reported


@pytest.fixture
def boss(house: House) -> Employee:
    return make_employee(role="administrator", is_superuser=True, is_staff=True, password="tea-for-two-17")


@pytest.fixture
def dialog(boss: Employee) -> Dialog:
    """With a picture, that the boss holds."""
    chat = make_connection(make_line(boss, name="Teapots"))
    now = timezone.now()
    message = write(make_client(chat, name="Carl"), "Is this one in stock?", now=now)
    picture = Attachment(message=message, kind="image", name="teapot.png", mime="image/png", state="stored")
    picture.file.save("x", ContentFile(PNG))
    held = dialogs.accept(message.dialog_id, by=boss, now=now)
    answer(held, boss, "Yes", now=now)
    return held


@pytest.fixture
def page(boss: Employee, logged_in: LoggedIn) -> Iterator[Page]:
    """The boss's; it reports nothing by the end of the test."""
    opened = logged_in(boss)
    reported = listen(opened.context)
    yield opened
    assert reported == []


def is_shown(page: Page, address: str) -> None:
    response = page.goto(address)
    assert response is not None
    assert "default-src 'none'" in response.headers["content-security-policy"], address
    expect(page.locator("h1, h2").first).to_be_attached()


def test_the_browser_reports_what_is_forbidden(browser: Browser, house: House) -> None:
    """Else the other tests here would prove nothing."""
    context = browser.new_context(base_url=house.address)
    reported = listen(context)
    page = context.new_page()
    page.goto(reverse("staff:login"))
    page.evaluate(FORBIDDEN)
    page.reload()  # what was reported before has arrived then
    context.close()
    directives = [one.split(" ")[1] for one in reported]
    assert directives == ["script-src-elem", "style-src-attr", "img-src"]


def test_from_the_log_in_to_the_dialogs_pages(page: Page, dialog: Dialog, contexts: Contexts) -> None:
    assert dialog.operator is not None
    stranger = contexts().new_page()
    reported = listen(stranger.context)
    is_shown(stranger, reverse("staff:login"))
    stranger.locator("[name=username]").fill(dialog.operator.username)
    stranger.locator("[name=password]").fill("tea-for-two-17")
    stranger.get_by_role("button", name="Log in").click()
    expect(stranger.locator("[name=password]")).to_have_count(0)
    is_shown(stranger, "/nothing/here/")
    assert reported == []

    # the desk: live, with its picture, menus, windows, and a reply
    is_shown(page, reverse("workspace:dialog", args=[dialog.pk]))
    expect(page.locator("[data-live-status]")).to_have_attribute("data-status", "live")
    picture = page.locator("a.file--image img")
    expect(picture).to_have_js_property("naturalWidth", 1)
    page.locator("[data-own-state] > summary").click()
    expect(page.locator("#own-state-main")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("textbox", name="Your message").fill("Five of them.\n\n\n\n\nAnything else?")
    page.get_by_role("textbox", name="Your message").press("Control+Enter")
    expect(page.get_by_role("log").get_by_text("Anything else?")).to_be_visible()

    reply = Message.objects.filter(dialog=dialog, author=Message.Author.OPERATOR).first()
    assert reply is not None
    for address in (
        reverse("workspace:journey", args=[dialog.pk, reply.pk]),
        reverse("kpi:dialog", args=[dialog.pk]),
        reverse("kpi:ratings"),
        reverse("kpi:fairness"),
        reverse("centre:home"),
        reverse("staff:team"),
        reverse("staff:person", args=[dialog.operator.pk]),
        reverse("staff:profile"),
        reverse("staff:password"),
        reverse("staff:own_absences"),
    ):
        is_shown(page, address)
    is_shown(page, reverse("kpi:dialogs"))
    with page.expect_response(lambda one: "state=" in one.url):
        page.get_by_label("State").select_option(index=1)


def test_the_administration(page: Page, boss: Employee, dialog: Dialog) -> None:
    is_shown(page, reverse("admin:index"))
    # Alpine works: it has made something of its attributes.
    expect(page.locator("html[x-cloak]")).to_have_count(0)
    places = page.locator("#content ul a, main ul a, section ul a").evaluate_all(
        "all => all.map(a => a.pathname)"
    )
    assert len(places) > 5
    of_the_line = [dialog.line_id]
    for address in (
        *dict.fromkeys(place for place in places if place.startswith("/admin/")),
        *(reverse(f"admin:openlines_{block}settings_change", args=of_the_line) for block in BLOCKS),
        reverse("admin:openlines_openline_try", args=of_the_line),
        reverse("admin:openlines_connection_change", args=[dialog.connection_id]),
        reverse("admin:openlines_connection_add"),
        reverse("admin:staff_employee_change", args=[boss.pk]),
        reverse("admin:staff_employee_add"),
        "/admin/nothing/",
    ):
        is_shown(page, address)
    is_shown(page, reverse("admin:openlines_workingtimesettings_change", args=of_the_line))
    page.get_by_label("Set working hours").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()


def test_the_documentation_of_the_api(page: Page) -> None:
    page.goto("/api/docs")
    expect(page.locator(".swagger-ui .opblock").first).to_be_visible()
    page.locator(".swagger-ui .opblock-summary-control").first.click()
    expect(page.locator(".swagger-ui .opblock-body").first).to_be_visible()


def test_the_chat(dialog: Dialog, customer: Customers) -> None:
    carl = customer(dialog.connection)
    reported = listen(carl.page.context)
    carl.follow_the_link().write("Is the blue one in stock?")
    carl.visit_the_shop().open_the_chat().write("And the green one?")
    assert reported == []
