"""``assignments.rate``: automatic offers a second, 200 operators in each queue of 20 lines, two hands (threads) at once.
``slot.*``: milliseconds from finishing a dialog at the limit to the next offer on the operator's event stream.

The reference of the first: the same with one hand.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.db import connections, transaction
from django.utils import timezone

from contactcenter.staff.models import Employee
from openlines.live import topics
from openlines.models import Connection, Deadline, Dialog
from openlines.services import dialogs, routing
from openlines.widget import visitors
from tests.load.bench import load
from tests.load.bench.figures import Figure, quantile
from tests.load.bench.scene import Customer, Scene, make_chat, write

PATIENCE = 10.0


@dataclass(frozen=True)
class Size:
    operators: int = 200
    lines: int = 20
    dialogs: int = 30
    """A line and round."""
    slots: int = 60


def measure(scene: Scene, *, size: Size) -> Iterator[Figure]:
    people = [Employee(username=f"bench-many-{n}", password="!") for n in range(size.operators)]
    Employee.objects.bulk_create(people)
    chats = [make_chat(f"Many {n}", people) for n in range(size.lines)]
    alone = _rate(scene, chats, size=size, hands=1)
    both = _rate(scene, chats, size=size, hands=2)
    note = f"{size.operators} operators in each of {size.lines} queues"
    yield Figure("assignments.rate", both, "offers/s", alone, note)
    late = asyncio.run(_slots(scene, size=size))
    yield Figure("slot.p50", statistics.median(late) * 1000, "ms", None, f"{len(late)} finished dialogs")
    yield Figure("slot.p99", quantile(late, 0.99) * 1000, "ms")


def _rate(scene: Scene, chats: list[Connection], *, size: Size, hands: int) -> float:
    """Dialogs are put into the queues first; then the hands share the lines and deal them all."""
    waiting = size.dialogs * len(chats)
    for chat in chats:
        _queue(chat, scene, number=size.dialogs)
    shares = [[chat.line_id for chat in chats[hand::hands]] for hand in range(hands)]
    with ThreadPoolExecutor(hands) as pool:
        began = time.perf_counter()
        dealt = sum(pool.map(_deal, shares))
        seconds = time.perf_counter() - began
    if dealt < waiting / 2:  # the minute's sweep may have dealt some
        raise RuntimeError(f"{waiting} dialogs waited and {dealt} were offered")
    return dealt / seconds


def _queue(chat: Connection, scene: Scene, *, number: int) -> None:
    """Dialogs that nobody has looked at yet: as they are at the moment of their commit.

    Without the net below, for the real ``manage.py work`` runs beside us.
    """
    real = routing.distribute_after_commit
    routing.distribute_after_commit = lambda line_id, *, now: None
    try:
        with transaction.atomic():
            for _ in range(number):
                write(Customer(scene.host, chat, visitors.new(chat)))
            Deadline.objects.filter(dialog__connection=chat, kind="distribute").delete()
    finally:
        routing.distribute_after_commit = real


def _deal(line_ids: list[int]) -> int:
    try:
        return sum(routing.distribute(line_id, now=timezone.now()) for line_id in line_ids)
    finally:
        connections.close_all()


async def _slots(scene: Scene, *, size: Size) -> list[float]:
    """One operator with room for one dialog; each finish must bring the next offer to his screen."""
    loop = asyncio.get_running_loop()
    parts = urlsplit(scene.address)
    late = []
    with ThreadPoolExecutor(1) as hand:  # one thread, whose database connection is closed at the end
        operator, chat = await loop.run_in_executor(hand, _one_slot, scene, size.slots + 2)
        own = topics.employee(operator.pk)
        ticket = topics.issue_ticket(holder=own, topics=[own], now=timezone.now())
        reader, stream = await asyncio.open_connection(parts.hostname, parts.port)
        stream.write(load.get(parts.netloc, f"/live/?ticket={ticket}"))
        try:
            await _heard(reader, b"event: hello")
            for _ in range(size.slots):
                held = await loop.run_in_executor(hand, _held, operator, chat)
                began = time.perf_counter()
                finishing = loop.run_in_executor(hand, _finish, held, operator)
                await _offer(reader)
                late.append(time.perf_counter() - began)
                await finishing
        finally:
            stream.close()
            await loop.run_in_executor(hand, connections.close_all)
    return late


def _one_slot(scene: Scene, waiting: int) -> tuple[Employee, Connection]:
    operator = scene.operators[0]
    chat = make_chat(
        "One slot",
        [operator],
        limit_enabled=True,
        limit=1,
        limit_leaves_out="closed",
        finish_text_enabled=False,
    )
    for _ in range(waiting):
        write(Customer(scene.host, chat, visitors.new(chat)))
    return operator, chat


def _held(operator: Employee, chat: Connection) -> int:
    offered = Dialog.objects.in_queue().filter(
        connection=chat, offers__ended_at__isnull=True, offers__employee=operator
    )
    dialog_id = offered.values_list("pk", flat=True)[0]
    dialogs.accept(dialog_id, by=operator, now=timezone.now())
    return dialog_id


def _finish(dialog_id: int, operator: Employee) -> None:
    dialogs.finish(dialog_id, by=operator, now=timezone.now())


async def _offer(reader: asyncio.StreamReader) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            line = await reader.readline()
            with suppress(ValueError):
                if line.startswith(b"data: ") and json.loads(line[6:]).get("kind") == "offer":
                    return


async def _heard(reader: asyncio.StreamReader, what: bytes) -> None:
    async with asyncio.timeout(PATIENCE):
        while not (await reader.readline()).startswith(what):
            pass
