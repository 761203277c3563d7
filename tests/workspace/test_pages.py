"""What the desk's pages show, to whom, and at what cost."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.test import Client as Browser
from django.utils import timezone

from openlines.live.topics import read_ticket
from openlines.models import Attachment, Message
from openlines.services import dialogs
from tests.factories import make_employee, make_role
from tests.openlines.factories import NOW, answer, at, make_client, make_connection, make_line, write
from tests.workspace.conftest import Scene, browser_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_who_is_not_logged_in_goes_to_the_log_in_page() -> None:
    response = Browser().get("/desk/")
    assert response.status_code == 302
    assert response["Location"].startswith("/login/")


def test_who_may_read_no_dialogs_has_no_desk() -> None:
    clerk = make_employee("clerk")
    make_role("nothing")
    assert browser_of(clerk).get("/desk/").status_code == 403


def test_an_offer_stands_at_the_top_with_accept_and_skip(scene: Scene) -> None:
    dialog = scene.dialog()
    page = browser_of(scene.anna).get("/desk/").content.decode()
    assert f'data-offer="{dialog.pk}"' in page
    assert f"/desk/{dialog.pk}/accept/" in page
    assert "Carl Żółć" in page
    assert f'data-offer="{dialog.pk}"' not in browser_of(scene.bert).get("/desk/").content.decode()


def test_an_operator_sees_only_his_own_and_what_waits_in_his_queue(scene: Scene) -> None:
    dialog = scene.dialog()
    dialogs.accept(dialog.pk, by=scene.anna, now=timezone.now())
    nobodys_line = make_line(name="Empty")
    waiting = write(make_client(make_connection(nobodys_line), name="Dora"), "Hi").dialog
    bert = browser_of(scene.bert)
    for tab in ("mine", "offered", "waiting", "all"):
        page = bert.get(f"/desk/?tab={tab}").content.decode()
        assert "Carl" not in page
        assert "Dora" not in page
    assert bert.get(f"/desk/{dialog.pk}/").status_code == 404
    assert bert.get(f"/desk/{waiting.pk}/").status_code == 404
    assert 'data-tab="all"' not in bert.get("/desk/").content.decode()
    boss = browser_of(make_employee("boss", role="administrator"))
    everything = boss.get("/desk/?tab=all").content.decode()
    assert "Carl" in everything
    assert "Dora" in everything


def test_the_row_shows_the_clients_words_not_our_greeting(scene: Scene) -> None:
    dialog = scene.dialog()
    assert dialog.messages.filter(author="automatic").exists()
    page = browser_of(scene.anna).get("/desk/list/").content.decode()
    assert "Where is my parcel?" in page


def test_the_pane_shows_conversation_client_and_reasons(scene: Scene) -> None:
    dialog = scene.dialog()
    answer(dialog, scene.anna, "On its way")
    page = browser_of(scene.anna).get(f"/desk/{dialog.pk}/pane/").content.decode()
    assert "Where is my parcel?" in page
    assert "On its way" in page
    assert "Accepted by you" in page
    assert "Offered to you: longest without a new dialog on this line" in page
    assert re.search(r"Bert Lis: [a-z]", page), "why Bert was passed over"


def test_an_update_holds_only_what_is_new(scene: Scene) -> None:
    dialog = scene.dialog()
    dialogs.accept(dialog.pk, by=scene.anna, now=timezone.now())
    dialog.refresh_from_db()
    write(scene.client, "One more thing")
    update = browser_of(scene.anna).get(f"/desk/{dialog.pk}/update/?since={dialog.rev}").content.decode()
    assert "One more thing" in update
    assert "Where is my parcel?" not in update.split("data-update-part")[0]
    dialog.refresh_from_db()
    assert f'data-rev="{dialog.rev}"' in update


def test_earlier_messages_come_page_by_page(scene: Scene) -> None:
    dialog = scene.dialog()
    dialogs.accept(dialog.pk, by=scene.anna, now=NOW)
    for number in range(70):
        write(scene.client, f"line {number:03}", now=at(number + 1))
    browser = browser_of(scene.anna)
    page = browser.get(f"/desk/{dialog.pk}/pane/").content.decode()
    assert "line 069" in page
    assert "line 005" not in page
    oldest = page.split('data-order="')[1].split('"')[0]
    earlier = browser.get(f"/desk/{dialog.pk}/earlier/?before={oldest}").content.decode()
    assert "line 005" in earlier
    assert "line 069" not in earlier
    assert 'data-more="0"' in earlier


def test_texts_of_clients_are_shown_as_text(scene: Scene) -> None:
    dialog = write(
        make_client(scene.connection, name="<b>Eve</b>"), "<script>alert(1)</script> www.example.com"
    ).dialog
    dialogs.take_over(dialog.pk, by=scene.anna, now=timezone.now())
    page = browser_of(scene.anna).get(f"/desk/{dialog.pk}/").content.decode()
    assert "<script>alert" not in page
    assert "<b>Eve" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("tab", ["mine", "waiting", "all"])
def test_the_list_costs_as_many_queries_with_many_dialogs(
    scene: Scene, tab: str, django_assert_max_num_queries: Any
) -> None:
    boss = make_employee("boss", role="administrator")
    for number in range(12):
        dialog = write(make_client(scene.connection, name=f"Client {number}"), "Hi").dialog
        if tab != "waiting":
            dialogs.take_over(dialog.pk, by=boss, now=timezone.now())
    browser = browser_of(boss)
    with django_assert_max_num_queries(13):
        assert browser.get(f"/desk/list/?tab={tab}").status_code == 200


def test_a_pane_costs_as_many_queries_with_many_messages(
    scene: Scene, django_assert_max_num_queries: Any
) -> None:
    dialog = scene.dialog()
    answer(dialog, scene.anna)
    for number in range(20):
        write(scene.client, f"{number}", now=at(number))
    browser = browser_of(scene.anna)
    with django_assert_max_num_queries(18):
        assert browser.get(f"/desk/{dialog.pk}/pane/").status_code == 200


def test_the_ticket_names_only_what_one_may_hear(scene: Scene) -> None:
    other = make_line(name="Other")
    answer_ = browser_of(scene.anna).get("/desk/ticket/").json()
    ticket = read_ticket(answer_["ticket"], now=timezone.now())
    assert ticket.topics == {f"e{scene.anna.pk}", f"l{scene.line.pk}"}
    assert f"l{other.pk}" not in ticket.topics


# -- files ----------------------------------------------------------------------------------------------------


def attach(message: Message, *, name: str, mime: str, content: bytes) -> Attachment:
    attachment = Attachment(message=message, name=name, mime=mime, size=len(content), public_id=uuid4())
    attachment.file.save("x", ContentFile(content))
    return attachment


def test_a_picture_is_shown_and_a_page_is_only_downloaded(scene: Scene) -> None:
    message = write(scene.client, "Look")
    picture = attach(message, name="zażółć.png", mime="image/png", content=b"\x89PNG")
    page = attach(message, name="evil.html", mime="text/html", content=b"<script>1</script>")
    drawing = attach(message, name="evil.svg", mime="image/svg+xml", content=b"<svg/>")
    browser = browser_of(scene.anna)
    shown = browser.get(f"/files/{picture.public_id}/")
    assert (shown["Content-Type"], shown["Content-Disposition"].split(";")[0]) == ("image/png", "inline")
    assert shown.getvalue() == b"\x89PNG"
    for attachment in (page, drawing):
        response = browser.get(f"/files/{attachment.public_id}/")
        assert response["Content-Type"] == "application/octet-stream"
        assert response["Content-Disposition"].startswith("attachment")
        assert "sandbox" in response["Content-Security-Policy"]
        assert response["X-Content-Type-Options"] == "nosniff"


def test_a_file_of_somebody_elses_dialog_is_not_found(scene: Scene) -> None:
    message = write(scene.client, "Look")
    dialogs.accept(message.dialog_id, by=scene.anna, now=timezone.now())
    picture = attach(message, name="a.png", mime="image/png", content=b"\x89PNG")
    assert browser_of(scene.bert).get(f"/files/{picture.public_id}/").status_code == 404
    assert Browser().get(f"/files/{picture.public_id}/").status_code == 302
