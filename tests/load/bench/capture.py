"""What a request sends to the database, so that it can be sent again without the product.

``captured`` notes the statements as they go over the wire. What the database had answered and what a later statement
repeats (the number of a new dialog, a sequence number counted on) becomes a place to fill in from the answers of the
replay. To tell such numbers from others, the scene lets them start high (``MARKED``). Instants move with the clock:
a deadline two seconds ahead stays two seconds ahead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

MARKED: Final = 1_000_000_000
"""Numbers from here on are what a replay has to fill in."""
FARTHEST: Final = 4
"""A number that is so much above an answered one is counted on from it."""

_PLACES: Final = re.compile(
    r"(?<![\w.])1[0-9]{9}(?!\w)"
    r"|[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}"
    r"|20[0-9]{2}-[0-9]{2}-[0-9]{2}[ T][0-9:.]{8,15}\+00:00"
)
NOW: Final = "now"
"""The name of a replay's own instant, a ``datetime``."""


@dataclass(frozen=True)
class Place:
    """``name`` of a value, and what to add to it: to a number, or seconds to an instant."""

    name: str
    plus: float = 0


@dataclass
class Statement:
    """``parts``: text and places in turn. ``answers``: name → (row, column) in what the database answers."""

    parts: list[str | Place]
    answers: dict[str, tuple[int, int]] = field(default_factory=dict)

    def text(self, values: dict[str, Any]) -> str:
        out = []
        for part in self.parts:
            if isinstance(part, str):
                out.append(part)
            elif part.name == NOW:
                out.append((values[NOW] + timedelta(seconds=part.plus)).isoformat())
            else:
                value = values[part.name]
                out.append(str(value + part.plus) if part.plus else str(value))
        return "".join(out)


@dataclass
class Script:
    """A request's statements, transaction control included. ``fresh``: names of values that are new in each replay."""

    statements: list[Statement]
    fresh: list[str]
    """Names that need a UUID of their own."""

    @property
    def control(self) -> int:
        """How many of them only begin or end a transaction."""
        return sum(self._is_control(one) for one in self.statements)

    @staticmethod
    def _is_control(one: Statement) -> bool:
        return str(one.parts[0]).split(" ")[0] in ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


@dataclass
class _Reading:
    """What is known while a captured request is read from its first statement to its last."""

    texts: dict[str, str]
    keep: set[str]
    now: datetime
    numbers: dict[int, str] = field(default_factory=dict)
    uuids: dict[str, str] = field(default_factory=dict)

    def statement(self, sql: str, rows: list[tuple[Any, ...]]) -> Statement:
        statement = Statement(self._parts(sql))
        for row, values in enumerate(rows):
            for column, value in enumerate(values):
                if isinstance(value, int) and value >= MARKED and value not in self.numbers:
                    name = f"answer{len(self.numbers)}"
                    self.numbers[value] = name
                    statement.answers[name] = (row, column)
        return statement

    def _parts(self, sql: str) -> list[str | Place]:
        pattern = re.compile("|".join([*map(re.escape, self.texts), _PLACES.pattern]))
        parts: list[str | Place] = []
        end = 0
        for match in pattern.finditer(sql):
            place = self._place(match[0])
            if place is not None:
                parts += [sql[end : match.start()], place]
                end = match.end()
        return [*parts, sql[end:]]

    def _place(self, found: str) -> Place | None:
        if found in self.texts:
            return Place(self.texts[found])
        if "+" in found:
            return Place(NOW, (datetime.fromisoformat(found) - self.now).total_seconds())
        if not found.isdigit():
            uuid = found.replace("-", "")
            return None if uuid in self.keep else Place(self.uuids.setdefault(uuid, f"uuid{len(self.uuids)}"))
        for plus in range(FARTHEST):
            name = self.numbers.get(int(found) - plus)
            if name is not None:
                return Place(name, plus)
        return None


@contextmanager
def captured(*, given: dict[str, str], keep: Iterable[str] = ()) -> Iterator[Callable[[], Script]]:
    """Within the block, note what this thread's connection sends; what the block is given makes the script of it.

    ``given``: text that stands in the statements → the name of the value in its place. ``keep``: UUIDs that stay.
    """
    rows: dict[int, list[tuple[Any, ...]]] = {}

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        number = len(connection.queries_log)
        result = execute(sql, params, many, context)
        cursor = context["cursor"]
        if cursor.description is not None:
            rows[number] = cursor.fetchall()
            if rows[number]:
                cursor.scroll(0, mode="absolute")
        return result

    reading = _Reading(texts=given, keep=set(keep), now=timezone.now())
    with CaptureQueriesContext(connection) as queries, connection.execute_wrapper(note):
        first = len(connection.queries_log)

        def script() -> Script:
            statements = [
                reading.statement(query["sql"], rows.get(first + number, []))
                for number, query in enumerate(queries.captured_queries)
            ]
            return Script(statements, fresh=list(reading.uuids.values()))

        yield script
