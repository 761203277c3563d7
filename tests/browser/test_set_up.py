"""An administrator connects a channel from nothing, by the page alone: WhatsApp, against its fake."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from contactcenter.staff.models import Employee
from openlines.connectors.meta.fake import APP_SECRET, TOKEN
from openlines.connectors.whatsapp.fake import FakeWhatsApp
from openlines.models import Connection, InboundEvent, OpenLine, OutboxItem
from openlines.services import pausing
from tests.browser.house import House
from tests.browser.test_accessibility import THE_FRAME_OF_UNFOLD
from tests.factories import make_employee
from tests.openlines.factories import answer, make_client, make_connection, make_line, write

PHONE = "48601234567"


@pytest.fixture
def whatsapp() -> Iterator[FakeWhatsApp]:
    with FakeWhatsApp() as fake:
        fake.customer(PHONE, "Carl")
        yield fake


@pytest.fixture
def ewa(house: House) -> Employee:
    return make_employee(role="administrator", first_name="Ewa", last_name="Zając")


@pytest.fixture
def line(house: House) -> OpenLine:
    return make_line(make_employee(role="operator"), name=f"Shop {uuid4().hex[:6]}", greeting_enabled=False)


def copied(page: Page, label: str) -> str:
    row = page.locator(".ol-copies dt", has_text=label).locator("+ dd")
    return row.locator("[data-copy-source]").inner_text()


def axe(page: Page, *, but: tuple[str, ...] = ()) -> None:
    passed_over = (*THE_FRAME_OF_UNFOLD, *but)
    report = Axe().run(page, options={"rules": {rule: {"enabled": False} for rule in passed_over}})
    assert not report.violations_count, report.generate_report()


def test_from_nothing_to_a_test_message(
    whatsapp: FakeWhatsApp, ewa: Employee, line: OpenLine, logged_in: Callable[..., Page]
) -> None:
    page = logged_in(ewa)
    page.goto(f"{reverse('admin:openlines_connection_add')}?kind=whatsapp")
    expect(page.locator(".ol-steps li")).not_to_have_count(0)
    expect(page.get_by_text("providers on the internet cannot reach it")).to_be_visible()
    address, token = copied(page, "Webhook address"), copied(page, "Verify token")
    assert whatsapp.shake_hands(address, token)  # pasted at Meta before anything is saved here
    assert not whatsapp.shake_hands(address, "guessed")
    axe(page)

    page.get_by_label("Name", exact=True).or_(page.locator("[name=name]")).first.fill("Number of the shop")
    page.locator("[name=line]").select_option(str(line.pk))
    page.get_by_label("Phone number ID").fill(whatsapp.number)
    page.get_by_label("WhatsApp Business account ID").fill(whatsapp.business)
    page.get_by_label("Access token").fill("a wrong one")
    page.get_by_label("App secret").fill(APP_SECRET)
    page.get_by_text("Advanced").click()
    page.get_by_label("Base address of the provider").fill(whatsapp.url)
    page.get_by_role("button", name="Save and set up").click()

    findings = page.locator(".ol-finding")
    expect(findings.filter(has_text="Access token and phone number ID")).to_contain_text("is wrong")
    axe(page)
    made = Connection.objects.get(line=line)
    assert copied(page, "Webhook address") == address
    assert copied(page, "Verify token") == token == made.credentials["verify_token"]

    expect(page.get_by_label("App secret")).to_have_value("")  # stored, and kept
    page.get_by_label("Access token").fill(TOKEN)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(findings.filter(has_text="Webhook")).to_contain_text("is right")
    assert whatsapp.address == address

    whatsapp.is_subscribed = False  # somebody changes it at Meta
    page.get_by_role("button", name="Check", exact=True).click()
    expect(findings.filter(has_text="Subscription of the app")).to_contain_text("is wrong")
    page.get_by_role("button", name="Set up the webhook").click()
    expect(findings.filter(has_text="Subscription of the app")).to_contain_text("is right")

    test = page.get_by_role("region", name="Send a test message")
    test.get_by_label("Phone number").fill("+48 601 234 567")
    test.get_by_role("button", name="Send the test").click()
    expect(test.get_by_role("status")).to_contain_text("within 24 hours")
    write(make_client(Connection.objects.get(pk=made.pk), PHONE), now=timezone.now())
    test.get_by_role("button", name="Send the test").click()
    expect(test.get_by_role("status")).to_contain_text("taken the test message")
    (sent,) = whatsapp.customers[PHONE].messages
    assert "test message" in sent["text"]["body"]
    axe(page)


@pytest.mark.parametrize("kind", Connection.Kind.values)
def test_every_kind_has_steps_that_pass_axe(kind: str, ewa: Employee, logged_in: Callable[..., Page]) -> None:
    page = logged_in(ewa, color_scheme="dark", viewport={"width": 390, "height": 844})
    page.goto(f"{reverse('admin:openlines_connection_add')}?kind={kind}")
    expect(page.locator(".ol-steps li")).not_to_have_count(0)
    page.get_by_role("button", name="Save").first.click()  # nothing is filled in
    expect(page.get_by_role("alert").first).to_contain_text("Nothing was saved yet")
    axe(page)


def test_the_logs_and_a_connection_in_trouble_pass_axe(
    ewa: Employee, line: OpenLine, house: House, logged_in: Callable[..., Page]
) -> None:
    now = timezone.now()
    bot = make_connection(line, "telegram", credentials={"token": "1:x"}, base_url=house.telegram.url)
    pausing.pause(bot.pk, reason="Telegram refuses the token. Copy it again from @BotFather.", now=now)
    anna = line.queue_entries.get().employee
    assert anna is not None
    message = answer(write(make_client(bot, "5", name="Łucja Żak"), now=now).dialog, anna, now=now)
    event = InboundEvent.objects.create(
        connection=bot,
        key="1",
        received_at=now,
        body=b'{"update_id": 1}',
        state="parked",
        reason="no message",
    )
    page = logged_in(ewa)
    item = OutboxItem.objects.get(message=message)
    for address in (
        reverse("admin:openlines_connection_change", args=[bot.pk]),
        reverse("admin:openlines_connection_changelist"),
        reverse("admin:openlines_inboundevent_change", args=[event.pk]),
        reverse("admin:openlines_outboxitem_change", args=[item.pk]),
    ):
        page.goto(address)
        axe(page, but=("landmark-unique",))  # unfold's own scrolling frames


def test_only_what_applies_is_asked_for(ewa: Employee, logged_in: Callable[..., Page]) -> None:
    page = logged_in(ewa)
    page.goto(f"{reverse('admin:openlines_connection_add')}?kind=email")
    password, client_id = page.get_by_label("Password", exact=True), page.get_by_label("OAuth: client id")
    expect(password).to_be_visible()
    expect(client_id).to_be_hidden()
    page.get_by_label("Log in with").select_option("oauth")
    expect(client_id).to_be_visible()
    expect(password).to_be_hidden()
    expect(page.get_by_label("Outgoing mail: port")).to_be_hidden()
    page.get_by_text("Advanced").click()
    expect(page.get_by_label("Outgoing mail: port")).to_be_visible()
    expect(page.get_by_label("Outgoing mail: user name")).to_be_hidden()
