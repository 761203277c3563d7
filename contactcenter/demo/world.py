"""The company in the database: departments, people, lines, connections, as ``cast.py`` names them.

Names of lines and departments are in the installation's language.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from contactcenter.demo import replies
from contactcenter.demo.cast import CARE, COMPANY, LINES, PASSWORD, PEOPLE, SERVICE, SHOP, Line, Person
from contactcenter.staff.models import Department, Employee, Installation, Role, RoleBinding
from contactcenter.staff.models.employee import default_language
from openlines.connectors.telegram.webhook import new_secret
from openlines.models import Connection, OpenLine
from openlines.services import lines
from openlines.services.lines import Place


@dataclass(frozen=True)
class World:
    people: dict[str, Employee]
    """By log-in name."""
    lines: dict[str, OpenLine]
    chats: dict[str, Connection]
    bots: dict[str, Connection]
    """By the line's key."""

    @property
    def operators(self) -> list[Employee]:
        return [self.people[person.username] for person in PEOPLE if person.role == "operator"]


def exists() -> bool:
    """Whether this is the demo's database."""
    return Connection.objects.filter(public_id=LINES[0].chat).exists()


def is_empty() -> bool:
    """Whether nobody works here yet: the demo's people may move in."""
    return not Employee.objects.exists() and not OpenLine.objects.exists()


def build(*, now: datetime) -> World:
    with override(default_language()):
        departments = _departments()
        people = {person.username: _employee(person, departments) for person in PEOPLE}
        care = departments[CARE]
        care.head = people["supervisor"]
        care.save(update_fields=["head"])
        built = {one.key: _line(one, by=people["admin"]) for one in LINES}
        shop = [people["anna"], people["kasia"], people["piotr"]]
        lines.set_queue(built["shop"].pk, [Place(employee_id=person.pk) for person in shop], now=now)
        service = [Place(department_id=departments[SERVICE].pk), Place(employee_id=people["anna"].pk)]
        lines.set_queue(built["service"].pk, service, now=now)
        _settings(built, now=now)
        Installation.objects.update_or_create(pk=1, defaults={"company": COMPANY})
        replies.build(built, by=people["supervisor"], now=now)
        chats = {one.key: _chat(one, built[one.key]) for one in LINES}
        bots = {one.key: _bot(one, built[one.key]) for one in LINES}
    built = {key: OpenLine.objects.get(pk=one.pk) for key, one in built.items()}
    return World(people=people, lines=built, chats=chats, bots=bots)


def _departments() -> dict[str, Department]:
    company = Department.objects.create(name=COMPANY)
    care = Department.objects.create(name=_(CARE), parent=company)
    below = [Department.objects.create(name=_(name), parent=care) for name in (SHOP, SERVICE)]
    return {COMPANY: company, CARE: care, SHOP: below[0], SERVICE: below[1]}


def _employee(person: Person, departments: dict[str, Department]) -> Employee:
    employee = Employee.objects.create_user(
        username=person.username,
        password=PASSWORD,
        email=f"{person.username}@ziarno.example",
        first_name=person.first_name,
        last_name=person.last_name,
        position=_(person.position),
        phone=person.phone,
        department=departments[person.department],
        language=person.language or default_language(),
    )
    RoleBinding.objects.create(role=Role.objects.get(key=person.role), employee=employee)
    return employee


def _line(one: Line, *, by: Employee) -> OpenLine:
    return lines.create(name=_(one.name), by=by)


def _settings(built: dict[str, OpenLine], *, now: datetime) -> None:
    """One line deals evenly and briskly, the other shows each dialog to all."""
    shop = {"distribution": OpenLine.Distribution.EVENLY, "idle_time": timedelta(seconds=30)}
    lines.save_block(built["shop"].pk, {**shop, "auto_close_text_enabled": True}, now=now)
    service = {"distribution": OpenLine.Distribution.TO_ALL, "unanswered_text_enabled": True}
    lines.save_block(built["service"].pk, {**service, "unanswered_after": timedelta(minutes=10)}, now=now)


def _chat(one: Line, line: OpenLine) -> Connection:
    return Connection.objects.create(
        line=line,
        kind=Connection.Kind.LIVECHAT,
        name=_("Chat on the page “%(page)s”") % {"page": _(one.name)},
        public_id=one.chat,
        options={"title": f"{COMPANY} · {_(one.name)}", "colour": one.colour},
    )


def _bot(one: Line, line: OpenLine) -> Connection:
    credentials: Any = {"token": one.token, "secret_token": new_secret()}
    return Connection.objects.create(
        line=line,
        kind=Connection.Kind.TELEGRAM,
        name=f"@{one.bot_name.replace(' ', '')}Bot",
        public_id=one.bot,
        credentials=credentials,
    )
