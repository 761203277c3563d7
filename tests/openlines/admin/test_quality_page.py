"""The page "Quality" (R1–R5, R8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from contactcenter.staff.models import Employee
from openlines.models import LineText, OpenLine

pytestmark = pytest.mark.django_db

Page = Callable[[str, OpenLine], str]
Filled = Callable[..., dict[str, Any]]


def test_it_says_in_words_what_is_saved(
    client: Client, administrator: Employee, line: OpenLine, page_of: Page, filled: Filled
) -> None:
    address = page_of("quality", line)
    page = client.get(address).text
    assert "the client is asked for a rating: good or bad" in page
    assert "There is no time limit" in page
    values = filled(
        address, rating_closes="on", rating_limit_enabled="on", rating_limit_days="3", outcome_required="on"
    )
    saved = client.post(address, values, follow=True).text
    assert "A rating closes the dialog at once, with thanks." in saved
    assert "Clients can rate for 3 days after the end" in saved
    assert "An operator who finishes must say whether it was solved." in saved
    off = client.post(address, filled(address, rating_enabled=None), follow=True).text
    assert "Clients are not asked for a rating." in off


def test_what_does_not_apply_keeps_its_saved_value(
    client: Client, administrator: Employee, line: OpenLine, page_of: Page, filled: Filled
) -> None:
    address = page_of("quality", line)
    client.post(address, filled(address, rating_enabled=None, rating_limit_days="nonsense"))
    line.refresh_from_db()
    assert (line.rating_enabled, line.rating_limit_days) == (False, 7)


def test_days_to_rate_have_limits(
    client: Client, administrator: Employee, line: OpenLine, page_of: Page, filled: Filled
) -> None:
    address = page_of("quality", line)
    answer = client.post(address, filled(address, rating_limit_enabled="on", rating_limit_days="366"))
    assert "365" in answer.text
    line.refresh_from_db()
    assert not line.rating_limit_enabled


def test_texts_are_kept_a_language_with_their_history_and_bad_macros_are_named(
    client: Client, administrator: Employee, line: OpenLine, page_of: Page, filled: Filled
) -> None:
    address = page_of("quality", line)
    client.post(address, filled(address, text_rated_bad_pl="Przykro nam, #CLIENT#."))
    assert LineText.objects.get(line=line).text == "Przykro nam, #CLIENT#."
    refused = client.post(address, filled(address, text_rating_request_chat_en="#DOCUMENT# #HELLO#")).text
    assert "#HELLO#, #DOCUMENT# are not known." in refused
    assert LineText.objects.count() == 1


def test_the_preview_shows_the_buttons_and_the_line_for_channels_without(
    client: Client, administrator: Employee, line: OpenLine, page_of: Page
) -> None:
    page = client.get(page_of("quality", line)).text
    assert page.count('<span class="ol-preview__button">👍 Good</span>') == 2
    assert (
        "1" in client.get(page_of("quality", line)).context["form"]["text_rating_by_writing_en"].as_widget()
    )
