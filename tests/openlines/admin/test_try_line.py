"""The page "Try it": a customer on a virtual clock, with saved and unsaved settings; nothing is written."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contactcenter.staff.models import Employee
from openlines.models import Dialog, Message, OpenLine
from tests.openlines.factories import make_line, make_operator

pytestmark = pytest.mark.django_db


@pytest.fixture
def line() -> OpenLine:
    return make_line(make_operator("Adam"), make_operator("Berta"), name="Shop")


class Page:
    """The form as a browser has it: what it holds is posted back with each press."""

    def __init__(self, client: Client, line: OpenLine, **setup: str) -> None:
        self.client, self.address = client, reverse("admin:openlines_openline_try", args=[line.pk])
        self.setup = {"start": "2026-03-02T10:00:00+01:00", "channel": "livechat", "language": "en", **setup}
        self.text = client.get(self.address).text
        self.script = "[]"
        self.draft = ""

    def press(self, do: str, **typed: str) -> str:
        answer = self.client.post(
            self.address,
            {**self.setup, "script": self.script, "draft": self.draft, "do": do, **typed},
            headers={"X-Requested-With": "fetch"},
        )
        assert answer.status_code == 200, answer.text[:300]
        self.take(answer.text)
        return self.text

    def take(self, text: str) -> None:
        self.text = text
        self.script = hidden(text, "script")
        self.draft = hidden(text, "draft")

    def deeds(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.script)
        return found


def hidden(text: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', text)
    assert found, name
    return unescape(found[1])


def test_a_conversation_on_the_virtual_clock(client: Client, administrator: Employee, line: OpenLine) -> None:
    page = Page(client, line)
    assert "Nothing has happened yet" in page.text
    page.press("write", text="Where is my parcel?")
    assert "Where is my parcel?" in page.text
    assert "We will answer in a moment" in page.text
    assert "Offered to Adam" in page.text
    page.press("wait:300")
    assert "Marked as unanswered" in page.text
    assert "Offered to Berta" in page.text
    holder = re.search(r'value="reply:(\d+)"', page.text)
    assert holder
    page.press(f"reply:{holder[1]}", text="It is on its way")
    assert "It is on its way" in page.text
    page.press(f"finish:{holder[1]}:solved")
    assert "How did we do?" in page.text
    page.press("rate:1")
    assert "We are glad that we could help" in page.text
    page.press("wait:900")
    assert "Fully closed" in page.text
    assert len(page.deeds()) == 6
    page.press("undo")
    assert len(page.deeds()) == 5
    assert "Fully closed" not in page.text
    page.press("restart")
    assert page.deeds() == []


def test_nothing_is_written(client: Client, administrator: Employee, line: OpenLine) -> None:
    page = Page(client, line)
    with CaptureQueriesContext(
        connection,
    ) as statements:
        page.press("write", text="Hello")
        page.press("wait:86400")
    written = [
        one["sql"]
        for one in statements.captured_queries
        if one["sql"].startswith(("INSERT", "UPDATE", "DELETE")) and "staff_presence" not in one["sql"]
    ]
    assert written == []
    assert not Dialog.objects.exists()
    assert not Message.objects.exists()


def test_what_cannot_be_done_is_said_and_left_out(
    client: Client, administrator: Employee, line: OpenLine
) -> None:
    page = Page(client, line)
    page.press("rate:1")
    assert "nothing to rate" in page.text
    assert page.deeds() == []


def test_changes_that_are_not_saved_are_tried(
    client: Client, administrator: Employee, line: OpenLine
) -> None:
    block = reverse("admin:openlines_automaticactionssettings_change", args=[line.pk])
    shown = client.get(block).text
    form = fields_of(shown)
    form |= {"text_greeting_en": "Ahoy from #LINE#!", "try": "1"}
    answer = client.post(block, form)
    assert answer.status_code == 200
    assert "not saved yet" in answer.text
    page = Page(client, line)
    page.take(answer.text)
    page.press("write", text="Hello")
    assert "Ahoy from Shop!" in page.text
    line.refresh_from_db()
    assert line.version == 1
    assert not line.texts.exists()


def test_nonsense_is_refused(client: Client, administrator: Employee, line: OpenLine) -> None:
    address = reverse("admin:openlines_openline_try", args=[line.pk])
    for script in ("{", "[1]", '[{"do":"explode"}]', json.dumps([{"do": "wait", "seconds": 10**9}])):
        assert client.post(address, {"script": script, "do": "same"}).status_code == 400
    assert client.post(address, {"script": "[]", "draft": "forged", "do": "same"}).status_code == 200


def test_only_who_sees_the_line_may_try_it(client: Client, line: OpenLine) -> None:
    client.force_login(make_operator("Olga", is_staff=True))
    assert client.get(reverse("admin:openlines_openline_try", args=[line.pk])).status_code == 403


def fields_of(page: str) -> dict[str, str]:
    """What a browser would send of the block form."""
    found: dict[str, str] = {}
    form = page[page.index('id="block-form"') :]
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        kind = re.search(r'type="(\w+)"', tag)
        if name is None or (kind and kind[1] in ("checkbox", "radio") and "checked" not in tag):
            continue
        found[name[1]] = unescape(value[1]) if value else "on"
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)"[^>]*selected', options)
        found[name] = unescape(chosen[1]) if chosen else ""
    for name, text in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        found[name] = unescape(text).strip()
    return found


def test_an_offer_is_held_while_an_answer_is_typed(
    client: Client, administrator: Employee, line: OpenLine
) -> None:
    page = Page(client, line)
    page.press("write", text="Hello")
    adam = hidden_value(page.text, "type:")
    page.press("wait:50")
    assert "The offer is held while an answer is written" in page.press(f"type:{adam}")
    assert f"type:{adam}" in page.press("wait:30")
    assert f"type:{adam}" not in page.press("wait:60")


def hidden_value(text: str, prefix: str) -> str:
    """What the first button with such a value stands for."""
    found = re.search(rf'value="{prefix}(\d+)"', text)
    assert found, prefix
    return found.group(1)


def test_the_story_runs_forwards_and_names_pages_not_codes(
    client: Client, administrator: Employee, line: OpenLine
) -> None:
    """Offers that go round and round are one entry: when they began, how often, until when."""
    page = Page(client, line)
    page.press("write", text="Where is my parcel?")
    page.press("wait:3600")
    page.press("write", text="Are you there?")
    page.press("wait:3600")
    moments = re.findall(r'ol-try__meta"><time datetime="([^"]+)"', page.text)
    assert len(moments) > 4
    assert moments == sorted(moments)
    assert re.search(r"\d+ times, until ", page.text)
    shown = re.findall(r'<span class="ol-try__rule"[^>]*>([^<]*)</span>', page.text)
    assert {"Queue", "Automatic actions"} <= set(shown)
    assert not [words for words in shown if re.fullmatch(r"[A-Z]\d+", words)]
