"""``ingest.*`` and ``statements.*``: messages a second into existing and new dialogs, and what each asks of the
database.

A round through HTTP and a round of the same SQL by bare psycopg take turns; the medians are compared.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from django.test import Client as Browser

from openlines.models import Message
from openlines.widget.answers import TOKEN_HEADER
from tests.load.bench import bare, capture, load
from tests.load.bench.figures import Figure
from tests.load.bench.processes import Families
from tests.load.bench.scene import Customer, Scene

DIALOGS_A_LANE = 4


@dataclass(frozen=True)
class Size:
    """``most``: requests in a round; on a slow machine as many as fit in ``seconds``."""

    rounds: int = 5
    clients: int = 16
    most: int = 2000
    seconds: float = 1.5


@dataclass(frozen=True)
class Scripts:
    existing: capture.Script
    new: capture.Script


def scripts(scene: Scene) -> Scripts:
    """What one message sends, through the real view, once everything that is kept in a process is known to it.

    Some things are kept for seconds only, so the shortest of three is taken.
    """
    known = scene.talking(1)[0]
    post(known)
    post(scene.newcomer())
    existing = min((record(known) for _ in range(3)), key=lambda one: len(one.statements))
    new = min((record(scene.newcomer()) for _ in range(3)), key=lambda one: len(one.statements))
    scene.close_new()
    return Scripts(existing, new)


def record(customer: Customer) -> capture.Script:
    body = customer.body()
    given = {customer.visitor.external_id: "visitor"}
    with capture.captured(given=given, keep=[customer.chat.public_id.hex]) as script:
        post(customer, body)
    return script()


def post(customer: Customer, body: dict[str, str] | None = None) -> None:
    answer = Browser().post(
        customer.path,
        body or customer.body(),
        content_type="application/json",
        headers={TOKEN_HEADER: customer.visitor.token, "Host": customer.host},
    )
    assert answer.status_code == 200, answer.content


def statements(found: Scripts) -> Iterator[Figure]:
    for name, script in (("existing", found.existing), ("new", found.new)):
        yield Figure(
            f"statements.{name}",
            len(script.statements),
            "statements",
            note=f"{script.control} of them begin or end a transaction",
        )


def measure(
    scene: Scene, found: Scripts, *, sender: bare.Bare, families: Families, size: Size
) -> Iterator[Figure]:
    for lanes in (1, size.clients):
        yield _measured(
            f"ingest.existing.c{lanes}", _Existing(scene, found.existing, lanes), sender, families, size
        )
    for lanes in (1, size.clients):
        yield _measured(f"ingest.new.c{lanes}", _New(scene, found.new, lanes), sender, families, size)


class _Existing:
    """Messages into dialogs that wait for an operator; each client has some of its own."""

    messages = 1

    def __init__(self, scene: Scene, script: capture.Script, lanes: int) -> None:
        self.scene, self.script, self.lanes = scene, script, lanes
        self._talking = [scene.talking(DIALOGS_A_LANE) for _ in range(lanes)]
        self._replayed = [scene.talking(DIALOGS_A_LANE) for _ in range(lanes)]

    def requests(self, each: int) -> list[list[bytes]]:
        return [[some[n % DIALOGS_A_LANE].request() for n in range(each)] for some in self._talking]

    def values(self, each: int) -> list[list[bare.Values]]:
        return [
            [{"visitor": some[n % DIALOGS_A_LANE].visitor.external_id} for n in range(each)]
            for some in self._replayed
        ]

    def tidy(self) -> None:
        pass


class _New:
    """First messages of visitors whom nobody knows yet. After a round their dialogs are closed."""

    messages = 2
    """The greeting is one."""

    def __init__(self, scene: Scene, script: capture.Script, lanes: int) -> None:
        self.scene, self.script, self.lanes = scene, script, lanes

    def requests(self, each: int) -> list[list[bytes]]:
        return [[self.scene.newcomer().request() for _ in range(each)] for _ in range(self.lanes)]

    def values(self, each: int) -> list[list[bare.Values]]:
        return [
            [{"visitor": self.scene.newcomer().visitor.external_id} for _ in range(each)]
            for _ in range(self.lanes)
        ]

    def tidy(self) -> None:
        self.scene.close_new()


def _measured(name: str, kind: _Existing | _New, sender: bare.Bare, families: Families, size: Size) -> Figure:
    warm = load.run(kind.scene.address, kind.requests(min(20, size.most // kind.lanes)))
    kind.tidy()
    each = max(int(min(warm.rate * size.seconds, size.most) / kind.lanes), 2)
    rates, references, costs = [], [], []
    for _ in range(size.rounds):
        stored, processor = Message.objects.count(), families.processor()
        run = load.run(kind.scene.address, kind.requests(each))
        stored = Message.objects.count() - stored
        if stored != len(run.latencies) * kind.messages:
            raise AssertionError(f"{name}: {len(run.latencies)} requests stored {stored} messages")
        spent = {part: seconds - processor[part] for part, seconds in families.processor().items()}
        costs.append({**spent, "clients": run.own_seconds})
        rates.append(run.rate)
        kind.tidy()
        references.append(sender.rate(kind.script, kind.values(each)))
        kind.tidy()
    requests = each * kind.lanes * size.rounds
    note = ", ".join(f"{part} {1000 * sum(c[part] for c in costs) / requests:.2f}" for part in costs[0])
    return Figure(
        name,
        statistics.median(rates),
        "messages/s",
        statistics.median(references),
        f"processor ms each: {note}",
    )
