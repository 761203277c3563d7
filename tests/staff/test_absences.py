"""Absences are entered, changed and deleted, by oneself and by heads; what they change at once is announced."""

from datetime import date, datetime
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from contactcenter.staff import absences
from contactcenter.staff.models import Absence, Employee
from tests.factories import make_department, make_employee
from tests.openlines.together import together
from tests.staff.conftest import Heard, at
from tests.staff.makers import make_absence

pytestmark = pytest.mark.django_db

WARSAW = "Europe/Warsaw"
NOW = at("2026-03-02 10:00", WARSAW)


def new(employee: Employee, first: str, last: str = "", **fields: Any) -> Absence:
    return Absence(
        employee=employee,
        first_day=date.fromisoformat(first),
        last_day=date.fromisoformat(last or first),
        **fields,
    )


def posted(first: str, last: str = "", **fields: str) -> dict[str, str]:
    return {"kind": "holiday", "first_day": first, "last_day": last or first, "note": ""} | fields


@pytest.fixture
def anna() -> Employee:
    return make_employee("anna", time_zone=WARSAW)


# -- what is announced


@pytest.mark.parametrize(
    ("days", "fields", "announced"),
    [
        (("2026-03-02",), {}, ["went whole_day_leave"]),
        (("2026-03-02",), {"ends_at_noon": True}, ["went leave"]),
        (("2026-03-02",), {"starts_at_noon": True}, []),
        (("2026-02-20", "2026-03-31"), {}, ["went whole_day_leave"]),
        (("2026-03-03",), {}, []),
        (("2026-03-01",), {}, []),
    ],
)
def test_an_absence_that_runs_already_is_announced(
    anna: Employee, heard: Heard, days: tuple[str, ...], fields: dict[str, Any], announced: list[str]
) -> None:
    absences.save(new(anna, *days, **fields), now=NOW)
    assert heard.of(anna.pk) == announced
    assert f"absences {anna.pk}" in heard  # next_change answers differently, whenever it is


def test_changing_and_deleting_is_announced_by_the_difference_it_makes(anna: Employee, heard: Heard) -> None:
    absence = new(anna, "2026-03-02", ends_at_noon=True)
    absences.save(absence, now=NOW)
    absence.ends_at_noon = False
    absences.save(absence, now=NOW)
    absence.note = "flu"
    absences.save(absence, now=NOW)
    absence.ends_at_noon = True
    absences.save(absence, now=NOW)
    absences.delete(absence, now=NOW)
    assert heard.of(anna.pk) == ["went leave", "went whole_day_leave", "came", "came"]


def test_moving_to_another_zone_is_announced(client: Client, heard: Heard) -> None:
    anna = make_employee("anna", time_zone="Pacific/Kiritimati", email="anna@example.com")
    make_absence(anna, "2026-03-02")
    client.force_login(anna)
    form = {"first_name": "Anna", "last_name": "N", "email": anna.email, "phone": "", "language": "en"}
    with time_machine.travel(NOW, tick=False):  # late on the 2nd on Kiritimati, late on the 1st in Honolulu
        client.post(reverse("staff:profile"), form | {"time_zone": "Pacific/Kiritimati"})
        assert heard == []
        client.post(reverse("staff:profile"), form | {"time_zone": "Pacific/Honolulu"})
    assert heard.of(anna.pk) == ["came"]
    assert f"absences {anna.pk}" in heard


# -- what is refused


@pytest.mark.parametrize(
    ("first", "last", "fields"),
    [
        ("2026-03-05", "2026-03-05", {}),
        ("2026-03-01", "2026-03-31", {}),
        ("2026-03-06", "2026-03-06", {"ends_at_noon": True}),
    ],
)
def test_absences_of_one_person_do_not_overlap(
    anna: Employee, first: str, last: str, fields: dict[str, Any]
) -> None:
    make_absence(anna, "2026-03-04", "2026-03-06", ends_at_noon=True)
    with pytest.raises(ValidationError, match=r"already an absence.*Holiday: March 4, 2026"):
        absences.save(new(anna, first, last, **fields), now=NOW)
    absences.save(new(make_employee(), first, last, **fields), now=NOW)


def test_halves_of_a_day_fit_beside_each_other(anna: Employee) -> None:
    make_absence(anna, "2026-03-04", "2026-03-06", ends_at_noon=True)
    absences.save(new(anna, "2026-03-06", starts_at_noon=True), now=NOW)
    assert Absence.objects.count() == 2


def test_the_database_refuses_what_no_calendar_has(anna: Employee) -> None:
    for first, last, fields in (
        ("2026-03-05", "2026-03-04", {}),
        ("2026-03-05", "2026-03-05", {"starts_at_noon": True, "ends_at_noon": True}),
        ("2026-03-05", "9999-12-31", {}),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            make_absence(anna, first, last, **fields)


@pytest.mark.django_db(transaction=True)
def test_a_second_click_enters_no_second_absence(anna: Employee) -> None:
    results = together(*[lambda: absences.save(new(anna, "2026-03-05"), now=NOW)] * 5)
    assert Absence.objects.count() == 1
    assert sum(isinstance(result, ValidationError) for result in results) == 4


def test_how_days_are_called(anna: Employee) -> None:
    assert new(anna, "2026-03-05").days == "March 5, 2026"
    assert new(anna, "2026-03-05", ends_at_noon=True).days == "March 5, 2026, first half"
    assert new(anna, "2026-03-05", starts_at_noon=True).days == "March 5, 2026, second half"
    several = new(anna, "2026-03-05", "2026-03-09", starts_at_noon=True, ends_at_noon=True)
    assert several.days == "March 5, 2026 from noon – March 9, 2026 until noon"


# -- one's own page


@pytest.fixture
def own(client: Client, anna: Employee) -> Client:
    client.force_login(anna)
    return client


def test_people_enter_their_own_absences_from_today_on(own: Client, anna: Employee, heard: Heard) -> None:
    page = reverse("staff:own_absences")
    with time_machine.travel(NOW, tick=False):
        assert own.post(page, posted("2026-03-02", kind="sick", note="flu")).status_code == 302
        refused = own.post(page, posted("2026-03-01", kind="sick"))
    assert refused.status_code == 422
    assert "This day is over" in refused.text
    absence = Absence.objects.get()
    assert (absence.employee, absence.created_by, absence.kind) == (anna, anna, "sick")
    assert heard.of(anna.pk) == ["went whole_day_leave"]
    assert "flu" in own.get(page).text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (posted("2027-03-05", "2027-03-04"), "last day is before the first"),
        (posted("2027-03-05", starts_at_noon="on", ends_at_noon="on"), "must end after it starts"),
        (posted("2027-03-05", "9999-12-31"), "Look at the year again"),
        (posted("2027-03-05", "2027-03-09") | {"kind": "boredom"}, "Select a valid choice"),
        (posted(""), "This field is required"),
        (posted("2027-05-01"), "already an absence at that time"),
    ],
)
def test_what_cannot_be_is_refused_with_words(
    own: Client, anna: Employee, fields: dict[str, str], words: str
) -> None:
    make_absence(anna, "2027-05-01")
    answer = own.post(reverse("staff:own_absences"), fields)
    assert answer.status_code == 422
    assert words in answer.text
    assert Absence.objects.count() == 1


def test_ones_own_are_deleted_until_they_begin(own: Client, anna: Employee) -> None:
    runs, comes = make_absence(anna, "2026-03-02"), make_absence(anna, "2026-03-03")
    others = make_absence(make_employee(), "2026-03-03")
    with time_machine.travel(NOW, tick=False):
        for absence, status in ((others, 404), (runs, 302), (comes, 302)):
            address = reverse("staff:delete_own_absence", args=[absence.pk])
            assert own.get(address).status_code == 405
            assert own.post(address).status_code == status
        assert "has begun" in own.get(reverse("staff:own_absences")).text
    assert set(Absence.objects.all()) == {runs, others}


def test_the_page_parts_what_comes_from_what_is_over(own: Client, anna: Employee) -> None:
    for day in ("2026-03-02", "2026-02-20", "2026-04-01", "2024-01-01"):
        make_absence(anna, day)
    with time_machine.travel(NOW, tick=False):
        shown = own.get(reverse("staff:own_absences")).context
    assert [(str(row["absence"].first_day), row["has_begun"]) for row in shown["coming"]] == [
        ("2026-03-02", True),
        ("2026-04-01", False),
    ]
    assert [str(row.first_day) for row in shown["past"]] == ["2026-02-20"]


# -- heads and administrators


def test_a_head_enters_changes_and_deletes_absences_of_his_people(client: Client, heard: Heard) -> None:
    head = make_employee()
    top = make_department(head=head)
    anna = make_employee(department=make_department(parent=top), time_zone=WARSAW)
    client.force_login(head)
    person = reverse("staff:person", args=[anna.pk])
    with time_machine.travel(NOW, tick=False):
        assert client.post(person, posted("2026-02-27", "2026-03-01", kind="sick")).status_code == 302
        absence = Absence.objects.get()
        assert (absence.employee, absence.created_by) == (anna, head)
        change = reverse("staff:change_absence", args=[absence.pk])
        assert client.get(change).status_code == 200
        assert client.post(change, posted("2026-02-27", "2026-03-01", note="x" * 301)).status_code == 422
        assert client.post(change, posted("2026-02-27", "2026-03-06", kind="sick")).status_code == 302
        assert heard.of(anna.pk) == ["went whole_day_leave"]
        assert client.post(reverse("staff:delete_absence", args=[absence.pk])).status_code == 302
    assert heard.of(anna.pk) == ["went whole_day_leave", "came"]
    assert not Absence.objects.exists()


@pytest.mark.parametrize("role", ["", "operator", "supervisor", "administrator"])
def test_who_may_write_the_absences_of_others(client: Client, role: str) -> None:
    """A colleague, and the head of another department, may not; who changes employees may for all."""
    anna = make_employee(department=make_department())
    absence = make_absence(anna, "2027-03-02")
    other = make_employee(role=role, department=anna.department)
    make_department(head=other)
    client.force_login(other)
    allowed = role == "administrator"
    for name, pk, day in (("person", anna.pk, "2027-05-05"), ("change_absence", absence.pk, "2027-06-06")):
        address = reverse(f"staff:{name}", args=[pk])
        assert client.get(address).status_code == (200 if allowed else 403)
        assert client.post(address, posted(day)).status_code == (302 if allowed else 403)
    delete = reverse("staff:delete_absence", args=[absence.pk])
    assert client.post(delete).status_code == (302 if allowed else 403)
    end = reverse("staff:end_day_of", args=[anna.pk])
    assert client.post(end, {"ended_at": ""}).status_code == (422 if allowed else 403)


def test_without_a_session_the_pages_ask_for_the_log_in(client: Client) -> None:
    for address in ("/me/absences/", "/team/", "/team/1/", "/team/absences/1/"):
        answer = client.get(address)
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("staff:login"))


def moment(absence: Absence) -> tuple[datetime, datetime]:
    return absence.starts_at, absence.ends_at


def test_a_model_knows_its_moments(anna: Employee) -> None:
    absence = new(anna, "2026-03-29", "2026-03-30", starts_at_noon=True)
    assert moment(absence) == (at("2026-03-29 10:00"), at("2026-03-30 22:00"))
