"""The contact centre: a tile a channel kind, today's figures of the lines, and who may see them."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from contactcenter.centre import tiles
from contactcenter.staff.models import Employee
from openlines.models import Connection
from openlines.services import dialogs
from tests.factories import make_employee
from tests.openlines.factories import (
    NOW,
    answer,
    at,
    make_client,
    make_connection,
    make_line,
    make_operator,
    write,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(client: Client) -> Employee:
    employee = make_employee(role="administrator")
    client.force_login(employee)
    return employee


@pytest.mark.parametrize("language", ["en", "pl"])
def test_an_empty_installation_offers_every_kind(
    client: Client, administrator: Employee, language: str
) -> None:
    Employee.objects.update(language=language)
    page = client.get(reverse("centre:home"))
    assert page.status_code == 200
    assert [tile.kind for tile, _free in page.context["tiles"]] == Connection.Kind.values
    for kind in Connection.Kind.values:
        assert f"{reverse('admin:openlines_connection_add')}?kind={kind}" in page.text


def test_a_tile_tells_line_health_traffic_and_error(client: Client, administrator: Employee) -> None:
    anna = make_operator("Anna")
    shop, repairs = make_line(anna, name="Shop"), make_line(anna, name="Repairs")
    make_line(anna, name="Unconnected")
    chat = make_connection(shop, "livechat", name="Chat of the shop")
    make_connection(shop, "telegram", name="Shop bot", last_error="The token is refused.", last_error_at=NOW)
    make_connection(repairs, "telegram", name="Repairs bot", is_active=False)
    dialog = write(make_client(chat)).dialog
    answer(dialog, anna, now=at(60))
    found = {tile.kind: tile for tile in tiles.tiles(now=at(120))}
    (connected,) = found["livechat"].connected
    assert (connected.report.last_in, connected.report.last_out) == (at(0), at(60))
    assert connected.report.health == found["livechat"].worst == "ok"
    assert [c.report.health for c in found["telegram"].connected] == ["off", "failing"]
    assert found["telegram"].worst == "failing"
    text = client.get(reverse("centre:home")).text
    assert "The token is refused." in text
    assert "Chat of the shop" in text
    unconnected = text.index("To which line?")
    assert "Unconnected" in text[unconnected:]


def test_the_lines_show_todays_figures(administrator: Employee) -> None:
    anna = make_operator("Anna")
    shop = make_line(anna, name="Shop")
    empty = make_line(anna, name="Empty")
    chat = make_connection(shop)
    write(make_client(chat))
    for seconds in (10, 20, 60):
        dialog = write(make_client(chat)).dialog
        answer(dialog, anna, now=at(seconds))
    finished = write(make_client(chat), now=NOW - timedelta(days=1)).dialog
    answer(finished, anna, now=NOW - timedelta(days=1) + timedelta(hours=1))
    dialogs.finish(finished.pk, by=anna, now=at(0))
    by_name = {line.name: line for line in tiles.lines_today(now=at(100))}
    today = by_name["Shop"]
    assert (today.waiting, today.open, today.unanswered, today.begun) == (1, 5, 0, 4)
    assert today.median == timedelta(seconds=20)
    assert by_name["Empty"] == tiles.LineToday(empty.pk, "Empty", 0, 0, 0, 0, None, 0)


def test_a_supervisor_looks_and_changes_nothing(client: Client) -> None:
    make_connection(make_line(make_operator()))
    client.force_login(make_employee(role="supervisor"))
    text = client.get(reverse("centre:home")).text
    assert "Switch off" not in text
    assert reverse("admin:openlines_connection_add") not in text


@pytest.mark.parametrize("role", ["operator", ""])
def test_others_go_to_the_place_of_their_work(client: Client, role: str) -> None:
    client.force_login(make_employee(role=role))
    place = client.get(reverse("centre:home")).headers["Location"]
    assert place == (reverse("workspace:desk") if role else reverse("staff:profile"))


def test_who_is_not_logged_in_is_asked_to(client: Client) -> None:
    assert client.get(reverse("centre:home")).headers["Location"].startswith("/login/")


def test_switching_off_comes_back_here(client: Client, administrator: Employee) -> None:
    connection = make_connection(make_line(make_operator()))
    home = reverse("centre:home")
    back = client.post(
        reverse("admin:openlines_connection_switch", args=[connection.pk]),
        {"on": "0", "next": home},
        follow=True,
    )
    assert back.redirect_chain == [(home, 302)]
    assert f"“{connection.name}” is switched off." in back.text
    assert [tile.worst for tile, _free in back.context["tiles"] if tile.kind == "livechat"] == ["off"]


def test_the_page_costs_the_same_however_much_there_is(
    client: Client, administrator: Employee, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(10):
        line = make_line(make_operator())
        for kind in Connection.Kind.values:
            write(make_client(make_connection(line, kind)))
    client.get(reverse("centre:home"))
    with django_assert_max_num_queries(10):
        client.get(reverse("centre:home"))


def test_today_begins_at_midnight_where_the_reader_is(
    client: Client, administrator: Employee, settings: Any
) -> None:
    Employee.objects.update(time_zone="Pacific/Auckland")  # NOW is 23:00 there
    chat = make_connection(make_line(make_operator()))
    write(make_client(chat))
    with time_machine.travel(at(7200), tick=False):
        assert [line.begun for line in client.get(reverse("centre:home")).context["lines"]] == [0]
    Employee.objects.update(time_zone="Europe/Warsaw")
    with time_machine.travel(at(7200), tick=False):
        assert [line.begun for line in client.get(reverse("centre:home")).context["lines"]] == [1]


def test_a_line_without_a_channel_says_so_here_and_on_its_own_pages(
    client: Client, administrator: Employee
) -> None:
    line = make_line(make_operator(), name="Returns")
    assert "no channel yet" in client.get(reverse("centre:home")).text
    queue = reverse("admin:openlines_queuesettings_change", args=[line.pk])
    assert "nobody can write to it" in client.get(queue).text
    make_connection(line, "telegram")
    assert "no channel yet" not in client.get(reverse("centre:home")).text
    assert "nobody can write to it" not in client.get(queue).text


def test_a_chat_on_no_page_is_not_said_to_work(client: Client, administrator: Employee) -> None:
    chat = make_connection(make_line(make_operator()))
    page = client.get(reverse("centre:home")).text
    assert "not seen on a page yet" in page
    assert "Get the code for your site" in page
    set_up = client.get(reverse("admin:openlines_connection_change", args=[chat.pk])).text
    assert "not seen on a page yet" in set_up
    Connection.objects.update(seen_at=timezone.now(), seen_on="shop.example")
    assert "not seen on a page yet" not in client.get(reverse("centre:home")).text
    assert "shop.example" in client.get(reverse("admin:openlines_connection_change", args=[chat.pk])).text
