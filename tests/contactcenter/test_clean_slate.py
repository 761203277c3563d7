"""Between tests that commit nothing stays but what the migrations had put there."""

from __future__ import annotations

import pytest
from django.db import connection

from contactcenter.staff.models import Employee, Role
from openlines.models import Dialog, OpenLine
from tests.clean_slate import slate
from tests.factories import make_employee
from tests.openlines.factories import make_client, make_connection, make_line, write

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_was_written_goes() -> None:
    write(make_client(make_connection(make_line(make_employee()))))
    assert Dialog.objects.exists()
    slate.wipe()
    assert not Dialog.objects.exists()
    assert not OpenLine.objects.exists()
    assert not Employee.objects.exists()


@pytest.mark.parametrize("damage", ["changed", "deleted", "added"])
def test_what_the_migrations_had_put_there_comes_back(damage: str) -> None:
    before = list(Role.objects.order_by("pk").values())
    assert before
    if damage == "changed":
        Role.objects.update(name="Somebody")
    elif damage == "deleted":
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM staff_rolegrant")
            cursor.execute("DELETE FROM staff_role")
    else:
        Role.objects.create(key="another", name="Another")
    slate.wipe()
    assert list(Role.objects.order_by("pk").values()) == before
