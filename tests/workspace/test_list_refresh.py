"""What a refresh of the list costs, and what it says of rows that have left it."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from contactcenter.staff.models import Employee
from openlines.models import Connection, Dialog
from openlines.services import dialogs
from tests.factories import make_employee
from tests.openlines.factories import make_client, make_connection, make_line, write

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def anna() -> Employee:
    return make_employee(role="operator", first_name="Anna")


@pytest.fixture
def kasia() -> Employee:
    return make_employee(role="supervisor", first_name="Kasia", last_name="Lis")


@pytest.fixture
def chat(anna: Employee) -> Connection:
    return make_connection(make_line(anna))


@pytest.fixture
def browser(anna: Employee) -> Browser:
    opened = Browser()
    opened.force_login(anna)
    return opened


def offered(chat: Connection, *texts: str) -> list[Dialog]:
    return [write(make_client(chat), text, now=timezone.now()).dialog for text in texts]


def shown(browser: Browser, *, had: str = "") -> str:
    return browser.get(reverse("workspace:list"), {"had": had}).content.decode()


def told(page: str) -> str:
    """What a page that shows this answers with ``had``."""
    rows = re.findall(r'<li data-version="([0-9a-f]{8})"[^>]* data-key="(o?\d+)"', page)
    assert rows
    return ",".join(f"{key}.{version}" for version, key in rows)


def reasons(page: str) -> dict[str, str]:
    return dict(re.findall(r'data-gone-key="(o?\d+)"(?: data-own)?>([^<]*)<', page))


def test_rows_that_the_page_has_are_not_drawn_again(chat: Connection, browser: Browser) -> None:
    first, second, _third = offered(chat, "first", "second", "third")
    whole = shown(browser)
    same = shown(browser, had=told(whole))
    assert same.count("data-same") == 3
    assert "first" not in same and len(same) < len(whole) / 2
    write(second.client, "changed", now=timezone.now())
    changed = shown(browser, had=told(whole))
    assert changed.count("data-same") == 2
    assert "changed" in changed and "third" not in changed
    assert f'data-key="o{first.pk}" data-same' in changed


def test_two_drawings_of_a_list_that_did_not_change_are_alike(chat: Connection, browser: Browser) -> None:
    """A token in each form, for one, would make every row look new."""
    offered(chat, "first", "second")
    assert shown(browser) == shown(browser)


def test_a_row_that_left_says_why(
    chat: Connection, browser: Browser, anna: Employee, kasia: Employee
) -> None:
    taken, finished, spam, mine = offered(chat, "a", "b", "c", "d")
    had = told(shown(browser))
    now = timezone.now()
    dialogs.accept(taken.pk, by=kasia, now=now, may_take_over=True)
    dialogs.accept(mine.pk, by=anna, now=now)
    dialogs.finish(finished.pk, by=kasia, now=now, may_take_over=True)
    dialogs.spam(spam.pk, by=kasia, now=now, may_take_over=True)
    page = shown(browser, had=had)
    assert reasons(page) == {
        f"o{taken.pk}": "Taken by Kasia Lis",
        f"o{finished.pk}": "Finished",
        f"o{spam.pk}": "Spam",
        f"o{mine.pk}": "Yours now",
    }
    assert f'data-gone-key="o{mine.pk}" data-own' in page


def test_a_stranger_learns_nothing_by_asking_for_reasons(chat: Connection, kasia: Employee) -> None:
    (dialog,) = offered(chat, "secret")
    dialogs.accept(dialog.pk, by=kasia, now=timezone.now(), may_take_over=True)
    stranger = Browser()
    stranger.force_login(make_employee(role="operator"))
    page = shown(stranger, had=f"{dialog.pk}.00000000,o{dialog.pk}.00000000,9999999.00000000")
    assert set(reasons(page).values()) == {"No longer here"}


@pytest.mark.parametrize("had", ["x", "o.1", "0.00000000", "1.zz", ",,,", "9" * 40, "1.00000000" * 5000])
def test_nonsense_about_what_is_shown_is_passed_over(chat: Connection, browser: Browser, had: str) -> None:
    offered(chat, "first")
    assert "first" in shown(browser, had=had)


def test_reasons_cost_the_same_for_one_row_and_for_many(
    chat: Connection, browser: Browser, kasia: Employee
) -> None:
    several = offered(chat, *(f"number {at}" for at in range(8)))
    had = told(shown(browser))
    counts = []
    for taken in (several[:1], several[1:6]):
        for dialog in taken:
            dialogs.accept(dialog.pk, by=kasia, now=timezone.now(), may_take_over=True)
        with CaptureQueriesContext(connection) as counted:
            found = reasons(shown(browser, had=had))
        counts.append(len(counted))
    assert len(found) == 6
    assert counts[0] == counts[1]


def test_a_transferred_dialog_names_its_sender_and_note_until_it_is_opened(
    chat: Connection, browser: Browser, anna: Employee, kasia: Employee
) -> None:
    noted, bare = offered(chat, "a", "b")
    now = timezone.now()
    for dialog, note in ((noted, "customer asks for <invoice>"), (bare, "")):
        dialogs.accept(dialog.pk, by=kasia, now=now, may_take_over=True)
        dialogs.transfer_to_colleague(dialog.pk, to=anna, by=kasia, note=note, now=now)
    page = shown(browser)
    assert "Kasia Lis: customer asks for &lt;invoice&gt;" in page
    assert page.count("Transferred by Kasia Lis") == 1
    had = told(page)
    browser.get(reverse("workspace:pane", args=[noted.pk]))
    page = shown(browser, had=had)
    assert "invoice" not in page and page.count("data-same") == 1
    assert "Kasia" not in browser.get(reverse("workspace:list"), {"tab": "mine"}).content.decode().replace(
        "Transferred by Kasia Lis", ""
    )
