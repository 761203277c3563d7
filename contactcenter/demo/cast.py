"""Who works at the imaginary company, and where its customers write. Needs no Django set up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.utils.translation import gettext_noop

PASSWORD: Final = "coffee-please"  # noqa: S105 - printed at every start: it opens nothing but the demo
COMPANY: Final = "Ziarno"


@dataclass(frozen=True)
class Person:
    username: str
    role: str
    """Key of a ready role."""
    first_name: str
    last_name: str
    department: str
    position: str
    phone: str
    language: str = ""
    """Empty: the installation's."""


@dataclass(frozen=True)
class Line:
    """A line with its live chat and its bot on the fake Telegram, whose addresses stay the same for ever."""

    key: str
    name: str
    chat: UUID
    bot: UUID
    token: str
    bot_name: str
    colour: str
    department: str
    """Whose people are its queue."""


CARE, SHOP, SERVICE = gettext_noop("Customer care"), gettext_noop("Shop"), gettext_noop("Service")

PEOPLE: Final = (
    Person("admin", "administrator", "Magdalena", "Król", COMPANY, gettext_noop("IT"), "+48221234501"),
    Person(
        "supervisor", "supervisor", "Tomasz", "Wiśniewski", CARE, gettext_noop("Head of care"), "+48221234502"
    ),
    Person("anna", "operator", "Anna", "Nowak", SHOP, gettext_noop("Sales"), "+48221234503"),
    Person("piotr", "operator", "Piotr", "Zieliński", SERVICE, gettext_noop("Repairs"), "+48221234504"),
    Person(
        *("kasia", "operator", "Katarzyna", "Brzęczyszczykiewicz-Wojciechowska"),
        *(SHOP, gettext_noop("Sales"), "+48221234505"),
        language="pl",
    ),
)

LINES: Final = (
    Line(
        key="shop",
        name=SHOP,
        chat=UUID("c0ffee00-0000-4000-8000-000000000001"),
        bot=UUID("c0ffee00-0000-4000-8000-000000000002"),
        token="500600701:demo-shop-on-the-fake-telegram",  # noqa: S106 - known to nobody but the fake
        bot_name="Ziarno",
        colour="#7a4a21",
        department=SHOP,
    ),
    Line(
        key="service",
        name=SERVICE,
        chat=UUID("c0ffee00-0000-4000-8000-000000000003"),
        bot=UUID("c0ffee00-0000-4000-8000-000000000004"),
        token="500600702:demo-service-on-the-fake-telegram",  # noqa: S106
        bot_name="Ziarno Serwis",
        colour="#1d6b62",
        department=SERVICE,
    ),
)


def line(key: str) -> Line:
    return next(one for one in LINES if one.key == key)
