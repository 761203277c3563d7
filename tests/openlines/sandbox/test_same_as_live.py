"""The same random scripts in the sandbox and in the live services have the same effects."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from contactcenter.staff.models import Employee
from openlines.models import Client, Connection, Deadline, Dialog, Offer, OpenLine
from openlines.policies.facts import Outcome
from openlines.policies.routing import Obstacle
from openlines.sandbox.world import Impossible, Person, World
from openlines.services import automatic_actions, deadlines, dialogs, ratings, routing
from openlines.services.dialogs import Reply
from openlines.services.errors import CommandRefused
from openlines.services.settings import line_settings
from tests.openlines.factories import NOW, make_client, make_connection, make_line, make_operator, write

pytestmark = pytest.mark.django_db(transaction=True)
STEPS = 22


class Live:
    """The services behind the sandbox's verbs, on the same clock."""

    def __init__(self, connection: Connection, people: list[Employee]) -> None:
        self.connection = connection
        self.people = {person.pk: person for person in people}
        self.client: Client = make_client(connection, name="")
        self.now = NOW

    def write(self, text: str) -> None:
        self.client.refresh_from_db()
        self.client.connection = Connection.objects.select_related("line").get(pk=self.connection.pk)
        write(self.client, text, now=self.now)

    def dialog(self) -> Dialog:
        dialog = Dialog.objects.open().filter(client=self.client).first()
        if dialog is None:
            raise CommandRefused("closed", "")
        return dialog

    def accept(self, pk: int) -> None:
        dialogs.accept(self.dialog().pk, by=self.people[pk], now=self.now)

    def reply(self, pk: int, text: str) -> None:
        dialogs.reply(self.dialog().pk, Reply(uuid=uuid4(), text=text), by=self.people[pk], now=self.now)

    def type(self, pk: int) -> None:
        dialogs.hold_offer(self.dialog().pk, by=self.people[pk], now=self.now)

    def skip(self, pk: int) -> None:
        routing.skip(self.dialog().pk, employee_id=pk, now=self.now)

    def finish(self, pk: int, *, outcome: Outcome | None = Outcome.SOLVED) -> None:
        dialogs.finish(self.dialog().pk, by=self.people[pk], now=self.now, outcome=outcome)

    def back_to_queue(self, pk: int) -> None:
        dialogs.back_to_queue(self.dialog().pk, by=self.people[pk], now=self.now)

    def rate(self, *, value: int) -> None:
        last = Dialog.objects.filter(client=self.client).order_by("-pk").first()
        if last is None:
            raise CommandRefused("not_yet", "")
        ratings.rate_in_chat(last.pk, value=value, now=self.now)

    def wait(self, span: timedelta) -> None:
        end = self.now + span
        while True:
            rows = Deadline.objects.filter(dialog__client=self.client, due_at__lte=end)
            due = rows.order_by("due_at").first()
            if due is None:
                break
            deadlines.fire_due(now=max(due.due_at, self.now))
        self.now = end

    def effects(self) -> dict[str, Any]:
        found = list(Dialog.objects.filter(client=self.client).order_by("pk"))
        shown = []
        for dialog in found:
            messages = dialog.messages.filter(author="automatic").order_by("seq")
            offers = Offer.objects.filter(dialog=dialog, ended_at__isnull=True).order_by("pk")
            shown.append(
                {
                    "facts": dialog.facts(),
                    "tried": sorted(dialog.tried),
                    "offers": sorted((o.employee_id, o.is_first, o.lapsed_at is not None) for o in offers),
                    "said": list(messages.values_list("trigger", flat=True)),
                }
            )
        return {"dialogs": shown}


def sandbox_effects(world: World) -> dict[str, Any]:
    return {
        "dialogs": [
            {
                "facts": dialog.facts,
                "tried": sorted(dialog.tried),
                "offers": sorted((o.employee_id, o.is_first, o.lapsed) for o in dialog.standing),
                "said": [str(trigger) for trigger in dialog.said],
            }
            for dialog in world.dialogs
        ]
    }


def random_settings(rng: random.Random) -> dict[str, Any]:
    return {
        "distribution": rng.choice(["evenly", "strictly", "to_all"]),
        "idle_time": timedelta(seconds=rng.choice([60, 600, 7200])),
        "check_availability": rng.random() < 0.25,
        "limit_enabled": rng.random() < 0.4,
        "limit": rng.choice([1, 2]),
        "limit_leaves_out": rng.choice(["answered", "waiting", "closed"]),
        "greeting_enabled": rng.random() < 0.7,
        "greeting_rule": rng.choice(["first_contact", "every_dialog"]),
        "unanswered_after": timedelta(minutes=rng.choice([1, 5, 30])),
        "unanswered_text_enabled": rng.random() < 0.6,
        "finish_text_enabled": rng.random() < 0.6,
        "wrap_up": timedelta(minutes=rng.choice([0, 1, 10])),
        "auto_close_after": timedelta(minutes=rng.choice([10, 240])),
        "auto_close_text_enabled": rng.random() < 0.5,
        "rating_enabled": rng.random() < 0.7,
        "rating_in_dialog": rng.random() < 0.7,
        "rating_closes": rng.random() < 0.4,
        "rating_limit_enabled": rng.random() < 0.4,
        "rating_limit_days": 1,
        "working_time_enabled": rng.random() < 0.6,
        "time_zone": "Europe/Warsaw",
        "days_off": rng.choice([[], [5, 6]]),
        "holidays": rng.choice(["", "02.03", "03.03"]),
        "off_hours_rule": rng.choice(["text", "text", "nothing"]),
        "unavailable_text_enabled": rng.random() < 0.7,
        "consent_enabled": rng.random() < 0.4,
        "outcome_required": False,
    }


Step = tuple[str, tuple[Any, ...], dict[str, Any]]


def random_step(rng: random.Random, world: World, *, is_chat: bool, longest: timedelta) -> Step:
    """Mostly something that can be done now, by who can do it; sometimes anything."""
    people = list(world.people)
    dialog = world.open_dialog()
    concerned = [o.employee_id for o in dialog.standing] if dialog else []
    if dialog and dialog.facts.operator_id:
        concerned = [dialog.facts.operator_id]
    someone = rng.choice(concerned or people) if rng.random() < 0.85 else rng.choice(people)
    asked = any(d.facts.rating_pending_until for d in world.dialogs)
    write: Step = (
        "write",
        (rng.choice(["1", "0", "1 ", "10", "Thanks!"] if asked else ["Hello?", "And one more"]),),
        {},
    )
    wait: Step = (
        "wait",
        (
            min(
                rng.choice(
                    [
                        timedelta(seconds=31),
                        timedelta(seconds=61),
                        timedelta(minutes=11),
                        timedelta(hours=5),
                        timedelta(hours=14),
                    ]
                ),
                longest,
            ),
        ),
        {},
    )
    finish: Step = ("finish", (someone,), {"outcome": rng.choice(list(Outcome))})
    rate: Step = ("rate", (), {"value": rng.choice([0, 1])})
    steps: list[Step] = [
        write,
        write,
        ("accept", (someone,), {}),
        ("reply", (someone, "Good morning"), {}),
        ("reply", (someone, "Here it is"), {}),
        ("skip", (someone,), {}),
        ("type", (someone,), {}),
        finish,
        ("back_to_queue", (someone,), {}),
        wait,
        wait,
    ]
    if asked:
        steps += [write] * 6
    if dialog and dialog.facts.first_reply_at:
        steps += [finish] * 2 + ([rate] * 2 if is_chat else [])
    return write if dialog is None and rng.random() < 0.5 else rng.choice(steps)


def outcome_of(deed: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]) -> str:
    """ "done", or the code of the refusal."""
    try:
        deed(*args, **options)
    except (Impossible, CommandRefused) as refused:
        return "refused" if refused.code else ""
    return "done"


@pytest.mark.parametrize("seed", range(0, 32, 4))
def test_random_scripts_have_the_same_effects(seed: int) -> None:
    people = [make_operator(name) for name in ("Anna", "Bert", "Cora")]
    said: set[str] = set()
    for one in range(seed, seed + 4):
        said |= play(random.Random(one), people, name=f"seed {one}")
    assert len(said) > 3, "these scripts hardly say anything; choose other seeds"


def play(rng: random.Random, people: list[Employee], *, name: str) -> set[str]:
    """One script on one line; the texts that were said."""
    line: OpenLine = make_line(*people, **random_settings(rng))
    is_chat = rng.random() < 0.4
    if is_chat:  # the chat's gate is the widget's, in front of the service
        line.consent_enabled = False
        line.save(update_fields=["consent_enabled"])
    kind = "livechat" if is_chat else rng.choice(["telegram", "email"])
    connection = make_connection(line, kind, credentials={"token": "1:x"})
    live = Live(connection, people)
    offline = Obstacle.OFFLINE if line.check_availability else None
    channel = automatic_actions.channel_of(connection)
    world = World(
        line_settings(line),
        [Person(one.pk, one.display_name, obstacle=offline) for one in people],
        now=NOW,
        channel=channel,
    )
    told: list[str] = []
    for _step in range(STEPS):
        verb, args, options = random_step(rng, world, is_chat=is_chat, longest=30 * line.idle_time)
        told.append(f"{live.now:%a %H:%M:%S} {verb} {args} {options}")
        context = f"{name}:\n" + "\n".join(told)
        results = [outcome_of(getattr(side, verb), args, options) for side in (live, world)]
        assert results[0] == results[1], context
        assert sandbox_effects(world) == live.effects(), context
        assert world.now == live.now
    return {str(trigger) for dialog in world.dialogs for trigger in dialog.said}
