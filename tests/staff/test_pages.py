"""Logging in and out, the profile, language and time zone, notices."""

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy
from PIL import Image
from pytest_django import DjangoAssertNumQueries, Settings

from contactcenter.staff import notices, signals
from contactcenter.staff.landing import landing_address
from contactcenter.staff.middleware import EmployeeLocaleMiddleware
from contactcenter.staff.models import Employee, Notice
from tests.factories import make_employee

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def log_in(client: Client, username: str, password: str = PASSWORD, **more: str) -> Any:
    return client.post(reverse("staff:login"), {"username": username, "password": password, **more})


def image(kind: str = "PNG") -> bytes:
    file = BytesIO()
    Image.new("RGB", (8, 8), "teal").save(file, kind)
    return file.getvalue()


# -- log-in


def test_logging_in_leads_to_the_place_of_work(client: Client) -> None:
    employee = make_employee("anna", role="operator", password=PASSWORD)
    answer = log_in(client, "anna")
    assert answer.status_code == 302
    assert answer["Location"] == landing_address(employee)
    assert client.get(reverse("staff:profile")).status_code == 200


def test_who_has_no_role_lands_on_his_profile() -> None:
    assert landing_address(make_employee()) == reverse("staff:profile")


def test_a_wrong_password_is_said_and_the_name_kept(client: Client) -> None:
    make_employee("anna", password=PASSWORD)
    answer = log_in(client, "anna", "wrong")
    assert answer.status_code == 200
    assert 'role="alert"' in answer.text
    assert 'value="anna"' in answer.text


def test_logging_in_goes_back_to_the_page_that_asked_but_never_to_another_site(client: Client) -> None:
    make_employee("anna", password=PASSWORD)
    assert log_in(client, "anna", next="/me/password/")["Location"] == "/me/password/"
    client.logout()
    assert "evil" not in log_in(client, "anna", next="https://evil.example/")["Location"]


def test_the_dismissed_cannot_log_in_and_their_sessions_end(client: Client) -> None:
    employee = make_employee("anna", role="operator", password=PASSWORD)
    heard: list[int] = []

    def note(sender: object, *, employee_id: int, **_: object) -> None:
        heard.append(employee_id)

    log_in(client, "anna")
    signals.dismissed.connect(note)
    try:
        employee.dismiss(timezone.now())
    finally:
        signals.dismissed.disconnect(note)
    assert heard == [employee.pk]
    assert client.get(reverse("staff:profile")).status_code == 302
    assert log_in(client, "anna").status_code == 200
    assert client.get(reverse("staff:profile")).status_code == 302
    employee.take_back(timezone.now())
    assert log_in(client, "anna").status_code == 302


def test_dismissed_means_inactive_however_it_is_saved() -> None:
    employee = make_employee()
    employee.dismissed_at = NOW
    employee.save(update_fields=["dismissed_at"])
    assert Employee.objects.get(pk=employee.pk).is_active is False


def test_after_too_many_wrong_passwords_the_block_is_explained(client: Client, settings: Settings) -> None:
    settings.AXES_ENABLED = True
    settings.AXES_FAILURE_LIMIT = 3
    make_employee("anna", password=PASSWORD)
    for _ in range(2):
        assert log_in(client, "anna", "wrong").status_code == 200
    answer = log_in(client, "anna", "wrong")
    assert answer.status_code == 429
    assert "Wait 15 minutes" in answer.text
    assert log_in(client, "anna").status_code == 429


def from_address(client: Client, address: str, username: str, password: str) -> int:
    """Through a proxy of ours, which everybody comes through."""
    sent = {"username": username, "password": password}
    answer = client.post(reverse("staff:login"), sent, headers={"X-Forwarded-For": f"1.1.1.1, {address}"})
    return int(answer.status_code)


def test_wrong_guesses_elsewhere_keep_nobody_out(client: Client, settings: Settings) -> None:
    settings.AXES_ENABLED = True
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    make_employee("anna", password=PASSWORD)
    answers = [from_address(client, "198.51.100.1", "anna", "wrong") for _ in range(12)]
    assert answers == [200] * 9 + [429] * 3
    assert from_address(client, "198.51.100.1", "anna", PASSWORD) == 429
    assert from_address(client, "198.51.100.2", "anna", PASSWORD) == 302


def test_one_guess_each_at_many_names_is_slowed_too(client: Client, settings: Settings) -> None:
    settings.AXES_ENABLED = True
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    make_employee("anna", password=PASSWORD)
    answers = [from_address(client, "198.51.100.1", f"name{number}", "wrong") for number in range(52)]
    assert answers == [200] * 50 + [429] * 2
    assert from_address(client, "198.51.100.1", "anna", PASSWORD) == 429
    assert from_address(client, "198.51.100.2", "anna", PASSWORD) == 302


def test_logging_out_wants_a_post_and_ends_the_session(client: Client) -> None:
    client.force_login(make_employee())
    assert client.get(reverse("staff:logout")).status_code == 405
    assert client.post(reverse("staff:logout")).status_code == 302
    assert client.get(reverse("staff:profile")).status_code == 302


def test_the_own_password_is_changed(client: Client) -> None:
    employee = make_employee("anna", password=PASSWORD)
    client.force_login(employee)
    new = "another horse battery"
    answer = client.post(
        reverse("staff:password"), {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    )
    assert answer.status_code == 302
    employee.refresh_from_db()
    assert employee.check_password(new)
    assert client.get(reverse("staff:profile")).status_code == 200  # this session stays


# -- profile


def profile(employee: Employee, **changes: object) -> dict[str, object]:
    return {
        "first_name": employee.first_name,
        "last_name": employee.last_name,
        "email": employee.email,
        "phone": "",
        "language": employee.language,
        "time_zone": employee.time_zone,
    } | changes


def test_the_profile_is_saved(client: Client, settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    employee = make_employee()
    client.force_login(employee)
    photo = SimpleUploadedFile("me at the beach.png", image(), "image/png")
    fields = profile(
        employee, first_name="Żaneta", phone="600 700 800", time_zone="America/Lima", photo=photo
    )
    assert client.post(reverse("staff:profile"), fields).status_code == 302
    employee.refresh_from_db()
    assert employee.first_name == "Żaneta"
    assert str(employee.phone.as_e164) == "+48600700800"
    assert employee.time_zone == "America/Lima"
    assert "beach" not in employee.photo.url
    shown: Any = Client().get(employee.photo.url)  # clients see it: no session needed
    assert shown.status_code == 200
    assert shown["Content-Type"] == "image/png"
    assert b"".join(shown.streaming_content) == image()


@pytest.mark.parametrize(
    ("field", "value"),
    [("phone", "12"), ("time_zone", "Mars/Olympus"), ("language", "xx"), ("email", "anna@")],
)
def test_nonsense_in_the_profile_is_refused_at_its_field(client: Client, field: str, value: str) -> None:
    employee = make_employee()
    client.force_login(employee)
    answer = client.post(reverse("staff:profile"), profile(employee, **{field: value}))
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    before = getattr(employee, field)
    employee.refresh_from_db()
    assert getattr(employee, field) == before


@pytest.mark.parametrize(("name", "kind"), [("me.gif", "GIF"), ("me.bmp", "BMP"), ("me.png", "text")])
def test_a_photo_that_browsers_may_not_show_is_refused(client: Client, name: str, kind: str) -> None:
    employee = make_employee()
    client.force_login(employee)
    content = b"<svg onload=alert(1)>" if kind == "text" else image(kind)
    answer = client.post(reverse("staff:profile"), profile(employee, photo=SimpleUploadedFile(name, content)))
    assert answer.status_code == 422
    assert "photo" in answer.context["form"].errors


@pytest.mark.parametrize("name", ["..%2F..%2Fsecret-key", "x.png", "0" * 32 + ".svg", "0" * 32 + ".png"])
def test_the_photo_address_gives_nothing_but_photos(client: Client, name: str) -> None:
    assert client.get(f"/photos/{name}").status_code == 404


# -- language and time zone


def test_pages_come_in_the_employees_language_and_time_zone(rf: RequestFactory, settings: Settings) -> None:
    seen: list[tuple[str, str]] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append((translation.get_language(), timezone.get_current_timezone_name()))
        return HttpResponse()

    request = rf.get("/")
    request.COOKIES[settings.SESSION_COOKIE_NAME] = "x"
    request.user = make_employee(language="pl", time_zone="America/Lima")
    before = translation.get_language(), timezone.get_current_timezone_name()
    answer = EmployeeLocaleMiddleware(view)(request)
    assert seen == [("pl", "America/Lima")]
    assert answer.headers["Content-Language"] == "pl"
    assert (translation.get_language(), timezone.get_current_timezone_name()) == before


def test_a_request_without_a_session_asks_the_database_nothing(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        client.get(reverse("staff:login"))


def test_the_language_switch_is_kept_with_the_employee(client: Client) -> None:
    employee = make_employee(language="en")
    client.force_login(employee)
    client.post(reverse("set_language"), {"language": "pl", "next": "/me/"})
    employee.refresh_from_db()
    assert employee.language == "pl"
    assert 'lang="pl"' in client.get("/me/").text
    client.post(reverse("set_language"), {"language": "xx"})
    employee.refresh_from_db()
    assert employee.language == "pl"


def test_a_zone_this_machine_does_not_know_falls_back_to_the_installations(settings: Settings) -> None:
    assert str(Employee(time_zone="Mars/Olympus").zone) == settings.TIME_ZONE


# -- notices


def test_notices_are_shown_until_read(client: Client) -> None:
    notices.register("test_queue_empty", gettext_lazy("Nobody is left in the queue of %(line)s"))
    anna, ben = make_employee(), make_employee()
    notices.notify(
        [anna.pk, anna.pk, ben.pk], kind="test_queue_empty", data={"line": "Shop"}, now=NOW, link="/me/"
    )
    assert Notice.objects.count() == 2
    client.force_login(anna)
    assert "Nobody is left in the queue of Shop" in client.get(reverse("staff:profile")).text
    client.post(reverse("staff:read_notices"))
    assert "Nobody is left" not in client.get(reverse("staff:profile")).text
    assert notices.unread_of(ben.pk)


def test_a_notice_without_its_text_shows_its_kind() -> None:
    assert notices.text_of("never_registered", {}) == "never_registered"
    notices.register("test_places", "%(who)s")
    assert notices.text_of("test_places", {}) == "test_places"
