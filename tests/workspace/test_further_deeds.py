"""Solved or not, pin, put aside, consent and a supervisor's rating at the desk."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client as Http
from django.urls import reverse
from django.utils import timezone

from contactcenter.staff.models import Employee
from openlines.models import ConsentRecord, Dialog, Rating
from openlines.services import lines
from tests.openlines.factories import answer, make_client, make_connection, make_line, make_operator, write

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def anna() -> Employee:
    return make_operator("Anna", is_superuser=True)


@pytest.fixture
def desk(anna: Employee) -> Http:
    http = Http()
    http.force_login(anna)
    return http


@pytest.fixture
def dialog(anna: Employee) -> Dialog:
    line = make_line(anna, greeting_enabled=False)
    dialog = write(make_client(make_connection(line)), now=timezone.now()).dialog
    answer(dialog, anna, now=timezone.now())
    return dialog


def do(desk: Http, name: str, dialog: Dialog, **values: Any) -> Any:
    return desk.post(
        reverse(f"workspace:{name}", args=[dialog.pk]), values, headers={"x-requested-with": "fetch"}
    )


def fresh(dialog: Dialog) -> Dialog:
    return Dialog.objects.get(pk=dialog.pk)


def test_not_solved_is_said_with_the_finish(desk: Http, dialog: Dialog) -> None:
    assert do(desk, "finish", dialog, outcome="not_solved").status_code == 200
    assert fresh(dialog).outcome == "not_solved"


def test_where_the_line_wants_it_said_it_is_asked_for(desk: Http, dialog: Dialog) -> None:
    lines.save_block(dialog.line_id, {"outcome_required": True}, now=timezone.now())
    refused = do(desk, "finish", dialog)
    assert (refused.status_code, refused.json()["code"]) == (422, "outcome")
    page = desk.get(reverse("workspace:dialog", args=[dialog.pk])).text
    assert "Not solved" in page
    assert do(desk, "finish", dialog, outcome="solved").status_code == 200


def test_pin_and_unpin(desk: Http, dialog: Dialog) -> None:
    do(desk, "pin", dialog, on="1")
    assert fresh(dialog).pinned_at
    assert "Pinned" in desk.get(reverse("workspace:dialog", args=[dialog.pk])).text
    do(desk, "pin", dialog, on="0")
    assert fresh(dialog).pinned_at is None


def test_what_is_put_aside_leaves_mine_and_comes_back(desk: Http, dialog: Dialog) -> None:
    assert do(desk, "snooze", dialog, until="hour").status_code == 200
    mine = desk.get(reverse("workspace:list") + "?tab=mine").text
    aside = desk.get(reverse("workspace:list") + "?tab=aside").text
    row = f'data-opens="{dialog.pk}"'
    assert row not in mine
    assert row in aside
    do(desk, "snooze", dialog, until="")
    assert row in desk.get(reverse("workspace:list") + "?tab=mine").text
    assert do(desk, "snooze", dialog, until="2020-01-01T09:00").status_code == 422


def test_the_clients_consent_is_shown_and_can_be_refused_or_withdrawn(desk: Http, anna: Employee) -> None:
    line = make_line(anna, greeting_enabled=False, consent_enabled=True)
    client = make_client(make_connection(line, "telegram", credentials={"token": "1:x"}))
    dialog = write(client, now=timezone.now()).dialog
    answer(dialog, anna, now=timezone.now())
    page = desk.get(reverse("workspace:dialog", args=[dialog.pk])).text
    assert "Asked for; not answered yet" in page
    assert do(desk, "consent", dialog, do="refuse").status_code == 200
    assert fresh(dialog).state == "closed"
    assert ConsentRecord.objects.filter(decision="refused", by=anna).exists()


def test_a_supervisor_rates_a_colleagues_dialog_but_not_his_own(desk: Http, dialog: Dialog) -> None:
    assert do(desk, "rate", dialog, stars="4").status_code == 403
    Dialog.objects.filter(pk=dialog.pk).update(operator=make_operator("Bert"))
    assert do(desk, "rate", dialog, stars="9").status_code == 422
    assert do(desk, "rate", dialog, stars="4", comment="Well done").status_code == 200
    assert Rating.objects.get().comment == "Well done"
    assert "Well done" in desk.get(reverse("workspace:dialog", args=[dialog.pk])).text


def test_typing_keeps_a_dialog_open(desk: Http, dialog: Dialog) -> None:
    from datetime import timedelta

    long_ago = timezone.now() - timedelta(hours=3, minutes=55)
    Dialog.objects.filter(pk=dialog.pk).update(last_activity_at=long_ago)
    do(desk, "typing", dialog)
    assert fresh(dialog).kept_open_until
