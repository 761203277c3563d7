"""`python -m tests.load.streams [--streams 1000]`: how many event streams a process carries, and how fast they are.

Starts a web process of its own on the tests' database server. Prints kilobytes for each stream and the milliseconds
from NOTIFY to the client for a signal that one hears and for a signal that all hear.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from pathlib import Path


async def measure(address: str, *, streams: int, signals: int) -> None:
    from asgiref.sync import sync_to_async
    from django.utils import timezone

    from openlines.live.publish import signal
    from openlines.live.topics import issue_ticket

    host, port = address.removeprefix("http://").split(":")
    late: list[float] = []
    arrived = asyncio.Semaphore(0)
    open_now = asyncio.Semaphore(0)

    async def listen(number: int) -> None:
        ticket = issue_ticket(holder=f"e{number}", topics=[f"e{number}", "l1"], now=timezone.now())
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"GET /live/?ticket={ticket} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        async for row in reader:
            if row.startswith(b"event: hello"):
                open_now.release()
            elif b'"sent":' in row:
                late.append(time.time() - float(row.partition(b'"sent":')[2].split(b",")[0].rstrip(b"}\n")))
                arrived.release()

    async def publish(topic: str, *, hearers: int) -> list[float]:
        late.clear()
        for _ in range(signals):
            await sync_to_async(signal)(topic, "message", dialog=1, text="x" * 100, sent=time.time())
            for _ in range(hearers):
                await arrived.acquire()
        return sorted(late)

    began = time.monotonic()
    tasks = [asyncio.create_task(listen(number)) for number in range(streams)]
    for _ in range(streams):
        await open_now.acquire()
    print(f"{streams} streams opened in {time.monotonic() - began:.1f} s")
    for name, topic, hearers in (("one hears", "e7", 1), ("all hear", "l1", streams)):
        milliseconds = [1000 * seconds for seconds in await publish(topic, hearers=hearers)]
        high = milliseconds[int(len(milliseconds) * 0.99) - 1]
        print(f"{name}: median {statistics.median(milliseconds):.1f} ms, 99th percentile {high:.1f} ms")
    for task in tasks:
        task.cancel()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--signals", type=int, default=30)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

    import django

    django.setup()
    from django.db import connection

    from tests.contactcenter.serving import serve

    connection.ensure_connection()
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder)) as server:
        memory = server.get("/memory/").json()["kb"]
        server.get("/live/")
        asyncio.run(measure(server.address, streams=10, signals=1))
        memory = server.get("/memory/").json()["kb"]
        asyncio.run(measure(server.address, streams=options.streams, signals=options.signals))
        after = server.get("/memory/").json()["kb"]
        print(f"{(after - memory) / options.streams:.0f} KB a stream (process: {memory // 1024} MB before)")
        print(f"stopped in {server.stop():.2f} s")


if __name__ == "__main__":
    main()
