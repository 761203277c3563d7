"""Templates as the desk lists them: to be searched, filled in and looked at before they are sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from openlines.connectors.base import TemplateInfo
from openlines.models import Connection
from openlines.policies import templates as policy
from openlines.services import templates

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_PLACE = re.compile(r"\{\{(\d{1,3})\}\}")


@dataclass(frozen=True)
class Place:
    """A value to be filled in. ``value`` is proposed, ``example`` is what the provider was shown."""

    number: int
    label: str
    value: str
    example: str


@dataclass(frozen=True)
class Piece:
    """A part of the body: its words, or the place with this number."""

    text: str
    place: int = 0


@dataclass(frozen=True)
class Choice:
    key: str
    name: str
    language: str
    body: str
    places: tuple[Place, ...]
    pieces: tuple[Piece, ...]
    buttons: tuple[str, ...]


@dataclass(frozen=True)
class Unusable:
    name: str
    language: str
    why: StrOrPromise


@dataclass(frozen=True)
class Choices:
    usable: tuple[Choice, ...]
    unusable: tuple[Unusable, ...]
    problem: str
    read_at: datetime | None


def choices(connection: Connection, *, client_name: str, now: datetime, afresh: bool = False) -> Choices:
    """Asks the provider, where that was not done within the last minutes. ``client_name`` is proposed to be filled in."""
    found = templates.listing(connection, now=now, afresh=afresh)
    return Choices(
        usable=tuple(_choice(info, client_name=client_name) for info in found.usable),
        unusable=tuple(Unusable(info.name, info.language, info.unusable) for info in found.unusable),
        problem=found.problem,
        read_at=found.read_at,
    )


def named(key: str) -> tuple[str, str]:
    """Name and language in a ``Choice.key``; what is none gives names that no template has."""
    language, _bar, name = key.partition("|")
    return name, language


def _choice(info: TemplateInfo, *, client_name: str) -> Choice:
    values = policy.proposed(info.hints, info.parameter_count, client_name=client_name)
    places = tuple(
        Place(
            number=number,
            label=templates.called(info, number),
            value=value,
            example=info.examples[number - 1] if number <= len(info.examples) else "",
        )
        for number, value in enumerate(values, start=1)
    )
    return Choice(
        key=f"{info.language}|{info.name}",
        name=info.name,
        language=info.language,
        body=info.body,
        places=places,
        pieces=tuple(_pieces(info.body, places)),
        buttons=info.buttons,
    )


def _pieces(body: str, places: tuple[Place, ...]) -> Iterator[Piece]:
    for index, part in enumerate(_PLACE.split(body)):
        if index % 2 == 0:
            if part:
                yield Piece(part)
            continue
        number = int(part)
        if 1 <= number <= len(places):
            place = places[number - 1]
            yield Piece(place.value or f"{{{{{place.label}}}}}", number)
        else:
            yield Piece(f"{{{{{part}}}}}")
