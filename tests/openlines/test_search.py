"""One search: whoever looks for a client, a colleague or a reply finds them however the words are spelt."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client as Browser
from django.urls import reverse

from openlines import search
from openlines.admin import places
from openlines.models import Client, Dialog
from tests.factories import make_department, make_employee
from tests.openlines.factories import NOW, answer, make_client, make_connection, make_line, write
from tests.workspace.conftest import browser_of

pytestmark = pytest.mark.django_db(transaction=True)

SPELLINGS = [
    "grzegzolka",
    "GRZEGŻÓŁKA",
    "Grzegz\u0307o\u0301łka",
    "zielinski grzeg",
    "+48601234567",
    "+48 601 234 567",
    "601-234-567",
    "0048601234567",
    "0601 234 567",
    "Jan@Klient.test",
    "<jan@klient.test>",
    "@JanZ",
    "zielinski 234 567",
]
Page = Callable[[Browser, str], str]


def desk(browser: Browser, typed: str) -> str:
    return browser.get(reverse("workspace:list"), {"tab": "all", "q": typed}).content.decode()


def new_dialog(browser: Browser, typed: str) -> str:
    return browser.get(reverse("workspace:start_people"), {"q": typed}).content.decode()


def dialogs(browser: Browser, typed: str) -> str:
    return browser.get("/dialogs/", {"q": typed, "period": "all"}).content.decode()


PAGES = [desk, new_dialog, dialogs]


@pytest.fixture
def boss() -> Browser:
    anna = make_employee("anna", role="administrator", first_name="Anna")
    line = make_line(anna, name="Shop", greeting_enabled=False)
    sms = make_connection(line, "sms")
    client = make_client(
        sms, name="Grzegżółka Zieliński", username="janz", phone="+48601234567", email="jan@klient.test"
    )
    dialog = write(client, "Czy są czajniki?", now=NOW).dialog
    answer(dialog, anna, "Tak", now=NOW)
    write(client, "Dziękuję za żółty", now=NOW)
    write(
        make_client(sms, external_id="+4915112345678", name="Somebody Else", phone="+4915112345678"),
        "Hallo",
        now=NOW,
    )
    return browser_of(anna)


@pytest.mark.parametrize("typed", SPELLINGS)
@pytest.mark.parametrize("look", PAGES)
def test_a_client_is_found_however_it_is_spelt(boss: Browser, look: Page, typed: str) -> None:
    found = look(boss, typed)
    assert "Grzegżółka" in found
    assert "Somebody Else" not in found


@pytest.mark.parametrize(
    "typed", ["grzegorz", "zielinski else", "48601234568", "100%", "_", "\x00x", "x" * 5000]
)
@pytest.mark.parametrize("look", PAGES)
def test_what_does_not_match_is_not_found(boss: Browser, look: Page, typed: str) -> None:
    assert "Grzegżółka" not in look(boss, typed)


def test_the_desk_finds_the_last_words(boss: Browser) -> None:
    assert "Grzegżółka" in desk(boss, "dziekuje ZOLTY")
    assert "Grzegżółka" in desk(boss, "zielinski zolty")


@pytest.mark.parametrize("look", [desk, dialogs])
@pytest.mark.parametrize("written", ["{}", "#{}", "No. {}", "№ {}"])
def test_a_dialog_is_found_by_its_number(boss: Browser, look: Page, written: str) -> None:
    number = Dialog.objects.get(client__name__startswith="Grzeg").pk
    assert "Grzegżółka" in look(boss, written.format(number))


def test_an_offer_at_hand_is_found_as_the_others_are() -> None:
    client = make_client(
        make_connection(make_line(make_employee("anna")), "sms"), name="Żółć", phone="+48601234567"
    )
    client.refresh_from_db()

    def finds(typed: str, last: str = "") -> bool:
        return search.read(typed).finds_dialog(number=7, client=client.search_text, last_text=last)

    assert finds("zolc")
    assert finds("601 234 567")
    assert finds("#7")
    assert finds("zolc czajnik", "Gdzie jest CZAJNIK?")
    assert not finds("zolc czajnik", "teapot")


@pytest.mark.parametrize("write_name", ["save", "update", "sql"])
def test_what_is_searched_follows_whoever_writes_the_row(write_name: str) -> None:
    client = make_client(make_connection(make_line(make_employee("anna")), "sms"), name="Old")
    if write_name == "save":
        client.name = "Łucja"
        client.save(update_fields=["name"])
    elif write_name == "update":
        Client.objects.filter(pk=client.pk).update(name="Łucja")
    else:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE openlines_client SET name = %s WHERE id = %s", ["Łucja", client.pk])
    assert Client.objects.filter(search.read("lucja").in_client()).get() == client


def test_the_queue_picker_and_the_admin_find_without_accents(boss: Browser) -> None:
    make_employee("zosia", first_name="Zofia", last_name="Żółkiewska", phone="+48 22 123 45 67")
    make_department("Obsługa klientów")
    picked = [row["name"] for typed in ("zolkiewska", "OBSLUGA") for row in places.search(typed)]
    assert picked == ["Zofia Żółkiewska", "Obsługa klientów"]
    assert "zosia" in boss.get("/admin/staff/employee/", {"q": "zolkiewska zofia"}).content.decode()
    assert "zosia" in boss.get("/admin/staff/employee/", {"q": "22-123-45-67"}).content.decode()
    assert "zosia" not in boss.get("/admin/staff/employee/", {"q": "zolkiewski"}).content.decode()
