"""What the tests of the staff app share: moments in a zone, and ears for what is announced."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.dispatch import Signal

from contactcenter.staff import signals


def at(text: str, zone: str = "UTC") -> datetime:
    """`at("2026-03-08 09:00", "America/New_York")`"""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


class Heard(list[str]):
    """What was announced, in order: "came 5", "went 5 break", "absences 5"."""

    def of(self, employee_id: int) -> list[str]:
        return [
            " ".join([word, *more])
            for word, pk, *more in map(str.split, self)
            if pk == str(employee_id) and word != "absences"
        ]


@pytest.fixture
def heard() -> Iterator[Heard]:
    found = Heard()

    def came(sender: object, *, employee_id: int, now: datetime, **_: object) -> None:
        found.append(f"came {employee_id}")

    def went(sender: object, *, employee_id: int, now: datetime, reason: str, **_: object) -> None:
        found.append(f"went {employee_id} {reason}")

    def moved(sender: object, *, employee_ids: list[int], now: datetime, **_: object) -> None:
        found.extend(f"absences {employee_id}" for employee_id in employee_ids)

    ears: list[tuple[Signal, object]] = [
        (signals.became_available, came),
        (signals.became_unavailable, went),
        (signals.absences_changed, moved),
    ]
    for signal, ear in ears:
        signal.connect(ear)  # type: ignore[arg-type]
    yield found
    for signal, ear in ears:
        signal.disconnect(ear)  # type: ignore[arg-type]
