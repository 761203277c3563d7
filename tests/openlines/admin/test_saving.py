"""Saving a block: only its fields, only what changed, never over somebody else's change; history beside the line."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from contactcenter.staff.models import Employee
from openlines.models import LineEntry, LineText, OpenLine, QueueEntry
from openlines.services import lines
from openlines.services.errors import CommandRefused
from tests.factories import make_department, make_employee
from tests.openlines.factories import NOW, make_line

pytestmark = pytest.mark.django_db

Page = Callable[[str, OpenLine], str]
Filled = Callable[..., dict[str, Any]]


def members(line: OpenLine) -> list[str]:
    return [str(entry) for entry in QueueEntry.objects.filter(line=line)]


# -- a line


def test_a_new_line_has_its_creator_as_queue_and_opens_at_its_queue(
    client: Client, administrator: Employee
) -> None:
    answer = client.post(reverse("admin:openlines_openline_add"), {"name": "Shop", "language": "pl"})
    line = OpenLine.objects.get(name="Shop")
    assert answer.headers["Location"] == reverse("admin:openlines_queuesettings_change", args=[line.pk])
    assert (line.language, line.created_by) == ("pl", administrator)
    assert members(line) == ["Olga Chief"]
    assert line.history.get().history_user == administrator


def test_at_the_limit_a_line_is_refused_with_the_limit_named(
    client: Client, administrator: Employee, line: OpenLine, settings: Any
) -> None:
    settings.CONTACTCENTER_MAX_LINES = 1
    answer = client.post(reverse("admin:openlines_openline_add"), {"name": "Second", "language": ""})
    assert answer.status_code == 200
    assert "may have 1 line" in answer.text
    with pytest.raises(CommandRefused, match="1 line"):
        lines.create(name="Third", by=None)
    settings.CONTACTCENTER_MAX_LINES = 2
    assert client.post(reverse("admin:openlines_openline_add"), {"name": "Second"}).status_code == 302


# -- a block


def test_a_block_saves_its_own_fields_and_the_history_is_the_lines(
    client: Client, administrator: Employee, line: OpenLine, page_of: Page, filled: Filled
) -> None:
    address = page_of("queue", line)
    values = filled(address, distribution="strictly", idle_time_0="own", idle_time_1="90", idle_time_2="1")
    answer = client.post(address, values, follow=True)
    assert "Saved." in answer.text
    line.refresh_from_db()
    assert (line.distribution, line.idle_time) == ("strictly", timedelta(seconds=90))
    assert line.name == "Shop"
    latest = line.history.latest()
    assert (latest.history_user, latest.distribution) == (administrator, "strictly")


def test_a_block_says_in_words_what_is_saved(
    client: Client, administrator: Employee, line: OpenLine, page_of: Page
) -> None:
    text = client.get(page_of("queue", line)).text
    assert "goes to the person who has waited longest" in text
    assert "After 1 minute without being accepted" in text
    actions = client.get(page_of("automaticactions", line)).text
    assert "A client is greeted once, when writing for the first time." in actions
    assert "marked as unanswered after 5 minutes" in actions
    assert "has 10 minutes to write again" in actions
    assert "nothing happens for 4 hours" in actions


def test_without_a_closing_text_a_finished_dialog_is_said_to_close_at_once(
    client: Client, administrator: Employee, page_of: Page
) -> None:
    line = make_line(make_employee(), finish_text_enabled=False, rating_enabled=False)
    assert (
        "the dialog is closed at once, without a text" in client.get(page_of("automaticactions", line)).text
    )


def test_a_stale_save_is_refused_and_keeps_what_was_typed(
    client: Client, administrator: Employee, line: OpenLine, page_of: Page, filled: Filled
) -> None:
    address = page_of("queue", line)
    mine = filled(address, idle_time_0="600")
    lines.save_block(line.pk, {"idle_time": timedelta(minutes=30)}, now=NOW)
    answer = client.post(address, mine)
    assert answer.status_code == 409
    assert "Somebody else has changed this page meanwhile" in answer.text
    assert "Saved by somebody else: 30 minutes" in answer.text
    form = answer.context["form"]
    assert form["idle_time"].value()[0] == "600"
    line.refresh_from_db()
    assert line.idle_time == timedelta(minutes=30)
    again = mine | {"version": form["version"].value()}
    assert client.post(address, again).status_code == 302
    line.refresh_from_db()
    assert line.idle_time == timedelta(minutes=10)


def test_a_change_of_another_block_is_no_hindrance(
    client: Client, administrator: Employee, line: OpenLine, page_of: Page, filled: Filled
) -> None:
    mine = filled(page_of("queue", line), distribution="to_all")
    lines.save_block(line.pk, {"name": "Renamed"}, now=NOW)
    assert client.post(page_of("queue", line), mine).status_code == 302
    line.refresh_from_db()
    assert (line.name, line.distribution) == ("Renamed", "to_all")


def test_without_a_version_nothing_is_saved(
    client: Client, administrator: Employee, line: OpenLine, page_of: Page, filled: Filled
) -> None:
    values = filled(page_of("other", line), name="Renamed", version="")
    assert client.post(page_of("other", line), values).status_code == 409
    line.refresh_from_db()
    assert line.name == "Shop"


@pytest.mark.parametrize(
    ("choice", "number", "unit"),
    [("own", "10", "1"), ("own", "13", "3600"), ("own", "", "60"), ("own", "x", "1")],
)
def test_a_duration_out_of_range_is_refused_in_words_at_its_field(
    client: Client,
    administrator: Employee,
    line: OpenLine,
    page_of: Page,
    filled: Filled,
    choice: str,
    number: str,
    unit: str,
) -> None:
    values = filled(page_of("queue", line), idle_time_0=choice, idle_time_1=number, idle_time_2=unit)
    answer = client.post(page_of("queue", line), values)
    (error,) = answer.context["form"].errors["idle_time"]
    assert error in ("Choose a time from 30 seconds to 12 hours.", "Enter a whole number and choose a unit.")
    assert error in answer.text
    assert ":30" not in error


def test_a_hidden_field_is_neither_checked_nor_changed(
    client: Client, administrator: Employee, line: OpenLine, page_of: Page, filled: Filled
) -> None:
    nonsense = {"idle_time_0": "own", "idle_time_1": "", "limit": "-5"}
    values = filled(page_of("queue", line), distribution="to_all", **nonsense)
    assert client.post(page_of("queue", line), values).status_code == 302
    line.refresh_from_db()
    assert (line.distribution, line.idle_time, line.limit) == ("to_all", timedelta(minutes=1), 5)
    shown = client.get(page_of("queue", line)).text
    assert 'data-field="idle_time" data-when="distribution!=to_all" hidden' in shown


def test_a_limit_out_of_range_is_refused_in_words(
    client: Client, administrator: Employee, line: OpenLine, page_of: Page, filled: Filled
) -> None:
    for limit in ("0", "1001", "many", ""):
        answer = client.post(
            page_of("queue", line), filled(page_of("queue", line), limit_enabled="on", limit=limit)
        )
        assert answer.context["form"].errors["limit"] == ["Choose a whole number from 1 to 1000."], limit


def test_at_once_is_a_choice(
    client: Client, administrator: Employee, line: OpenLine, page_of: Page, filled: Filled
) -> None:
    address = page_of("automaticactions", line)
    assert '<option value="0">at once</option>' in client.get(address).text
    client.post(address, filled(address, wrap_up_0="0"))
    line.refresh_from_db()
    assert line.wrap_up == timedelta()
    assert '<option value="0" selected>at once</option>' in client.get(address).text


# -- the queue


def test_the_queue_is_saved_in_the_posted_order_and_shown_as_people(
    client: Client, administrator: Employee, line: OpenLine, page_of: Page, filled: Filled
) -> None:
    department = make_department("Sales", head=make_employee(first_name="Head"))
    make_employee(first_name="Ewa", department=department)
    adam, beata = line.queue_entries.order_by("position")
    order = f"e{beata.employee_id},d{department.pk},e{adam.employee_id}"
    answer = client.post(page_of("queue", line), filled(page_of("queue", line), members=order), follow=True)
    assert [name.split()[0] for name in members(line)] == ["Beata", "Sales", "Adam"]
    people = [str(person).split()[0] for person in answer.context["expansion"]]
    assert people == ["Beata", "Ewa", "Adam"]
    assert "is 3 people today" in answer.text


def test_a_queue_of_nobody_is_refused_and_stays_as_typed(
    client: Client, administrator: Employee, line: OpenLine, page_of: Page, filled: Filled
) -> None:
    empty = make_department("Nobody's")
    values = filled(page_of("queue", line), members=f"d{empty.pk}", distribution="to_all")
    answer = client.post(page_of("queue", line), values)
    assert answer.status_code == 409
    assert "The queue has nobody in it" in answer.text
    assert answer.context["form"]["members"].value() == f"d{empty.pk}"
    line.refresh_from_db()
    assert line.distribution == "evenly"  # nothing of the page is saved
    assert len(members(line)) == 2


def test_a_queue_that_was_changed_meanwhile_is_not_overwritten(
    client: Client, administrator: Employee, line: OpenLine, page_of: Page, filled: Filled
) -> None:
    adam, beata = (entry.employee_id for entry in line.queue_entries.order_by("position"))
    mine = filled(page_of("queue", line), members=f"e{beata}")
    lines.set_queue(line.pk, [lines.Place(employee_id=beata), lines.Place(employee_id=adam)], now=NOW)
    assert client.post(page_of("queue", line), mine).status_code == 409
    assert len(members(line)) == 2


def test_a_department_whose_people_left_is_warned_of(
    client: Client, administrator: Employee, page_of: Page
) -> None:
    gone = make_employee()
    line = make_line(gone)
    gone.dismiss(NOW)
    assert "Nobody is in the queue at the moment" in client.get(page_of("queue", line)).text


def test_one_search_finds_people_and_departments(client: Client, administrator: Employee) -> None:
    make_department("Repairs")
    make_employee(first_name="Renata", last_name="Repairson")
    make_employee(first_name="Gone", last_name="Repairwoman", is_active=False)
    found = client.get(reverse("admin:openlines_queue_search"), {"q": "repair"}).json()["found"]
    assert [row["name"] for row in found] == ["Repairs", "Renata Repairson"]


def test_the_expansion_can_be_seen_before_saving(
    client: Client, administrator: Employee, line: OpenLine
) -> None:
    ids = ",".join(f"e{entry.employee_id}" for entry in line.queue_entries.order_by("-position"))
    text = client.get(reverse("admin:openlines_queue_expansion"), {"members": ids + ",x9,e,d99999"}).text
    assert text.index("Beata") < text.index("Adam")


# -- whom clients see


def picture() -> SimpleUploadedFile:
    content = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(content, "PNG")
    return SimpleUploadedFile("team.png", content.getvalue(), content_type="image/png")


def test_the_shared_picture_is_kept_until_it_is_taken_away(
    client: Client, administrator: Employee, line: OpenLine, page_of: Page, filled: Filled
) -> None:
    address = page_of("queue", line)
    shared = {"identity": "information", "identity_first_name": None}
    client.post(address, filled(address, **shared, identity_photo=picture()))
    line.refresh_from_db()
    stored = line.identity_photo.name
    assert (line.identity, line.identity_first_name, bool(stored)) == ("information", False, True)
    client.post(address, filled(address, distribution="strictly"))
    line.refresh_from_db()
    assert (line.distribution, line.identity_photo.name) == ("strictly", stored)
    client.post(address, filled(address, **{"identity_photo-clear": "on"}))
    line.refresh_from_db()
    assert not line.identity_photo
    history = client.get(reverse("admin:openlines_openline_history", args=[line.pk])).text
    assert "a picture" in history
    assert str(stored) not in history


def test_each_person_has_an_entry_for_the_lines_clients(
    client: Client, administrator: Employee, line: OpenLine, page_of: Page, filled: Filled
) -> None:
    address = page_of("queue", line)
    adam = line.queue_entries.get(position=0).employee
    assert adam is not None
    name = f"entry_{adam.pk}_name"
    client.post(address, filled(address, **{name: "Adam of the shop"}))
    assert not LineEntry.objects.exists()  # it does not apply
    client.post(address, filled(address, **{"identity": "entries", name: "Adam of the shop"}))
    entry = LineEntry.objects.get()
    assert (entry.employee, entry.name) == (adam, "Adam of the shop")
    mine = filled(address, **{name: "Mine"})
    lines.set_entry(line.pk, adam.pk, name="Theirs")
    assert client.post(address, mine).status_code == 409
    assert "Adam" in client.get(reverse("admin:openlines_openline_history", args=[line.pk])).text


# -- texts


def test_texts_are_saved_a_language_each_and_emptied_back_to_the_shipped_one(
    client: Client, administrator: Employee, line: OpenLine, page_of: Page, filled: Filled
) -> None:
    address = page_of("automaticactions", line)
    assert "Za chwilę odpowiemy" in client.get(address).text
    client.post(address, filled(address, text_greeting_pl="Cześć, #CLIENT#!"))
    assert LineText.objects.get(line=line).text == "Cześć, #CLIENT#!"
    assert "Cześć, Maria!" in client.get(address).text
    client.post(address, filled(address, text_greeting_pl=""))
    assert not LineText.objects.filter(line=line).exists()


def test_an_unknown_macro_is_refused_by_name(
    client: Client, administrator: Employee, line: OpenLine, page_of: Page, filled: Filled
) -> None:
    address = page_of("automaticactions", line)
    answer = client.post(address, filled(address, text_greeting_en="Hi #NAME# and #CLIENT#"))
    assert answer.status_code == 200
    assert "#NAME# is not known" in answer.context["form"].errors["text_greeting_en"][0]
    assert not LineText.objects.exists()


def test_a_text_that_was_changed_meanwhile_is_not_overwritten(
    client: Client, administrator: Employee, line: OpenLine, page_of: Page, filled: Filled
) -> None:
    address = page_of("automaticactions", line)
    mine = filled(address, text_greeting_en="Mine")
    lines.set_text(line.pk, "greeting", "en", "Theirs")
    assert client.post(address, mine).status_code == 409
    assert LineText.objects.get().text == "Theirs"


# -- history


def test_the_history_tells_who_changed_what_and_restores_it(
    client: Client, administrator: Employee, line: OpenLine, page_of: Page, filled: Filled
) -> None:
    client.post(page_of("queue", line), filled(page_of("queue", line), distribution="to_all"))
    client.post(page_of("other", line), filled(page_of("other", line), name="Renamed"))
    address = page_of("automaticactions", line)
    client.post(address, filled(address, text_greeting_en="Hi!"))
    history = reverse("admin:openlines_openline_history", args=[line.pk])
    answer = client.get(history)
    changes = answer.context["changes"]
    told = [(change.by, d.before, d.after) for change in changes for d in change.differences]
    assert told == [
        ("Olga Chief", "(as shipped)", "Hi!"),
        ("Olga Chief", "Shop", "Renamed"),
        ("Olga Chief", "Evenly", "To all"),
    ]
    queue = next(change for change in changes if change.page == "Queue")
    assert "earlier values are in force" in client.post(history, {"change": queue.key}, follow=True).text
    line.refresh_from_db()
    assert (line.distribution, line.name) == ("evenly", "Renamed")  # only the page's fields go back


def test_restoring_nonsense_changes_nothing(client: Client, administrator: Employee, line: OpenLine) -> None:
    history = reverse("admin:openlines_openline_history", args=[line.pk])
    other = make_line(make_employee())
    lines.save_block(other.pk, {"name": "Else"}, now=NOW)
    strange = f"{other.history.latest().history_id}:othersettings"
    for key in ("", "x:y", "1:queuesettings", "999999:othersettings", strange):
        text = client.post(history, {"change": key}, follow=True).text
        assert "nothing to restore" in text, key
    line.refresh_from_db()
    assert line.name == "Shop"
