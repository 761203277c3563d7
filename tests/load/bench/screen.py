"""``screen.*``: milliseconds from a customer's post to the event on the operator's stream, one message at a time.

The reference: the same SQL by bare psycopg, until a listening connection hears its NOTIFY.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import psycopg
from django.utils import timezone

from openlines.live import topics
from openlines.live.publish import CHANNEL
from openlines.models import Dialog
from openlines.services import dialogs
from tests.load.bench import bare, capture, load
from tests.load.bench.figures import Figure, quantile
from tests.load.bench.scene import Customer, Scene

PATIENCE = 10.0
PAUSE = 0.01
"""Seconds between two messages: the server is idle when the next one comes."""


@dataclass(frozen=True)
class Size:
    rounds: int = 8
    messages: int = 50
    """A round."""


def measure(scene: Scene, script: capture.Script, *, size: Size) -> Iterator[Figure]:
    customer, replayed = scene.talking(2)
    operator = scene.operators[0]
    now = timezone.now()
    held = Dialog.objects.get(client__external_id=customer.visitor.external_id)
    dialogs.accept(held.pk, by=operator, now=now, may_take_over=True)
    own = topics.employee(operator.pk)
    ticket = topics.issue_ticket(holder=own, topics=[own, topics.line(held.line_id)], now=now)
    seen, heard = [], []
    for number in range(size.rounds + 1):
        requests = [customer.request() for _ in range(size.messages)]
        late = asyncio.run(_by_stream(scene.address, requests, ticket=ticket, dialog=held.pk))
        notices = _by_notify(scene, script, replayed, number=size.messages)
        if number:  # the first is for warming up
            seen += late
            heard += notices
    note = f"{len(seen)} messages, one at a time"
    yield Figure("screen.p50", statistics.median(seen) * 1000, "ms", statistics.median(heard) * 1000, note)
    yield Figure("screen.p99", quantile(seen, 0.99) * 1000, "ms", quantile(heard, 0.99) * 1000)


async def _by_stream(address: str, requests: list[bytes], *, ticket: str, dialog: int) -> list[float]:
    parts = urlsplit(address)
    reader, stream = await asyncio.open_connection(parts.hostname, parts.port)
    stream.write(load.get(parts.netloc, f"/live/?ticket={ticket}"))
    arrived: dict[int, float] = {}
    news = asyncio.Event()
    opened = asyncio.Event()

    async def listen() -> None:
        async for line in reader:
            if line.startswith(b"event: hello"):
                opened.set()
            elif line.startswith(b"data: ") and b'"rev"' in line:
                at = time.perf_counter()
                data = json.loads(line[6:])
                if data["dialog"] == dialog:
                    arrived.setdefault(data["rev"], at)
                    news.set()

    listener = asyncio.create_task(listen())
    _, sender = await asyncio.open_connection(parts.hostname, parts.port)
    answers, writer = _, sender
    late = []
    try:
        async with asyncio.timeout(PATIENCE):
            await opened.wait()
        for request in requests:
            await asyncio.sleep(PAUSE)
            async with asyncio.timeout(PATIENCE):
                sent_at = time.perf_counter()
                writer.write(request)
                rev = await _rev_of(answers)
                while rev not in arrived:
                    news.clear()
                    await news.wait()
            late.append(arrived[rev] - sent_at)
    finally:
        listener.cancel()
        stream.close()
        writer.close()
    return late


async def _rev_of(answers: asyncio.StreamReader) -> int:
    head = (await answers.readuntil(b"\r\n\r\n")).lower()
    body = await answers.readexactly(int(head.partition(b"content-length:")[2].split(b"\r\n")[0]))
    if head[9:12] != b"200":
        raise load.UnexpectedAnswer(f"{body[:1000]!r}")
    return int(json.loads(body)["rev"])


def _by_notify(scene: Scene, script: capture.Script, customer: Customer, *, number: int) -> list[float]:
    late = []
    with (
        psycopg.connect(scene.dsn, autocommit=True) as ears,
        psycopg.connect(scene.dsn, autocommit=True) as mouth,
    ):
        mouth.prepare_threshold = None
        ears.execute(f"LISTEN {CHANNEL}")
        for _ in range(number):
            time.sleep(PAUSE)
            sent_at = time.perf_counter()
            bare.send(mouth, script, {"visitor": customer.visitor.external_id})
            if not list(ears.notifies(timeout=PATIENCE, stop_after=1)):
                raise TimeoutError("no NOTIFY was heard")
            late.append(time.perf_counter() - sent_at)
    return late
