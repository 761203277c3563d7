"""One process of the concurrency test: random arrivals, accepts, skips, replies, work days, limits and queues.

``python -m tests.openlines.hammer SEED STEPS ROLE``; prints what went wrong, one line each, and exits with 1 if anything did.
Only refusals that a person would be told of are allowed.
"""

from __future__ import annotations

import os
import random
import sys
import traceback
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from contactcenter.staff.models import Employee  # noqa: E402
from contactcenter.staff.presence import touch  # noqa: E402
from openlines.models import Client, Dialog, Offer, OpenLine  # noqa: E402
from openlines.policies.capacity import Load  # noqa: E402
from openlines.services import (  # noqa: E402
    deadlines,
    dialogs,
    lines,
    queue_members,
    routing,
    staffing,
)
from openlines.services.dialogs import Reply  # noqa: E402
from openlines.services.errors import CommandRefused  # noqa: E402
from openlines.services.settings import line_settings  # noqa: E402
from tests.openlines.factories import write  # noqa: E402

wrong: list[str] = []


def watch_offers() -> None:
    """After each automatic offer to one person, inside its transaction: was he available, and within the limit?"""
    real = routing._write

    def offer(dealt, decision, change, planned, *, ended_as):  # type: ignore[no-untyped-def]
        real(dealt, decision, change, planned, ended_as=ended_as)
        settings = line_settings(planned.line)
        for member in queue_members.members(planned.line_id, settings=settings, now=change.now):
            if member.employee_id not in decision.chosen:
                continue
            if member.obstacle is not None:
                wrong.append(f"offered to {member.employee_id} who is {member.obstacle}")
            load = queue_members.load_of(planned.line_id, [member.employee_id], settings=settings).get(
                member.employee_id, Load()
            )
            if (
                settings.limit is not None
                and load.offers + load.accepted + load.waiting + load.answered > settings.limit
            ):
                wrong.append(f"{member.employee_id} was brought to {load}, above the limit {settings.limit}")

    routing._write = offer


class Hammer:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.people = list(Employee.objects.filter(username__startswith="operator"))
        self.lines = list(OpenLine.objects.order_by("pk"))
        self.clients = list(Client.objects.select_related("connection__line"))

    def step(self, role: str) -> None:
        deeds: dict[str, list[Callable[[], object]]] = {
            "clients": [self.write, self.write, self.write, self.sweep],
            "operators": [
                self.accept,
                self.accept,
                self.skip,
                self.reply,
                self.reply,
                self.finish,
                self.finish,
                self.give_back,
            ],
            "office": [self.come, self.come, self.go, self.limit, self.queue, self.tick, self.tick],
        }
        deed = self.random.choice(deeds[role])
        try:
            deed()
        except CommandRefused:
            pass
        except Exception:
            wrong.append(f"{deed.__name__}: {traceback.format_exc(limit=-3)}")

    def write(self) -> None:
        client = self.random.choice(self.clients)
        write(client, "…", now=timezone.now())

    def sweep(self) -> None:
        routing.sweep(now=timezone.now())

    def an_offer(self) -> Offer | None:
        return self.random.choice(list(Offer.objects.filter(ended_at__isnull=True)[:50]) or [None])

    def a_dialog(self, *states: str) -> Dialog | None:
        rows = Dialog.objects.filter(state__in=states).select_related("operator")
        return self.random.choice(list(rows[:50]) or [None])

    def accept(self) -> None:
        if offer := self.an_offer():
            dialogs.accept(offer.dialog_id, by=offer.employee, now=timezone.now())

    def skip(self) -> None:
        if offer := self.an_offer():
            routing.skip(offer.dialog_id, employee_id=offer.employee_id, now=timezone.now())

    def reply(self) -> None:
        if (dialog := self.a_dialog("accepted", "waiting")) and dialog.operator:
            dialogs.reply(dialog.pk, Reply(uuid=uuid4(), text="…"), by=dialog.operator, now=timezone.now())

    def finish(self) -> None:
        if (dialog := self.a_dialog("answered", "waiting", "accepted")) and dialog.operator:
            dialogs.finish(dialog.pk, by=dialog.operator, now=timezone.now())

    def give_back(self) -> None:
        if (dialog := self.a_dialog("accepted", "waiting")) and dialog.operator:
            dialogs.back_to_queue(dialog.pk, by=dialog.operator, now=timezone.now())

    def come(self) -> None:
        person, now = self.random.choice(self.people), timezone.now()
        with transaction.atomic():
            touch(person.pk, now)
            staffing.came(person.pk, now=now)

    def go(self) -> None:
        """His page fell silent an hour ago."""
        person, now = self.random.choice(self.people), timezone.now()
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE staff_presence SET seen_at = %s WHERE employee_id = %s",
                [now - timedelta(hours=1), person.pk],
            )
        staffing.look(person.pk, now=now)

    def limit(self) -> None:
        line = self.random.choice(self.lines)
        lines.save_block(line.pk, {"limit": self.random.randint(1, 4)}, now=timezone.now())

    def queue(self) -> None:
        line = self.random.choice(self.lines)
        some = self.random.sample(self.people, k=self.random.randint(2, len(self.people)))
        lines.set_queue(line.pk, [lines.Place(person.pk) for person in some], now=timezone.now())

    def tick(self) -> None:
        """An hour has passed for offers."""
        now = timezone.now()
        deadlines.fire_due(now=now + timedelta(minutes=1), kinds={"offer", "distribute"}, limit=3)


def main() -> None:
    seed, steps, role = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    watch_offers()
    hammer = Hammer(seed)
    for _ in range(steps):
        hammer.step(role)
    sys.stdout.write("\n".join(wrong))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
