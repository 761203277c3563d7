from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from contactcenter.demo import supervisor, world
from contactcenter.staff.models import Employee
from tests.factories import make_employee


@pytest.mark.django_db
def test_it_moves_into_nobody_elses_database() -> None:
    make_employee()
    with pytest.raises(supervisor.CannotStart, match=r"DATABASE_URL|CONTACTCENTER_VAR"):
        supervisor.prepare_database()
    assert Employee.objects.count() == 1


@pytest.mark.django_db
def test_tables_that_are_not_ours_stay_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection.introspection, "table_names", lambda: ["theirs"])
    monkeypatch.setattr(supervisor, "call_command", lambda *_: pytest.fail("it must not migrate"))
    with pytest.raises(supervisor.CannotStart):
        supervisor.prepare_database()


@pytest.mark.django_db
def test_the_demos_own_database_and_an_empty_one_are_good() -> None:
    supervisor.prepare_database()
    world.build(now=timezone.now())
    supervisor.prepare_database()


def test_everybody_who_can_log_in_is_named(tmp_path: Path) -> None:
    said = supervisor.welcome([("Desk", "http://localhost:8000/desk/")], logs=tmp_path, traffic=False)
    for expected in (
        "http://localhost:8000/desk/",
        "admin",
        "supervisor",
        "anna",
        "piotr",
        "kasia",
        "coffee-please",
    ):
        assert expected in said
