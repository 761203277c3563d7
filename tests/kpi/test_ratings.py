"""R7, R8: results with the dialogs behind them; the list's filters and columns for quality."""

from __future__ import annotations

import re

import pytest
from django.test import Client as Http
from django.urls import reverse
from django.utils import timezone

from contactcenter.staff.models import Employee
from openlines.models import Dialog
from tests.openlines.factories import make_client, make_connection, make_line, make_operator, write

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(client: Http) -> Employee:
    person = make_operator("Mia", is_superuser=True)
    client.force_login(person)
    return person


@pytest.fixture
def rated(manager: Employee) -> list[Dialog]:
    """Anna: good, good, bad, one not rated; Bert: bad."""
    anna, bert = make_operator("Anna"), make_operator("Bert")
    connection = make_connection(make_line(anna, bert, name="Shop"))
    found = []
    for person, rating, stars, outcome in (
        (anna, 1, 5, "solved"),
        (anna, 1, None, "solved"),
        (anna, 0, 2, "not_solved"),
        (anna, None, None, ""),
        (bert, 0, None, "solved"),
    ):
        dialog = write(make_client(connection), now=timezone.now()).dialog
        Dialog.objects.filter(pk=dialog.pk).update(
            operator=person,
            client_rating=rating,
            supervisor_rating=stars,
            outcome=outcome,
            in_working_time=True,
        )
        found.append(dialog)
    return found


def cells(page: str, name: str) -> list[str]:
    row = page[page.index(f'<th scope="row">{name}') :]
    row = row[: row.index("</tr>")]
    return [
        re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r'<td class="number">(.*?)</td>', row)
    ]


def test_results_per_operator(client: Http, rated: list[Dialog]) -> None:
    page = client.get(reverse("kpi:ratings")).text
    assert cells(page, "Anna") == ["4", "3", "2", "1", "67", "2", "3.5", "2", "1", "67"]
    assert cells(page, "Bert") == ["1", "1", "0", "1", "0", "0", "", "1", "0", "100"]
    assert cells(page, "All together")[:4] == ["5", "4", "2", "2"]


@pytest.mark.parametrize("group", ["line", "channel"])
def test_results_per_line_and_channel(client: Http, rated: list[Dialog], group: str) -> None:
    page = client.get(reverse("kpi:ratings"), {"by": group}).text
    assert cells(page, "Shop" if group == "line" else "Live chat")[0] == "5"


def test_every_number_opens_its_dialogs(client: Http, rated: list[Dialog]) -> None:
    page = client.get(reverse("kpi:ratings")).text
    row = page[page.index('<th scope="row">Anna') :]
    for address, number in re.findall(r'<a href="([^"]+)">(\d+)</a>', row[: row.index("</tr>")]):
        shown = client.get(address.replace("&amp;", "&")).text
        assert shown.count('<th scope="row"><a') == int(number), address


def test_as_a_file(client: Http, rated: list[Dialog]) -> None:
    answer = client.get(reverse("kpi:ratings"), {"format": "csv"})
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[1].startswith("Anna Test,4,3,2,1,67")


def test_the_report_needs_its_right(client: Http) -> None:
    client.force_login(make_operator("Olga"))
    assert client.get(reverse("kpi:ratings")).status_code == 403


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"rating": "good"}, 2),
        ({"rating": "none"}, 1),
        ({"stars": "5"}, 1),
        ({"outcome": "none"}, 1),
        ({"hours": "out"}, 0),
        ({"hours": "in", "channel": "livechat"}, 5),
        ({"marked": "1"}, 0),
    ],
)
def test_the_list_filters_by_quality(
    client: Http, rated: list[Dialog], filters: dict[str, str], count: int
) -> None:
    page = client.get(reverse("kpi:dialogs"), filters).text
    assert page.count('<th scope="row"><a') == count
    assert 'class="chip"' in page


def test_the_list_shows_and_sorts_by_ratings(client: Http, rated: list[Dialog]) -> None:
    page = client.get(reverse("kpi:dialogs"), {"sort": "-stars"}).text
    assert page.index(f">{rated[0].number}</a>") < page.index(f">{rated[2].number}</a>")
    assert "👍" in page
    assert client.get(reverse("kpi:dialogs"), {"rating": "nonsense"}).status_code == 200
