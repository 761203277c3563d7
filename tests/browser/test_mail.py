"""A mail in a real browser: plain text first, formatted by one key, nothing fetched from elsewhere unasked."""

from __future__ import annotations

import re
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from contactcenter.staff.models import Employee
from openlines.connectors.base import RawRequest
from openlines.models import Message
from openlines.services import dialogs, inbound
from tests.factories import make_employee
from tests.openlines.factories import make_connection, make_line

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63f8cf"
    "c0f01f0005000201a5c37f3a0000000049454e44ae426082"
)
CELL = """<tr><td style="padding:16px 24px;border-top:1px solid #e5e5e5"><table width="100%"><tr>
<td width="96"><img src="cid:shoe{n}" width="80" height="80" alt="Shoe {n}" style="border-radius:8px"></td>
<td style="font:14px/20px Arial"><b>Trail shoe No. {n}</b><br>size 43, colour “Ocean”, delivered in 2 working days</td>
<td align="right" style="font:bold 15px Arial;color:#0a7d4b">89,{n}0&nbsp;€</td></tr></table></td></tr>"""
HTML = f"""<!DOCTYPE html><html><head><style>.x{{color:red}}</style></head><body bgcolor="#f2f4f8">
<div style="display:none;max-height:0;overflow:hidden">Your order is on its way&zwnj;&nbsp;&zwnj;&nbsp;</div>
<table width="100%" bgcolor="#f2f4f8" cellpadding="0" cellspacing="0"><tr><td align="center" style="padding:24px">
<table width="600" bgcolor="#ffffff" cellpadding="0" cellspacing="0" style="border-radius:12px">
<tr><td style="padding:24px;background-color:#16324f;color:#ffffff;font:bold 22px Georgia">
<img src="https://pictures.invalid/logo.png" width="32" alt="Logo"> The Shoe Post</td></tr>
<tr><td style="padding:24px;font:16px/24px Georgia;color:#333"><h1 style="font-size:24px;margin:0 0 12px">Your order 17</h1>
Dear Carl, thank you! <a href="https://shop.example/o/17" style="color:#0a58ca">Follow it here</a>.</td></tr>
{"".join(CELL.format(n=n) for n in range(1, 5))}
<tr><td align="center" style="padding:24px"><a href="https://shop.example/"
style="background-color:#0a7d4b;color:#fff;padding:12px 28px;
border-radius:6px;text-decoration:none;display:inline-block;font:bold 16px Arial">To the shop</a></td></tr>
</table></td></tr></table><script>document.title = "broken out"</script></body></html>"""


@pytest.fixture
def newsletter() -> tuple[Employee, Message]:
    """HTML alone, with four pictures of its own, one from elsewhere, and a real file; forwarded to two people."""
    anna = make_employee(role="operator", first_name="Anna", last_name="Nowak")
    line = make_line(anna)
    connection = make_connection(line, "email", name="Post", credentials={"address": "support@example.test"})
    mail = EmailMessage()
    mail["From"] = "The Shoe Post <news@shop.example>"
    mail["To"] = "support@example.test, carl.clientowski@client.example"
    mail["Cc"] = "Dora <dora@client.example>"
    mail["Subject"] = "Your order 17 – “Trail shoes” 👟 and what we recommend for the long autumn walks"
    mail["Message-ID"] = "<news-17@shop.example>"
    mail.set_content(HTML, subtype="html")
    for n in range(1, 5):
        mail.add_related(PNG, "image", "png", cid=f"<shoe{n}>", filename=f"shoe{n}.png")
    mail.make_mixed()
    mail.add_attachment(
        b"%PDF-1.4 invoice", maintype="application", subtype="pdf", filename="Rechnung 17.pdf"
    )
    mail.add_attachment(PNG, maintype="image", subtype="png", filename="photo.png")
    inbound.receive(
        connection, RawRequest({"content-type": "message/rfc822"}, mail.as_bytes()), now=timezone.now()
    )
    message = Message.objects.get(connection=connection, author="client")
    dialogs.accept(message.dialog_id, by=anna, now=timezone.now())
    return anna, message


def bubble(page: Page) -> Locator:
    return page.locator(".item--client .bubble")


@pytest.mark.parametrize(("theme", "width", "height"), [("light", 1440, 900), ("dark", 390, 844)])
def test_a_newsletter_is_read(
    newsletter: tuple[Employee, Message],
    logged_in: Callable[..., Page],
    theme: str,
    width: int,
    height: int,
    tmp_path: Path,
) -> None:
    anna, message = newsletter
    page = logged_in(
        anna, color_scheme=theme, viewport={"width": width, "height": height}, reduced_motion="reduce"
    )
    asked: list[str] = []
    page.route("**/pictures.invalid/**", lambda route: route.abort())
    page.on("request", lambda one: asked.append(one.url) if "pictures.invalid" in one.url else None)
    page.goto(reverse("workspace:dialog", args=[message.dialog_id]))

    # as text first: nothing of the markup is in our page
    expect(bubble(page)).to_contain_text("Dear Carl, thank you!")
    expect(bubble(page)).to_contain_text("support@example.test, carl.clientowski@client.example")
    expect(page.locator("[data-mail-answer]")).to_contain_text("Re: Your order 17")
    expect(bubble(page).locator("a.file--image")).to_have_count(5)
    page.screenshot(path=tmp_path / f"text-{theme}-{width}.png")

    # one key, and it is formatted; the frame is as high as the mail
    page.locator("body").press("h")
    frame = page.frame_locator("iframe.mail__frame")
    expect(frame.get_by_role("heading", name="Your order 17")).to_be_visible()
    expect(page.locator("iframe.mail__frame")).to_have_js_property(
        "scrollWidth", page.locator("iframe.mail__frame").evaluate("f => f.clientWidth")
    )
    page.wait_for_function(
        "() => { const f = document.querySelector('iframe.mail__frame'), m = f.contentDocument.querySelector('main');"
        " return f.clientHeight >= m.getBoundingClientRect().height - 1 && f.clientHeight < m.offsetHeight + 40; }"
    )
    page.screenshot(path=tmp_path / f"formatted-{theme}-{width}.png")
    expect(page).not_to_have_title(re.compile("broken out"))
    expect(bubble(page).locator(".bubble__text")).to_be_hidden()
    expect(frame.get_by_alt_text("Shoe 3")).to_have_js_property("naturalWidth", 1)
    # its own pictures stand in it and are not listed again; the photo and the invoice are
    expect(bubble(page).locator("a.file--image:visible")).to_have_count(1)
    expect(bubble(page).get_by_text("Rechnung 17.pdf")).to_be_visible()

    assert not asked
    expect(page.get_by_text("Pictures from elsewhere are not loaded.")).to_be_visible()
    report = Axe().run(page, context={"exclude": [["iframe"]]})
    assert not report.violations_count, report.generate_report()
    page.get_by_role("button", name="Load them this time").press("Enter")
    expect(page.get_by_text("Pictures from elsewhere are not loaded.")).to_be_hidden()
    page.wait_for_function(
        "() => document.querySelector('iframe.mail__frame')?.contentDocument?.images.length === 5"
    )
    assert asked == ["https://pictures.invalid/logo.png"]

    # and back, by the keyboard
    expect(page.get_by_role("button", name="Show as text")).to_be_focused()
    page.keyboard.press("Enter")
    expect(bubble(page).locator(".bubble__text")).to_be_visible()
    expect(bubble(page).locator("a.file--image:visible")).to_have_count(5)
    page.screenshot(path=tmp_path / f"back-{theme}-{width}.png")
