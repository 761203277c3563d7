"""What the tests of the rules share: one line, its channel, one operator, and what a client got."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from contactcenter.staff.models import Employee
from openlines.models import Client, Connection, Dialog, DialogEvent, Message, OpenLine
from openlines.services import deadlines, dialogs
from tests.openlines.factories import (
    answer,
    at,
    make_client,
    make_connection,
    make_line,
    make_operator,
    write,
)

SILENT: dict[str, Any] = {
    "greeting_enabled": False,
    "finish_text_enabled": False,
    "rating_enabled": False,
    "off_hours_rule": "nothing",
}
HOURS: dict[str, Any] = {"working_time_enabled": True, "time_zone": "UTC", "off_hours_rule": "text"}
"""9:00–18:00 on weekdays; the tests begin on a Monday at 10:00."""
AFTER_WORK = 9 * 3600
"""Seconds after the tests' beginning: Monday 19:00."""


class Scene:
    def __init__(self, kind: str = "livechat", *, operators: int = 1, **settings: Any) -> None:
        self.people: list[Employee] = [make_operator() for _ in range(operators)]
        self.line: OpenLine = make_line(*self.people, **{**SILENT, **settings})
        self.connection: Connection = make_connection(self.line, kind, credentials={"token": "1:x"})
        self.client: Client = make_client(self.connection, language="en")

    @property
    def anna(self) -> Employee:
        return self.people[0]

    def write(self, text: str = "Hello?", *, now: float = 0, **fields: Any) -> Message:
        self.client.refresh_from_db()
        self.client.connection = Connection.objects.select_related("line").get(pk=self.connection.pk)
        return write(self.client, text, now=at(now), **fields)

    def answer(self, text: str = "Good morning", *, now: float) -> Message:
        return answer(self.dialog, self.anna, text, now=at(now))

    def finish(self, *, now: float, **options: Any) -> Dialog:
        return dialogs.finish(self.dialog.pk, by=self.anna, now=at(now), **options)

    def fire(self, seconds: float) -> None:
        deadlines.fire_due(now=at(seconds))

    @property
    def dialog(self) -> Dialog:
        return Dialog.objects.filter(client=self.client).latest("pk")

    def said(self, dialog: Dialog | None = None) -> list[str]:
        """Triggers of the automatic texts, in order."""
        rows = Message.objects.filter(dialog=dialog or self.dialog, author=Message.Author.AUTOMATIC)
        return list(rows.order_by("seq").values_list("trigger", flat=True))

    def last(self, trigger: str) -> Message:
        return Message.objects.filter(dialog__client=self.client, trigger=trigger).latest("pk")

    def dropped(self) -> list[tuple[str, str]]:
        events = DialogEvent.objects.filter(dialog__client=self.client, kind="text_dropped").order_by("pk")
        return [(event.data["trigger"], event.data["reason"]) for event in events]


def minutes(count: float) -> float:
    return timedelta(minutes=count).total_seconds()
