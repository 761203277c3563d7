"""The common page: navigation by right, and error pages in plain words that need nothing to be drawn."""

from __future__ import annotations

import pytest
from django.template.loader import render_to_string
from django.test import Client as Browser

from tests.factories import make_employee
from tests.workspace.conftest import browser_of

pytestmark = pytest.mark.django_db


def test_an_operator_is_shown_his_desk_and_no_administration() -> None:
    page = browser_of(make_employee(role="operator")).get("/desk/").content.decode()
    assert 'href="/desk/" aria-current="page"' in page
    assert "/admin/" not in page
    assert 'lang="en"' in page


def test_an_administrator_is_shown_both() -> None:
    page = browser_of(make_employee(role="administrator")).get("/desk/").content.decode()
    assert 'href="/admin/"' in page


def test_a_wrong_address_is_answered_in_plain_words() -> None:
    response = Browser().get("/no-such-place/")
    assert response.status_code == 404
    assert "There is nothing at this address" in response.content.decode()


@pytest.mark.parametrize("name", ["403.html", "403_csrf.html", "404.html", "500.html"])
def test_error_pages_need_no_context(name: str) -> None:
    page = render_to_string(name)
    assert "To the start page" in page
    assert "<h1>" in page
