"""A mail at the desk: its head, its quote, and its formatted view, in which nothing runs and nothing is fetched unasked."""

from __future__ import annotations

import re
from email.message import EmailMessage
from typing import Any

import pytest
from django.test import Client as Browser

from contactcenter.staff.models import Employee
from openlines.connectors.base import RawRequest
from openlines.models import Attachment, Dialog, Message
from openlines.services import dialogs, inbound
from tests.factories import make_employee
from tests.openlines.factories import NOW, make_connection, make_line
from tests.workspace.conftest import browser_of

pytestmark = pytest.mark.django_db

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63f8cf"
    "c0f01f0005000201a5c37f3a0000000049454e44ae426082"
)
HTML = """<html><body onload="x()"><script>steal()</script><p>Hello <b>you</b>, see
<a href="https://shop.test/o/17" onclick="x()">the order</a>.</p><form action="https://evil.test"><input name="a"></form>
<img src="cid:logo@carl"><img src="https://track.test/p.gif"><svg><script>1</script></svg>
<div class="gmail_quote">On Monday Support wrote: <blockquote>It is sent.</blockquote></div></body></html>"""


def a_mail(*, html: str = HTML, text: str = "", **headers: str) -> bytes:
    mail = EmailMessage()
    told = {
        "From": "Carl Żółć <carl@client.test>",
        "To": "support@example.test",
        "Subject": "Where is order 17?",
        "Date": "Mon, 02 Mar 2026 10:00:00 +0000",
        "Message-ID": "<1@client.test>",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    for name, value in told.items():
        mail[name] = value
    if text:
        mail.set_content(text)
    if html:
        if text:
            mail.add_alternative(html, subtype="html")
        else:
            mail.set_content(html, subtype="html")
        part = mail.get_payload()[-1] if text else mail  # type: ignore[index]
        part.add_related(PNG, "image", "png", cid="<logo@carl>", filename="logo.png")  # type: ignore[union-attr]
    return mail.as_bytes()


class Scene:
    def __init__(self) -> None:
        self.anna = make_employee("anna", role="operator", first_name="Anna", last_name="Nowak")
        self.line = make_line(self.anna, name="Shop")
        self.connection = make_connection(
            self.line, "email", credentials={"address": "support@example.test", "smtp_host": "127.0.0.1"}
        )

    def take(self, raw: bytes) -> Message:
        inbound.receive(self.connection, RawRequest({"content-type": "message/rfc822"}, raw), now=NOW)
        return Message.objects.filter(author="client").order_by("-pk")[0]

    def accepted(self, raw: bytes) -> tuple[Message, Browser]:
        message = self.take(raw)
        dialogs.accept(message.dialog_id, by=self.anna, now=NOW)
        return message, browser_of(self.anna)


@pytest.fixture
def scene(db: None) -> Scene:
    return Scene()


def pane(browser: Browser, dialog: Dialog | int) -> str:
    pk = dialog if isinstance(dialog, int) else dialog.pk
    return browser.get(f"/desk/{pk}/pane/").content.decode()


def test_subject_writer_and_other_recipients_stand_over_the_text(scene: Scene) -> None:
    raw = a_mail(
        text="Where is it?",
        Reply_To="carl@home.test",
        To="support@example.test, dora@client.test",
        Cc="boss@client.test",
    )
    message, anna = scene.accepted(raw)
    page = pane(anna, message.dialog_id)
    assert "Where is order 17?" in page
    assert re.search(r"From</dt><dd>carl@client\.test</dd>", page)
    assert re.search(r"To</dt><dd>support@example\.test, dora@client\.test</dd>", page)
    assert re.search(r"Cc</dt><dd>boss@client\.test</dd>", page)


def test_a_mail_to_us_alone_has_no_list_of_people(scene: Scene) -> None:
    message, anna = scene.accepted(a_mail(text="Where is it?", To="Support <support+x@example.test>"))
    page = pane(anna, message.dialog_id)
    assert "mail__subject" in page
    assert "mail__people" not in page


def test_the_quote_is_folded(scene: Scene) -> None:
    raw = a_mail(
        html="", text="Thank you!\n\nOn Mon, Mar 2, 2026 at 9:00 Support <s@x.test> wrote:\n> It is sent.\n"
    )
    message, anna = scene.accepted(raw)
    page = pane(anna, message.dialog_id)
    assert message.text == "Thank you!"
    folded = re.search(r'<details class="mail__quoted".*?</details>', page, re.DOTALL)
    assert folded is not None
    assert "It is sent." in folded[0]
    assert "<details open" not in page
    assert "data-mail-show" not in page


def test_the_composer_says_where_an_answer_goes(scene: Scene) -> None:
    raw = a_mail(text="Where?", Reply_To="carl@home.test", Cc="boss@client.test, support@example.test")
    message, anna = scene.accepted(raw)
    page = pane(anna, message.dialog_id)
    told = re.search(r"data-mail-answer.*?</div>", page, re.DOTALL)
    assert told is not None
    assert "Re: Where is order 17?" in told[0]
    assert "Goes to carl@home.test" in told[0]
    assert "not to carl@client.test, boss@client.test" in told[0]


def test_other_channels_say_nothing_of_it(scene: Scene) -> None:
    from tests.openlines.factories import make_client, write

    message = write(make_client(make_connection(scene.line, "livechat")), "Hello", data={"subject": "x"})
    dialogs.accept(message.dialog_id, by=scene.anna, now=NOW)
    page = pane(browser_of(scene.anna), message.dialog_id)
    assert "data-mail-answer" not in page
    assert "mail__subject" not in page


def formatted(browser: Browser, message: Message, query: str = "") -> Any:
    return browser.get(f"/desk/mail/{message.pk}/{query}")


def test_the_formatted_view_is_clean_and_locked_up(scene: Scene) -> None:
    message, anna = scene.accepted(a_mail())
    assert f'data-mail-show="/desk/mail/{message.pk}/"' in pane(anna, message.dialog_id)
    answer = formatted(anna, message)
    page = answer.content.decode()
    for dangerous in ("<script", "steal()", "onload", "onclick", "<form", "<svg", "evil.test", "track.test"):
        assert dangerous not in page
    assert "<b>you</b>" in page
    assert 'href="https://shop.test/o/17"' in page
    policy = answer["Content-Security-Policy"]
    assert policy.startswith("sandbox ")
    assert "allow-scripts" not in policy
    assert "allow-forms" not in policy
    assert "default-src 'none'" in policy
    assert "img-src 'self' data:;" in policy
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert re.search(r"<details><summary>Quoted text</summary>.*It is sent", page, re.DOTALL)


def test_pictures_of_the_mail_come_from_our_store_and_others_only_when_asked_for(scene: Scene) -> None:
    message, anna = scene.accepted(a_mail())
    (logo,) = Attachment.objects.filter(message=message)
    page = formatted(anna, message).content.decode()
    assert f'src="/files/{logo.public_id}/"' in page
    assert "data-blocked" in page
    answer = formatted(anna, message, "?pictures=1")
    page = answer.content.decode()
    assert 'src="https://track.test/p.gif"' in page
    assert "data-blocked" not in page
    assert "img-src 'self' data: https: http:;" in answer["Content-Security-Policy"]
    assert "track.test" not in formatted(anna, message).content.decode()  # asked for once, not for ever


def test_only_who_may_see_the_dialog_sees_the_formatted_mail(scene: Scene) -> None:
    message, anna = scene.accepted(a_mail())
    bert: Employee = make_employee("bert", role="operator")
    assert formatted(anna, message).status_code == 200
    assert formatted(browser_of(bert), message).status_code == 404
    assert Browser().get(f"/desk/mail/{message.pk}/").status_code == 302
    Message.objects.filter(pk=message.pk).update(deleted_at=NOW)
    assert formatted(anna, message).status_code == 404


def test_a_mail_without_html_has_no_formatted_view(scene: Scene) -> None:
    message, anna = scene.accepted(a_mail(html="", text="Plain"))
    assert formatted(anna, message).status_code == 404


def test_the_dialogs_page_shows_mails_too(scene: Scene) -> None:
    message, _anna = scene.accepted(a_mail())
    boss = browser_of(make_employee("boss", role="administrator"))
    page = boss.get(f"/dialogs/{message.dialog_id}/").content.decode()
    assert f'data-mail-show="/desk/mail/{message.pk}/"' in page
    assert "Where is order 17?" in page


def test_the_timeline_leaves_the_html_in_the_database(scene: Scene) -> None:
    from openlines.workspace import timeline

    message, _anna = scene.accepted(a_mail())
    dialog = Dialog.objects.select_related("line", "connection", "client").get(pk=message.dialog_id)
    row = timeline._messages(dialog).get(pk=message.pk)
    assert "html" not in row.lean  # type: ignore[attr-defined]
    items, _more = timeline.newest(dialog, me=scene.anna)
    item = next(one for one in items if one.key == f"m{message.pk}")
    assert item.mail is not None  # type: ignore[union-attr]
    assert item.mail.formatted_url == f"/desk/mail/{message.pk}/"  # type: ignore[union-attr]
