"""Pages run no script but our files and load nothing from elsewhere; errors are pages, too."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client, RequestFactory, override_settings

from contactcenter.content_policy import ADMIN, API_DOCUMENTATION, HEADER, OWN, ContentPolicyMiddleware

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
STRANGERS = {"demo"}
"""Folders of the pages of an imaginary customer."""
INLINE = re.compile(
    r"<script(?![^>]*\b(?:src=|type=\"application/json\"))|<style(?! nonce=)|\sstyle=|\son[a-z]+=|javascript:"
)


def answer_of(path: str, **headers: str) -> HttpResponse:
    """What the middleware makes of a page at this address."""
    page: Callable[..., HttpResponse] = lambda _request: HttpResponse("x", headers=headers or None)  # noqa: E731
    response = ContentPolicyMiddleware(page)(RequestFactory().get(path))
    assert isinstance(response, HttpResponse)
    return response


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/login/", "/nothing/", "/admin-of-nothing/", "/chat/nothing/"])
def test_pages_for_everybody_are_strict(client: Client, path: str) -> None:
    headers = client.get(path).headers
    assert headers[HEADER] == OWN
    assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "same-origin")
    assert headers["X-Frame-Options"] == "DENY"


@pytest.mark.django_db
def test_a_crash_and_an_outage_are_strict() -> None:
    client = Client(raise_request_exception=False)
    for error, status in ((RuntimeError("no"), 500), (OperationalError("connection refused"), 503)):
        with mock.patch("contactcenter.staff.views.LogIn.dispatch", side_effect=error):
            response = client.get("/login/")
        assert (response.status_code, response.headers[HEADER]) == (status, OWN)


@pytest.mark.django_db
def test_a_crash_within_the_middlewares_is_strict() -> None:
    client = Client(raise_request_exception=False)
    client.cookies["sessionid"] = "x" * 32
    with mock.patch("django.contrib.sessions.backends.db.SessionStore.load", side_effect=RuntimeError("no")):
        response = client.get("/desk/")
    assert (response.status_code, response.headers[HEADER]) == (500, OWN)


@pytest.mark.django_db
def test_errors_in_json_are_never_read_as_something_else(client: Client) -> None:
    headers = client.get("/api/v1/nothing").headers
    assert (headers["X-Content-Type-Options"], HEADER in headers) == ("nosniff", False)


def test_libraries_get_what_they_need() -> None:
    assert answer_of("/admin/openlines/").headers[HEADER] == ADMIN
    assert answer_of("/api/docs").headers[HEADER] == API_DOCUMENTATION
    assert "script-src 'self' 'unsafe-eval'" in ADMIN
    assert "unsafe-eval" not in API_DOCUMENTATION


def test_a_policy_of_ones_own_stays() -> None:
    assert answer_of("/desk/mail/1/", **{HEADER: "sandbox"}).headers[HEADER] == "sandbox"


def test_what_is_no_page_of_ours_has_none() -> None:
    assert HEADER not in answer_of("/demo/shop/").headers
    assert HEADER not in answer_of("/desk/ticket/", **{"Content-Type": "application/json"}).headers


def test_debug_pages_of_django_can_be_read() -> None:
    def broken(_request: object) -> HttpResponse:
        return HttpResponse("x", status=500)

    with override_settings(DEBUG=True):
        assert HEADER not in ContentPolicyMiddleware(broken)(RequestFactory().get("/desk/")).headers
        assert HEADER in answer_of("/desk/").headers


@pytest.mark.parametrize("policy", [OWN, ADMIN, API_DOCUMENTATION])
def test_no_policy_lets_anything_of_elsewhere_in(policy: str) -> None:
    directives = dict(one.split(" ", 1) for one in policy.split("; "))
    assert directives["default-src"] == "'none'"  # with it objects, workers, manifests
    assert (directives["base-uri"], directives["form-action"]) == ("'none'", "'self'")
    assert directives["frame-ancestors"] == "'none'"
    assert "'unsafe-inline'" not in directives["script-src"]
    sources = {source for words in directives.values() for source in words.split()}
    assert sources <= {"'self'", "'none'", "data:", "'unsafe-inline'", "'unsafe-eval'"}


def test_our_templates_have_nothing_inline() -> None:
    found = [
        f"{template.relative_to(TEMPLATES)}: {hit[0]}"
        for template in TEMPLATES.rglob("*.html")
        if template.relative_to(TEMPLATES).parts[0] not in STRANGERS
        for hit in INLINE.finditer(template.read_text())
    ]
    assert found == ["workspace/mail_formatted.html: <style"]  # has a policy of its own
