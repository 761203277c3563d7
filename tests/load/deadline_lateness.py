"""How late do deadlines fire? `python -m tests.load.deadline_lateness` prints a table, and JSON with `--json
FILE`.

On a PostgreSQL and a `manage.py work` of its own, in a temporary folder, which waits for the disk as a real
one does. Each probe is a dialog whose client waits and whose unanswered mark (A4) is due at a known instant;
a trigger that runs at the end of the firing transaction notes the time. All the rest is as in production.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
import psutil

if TYPE_CHECKING:
    from openlines.models import OpenLine

ROOT = Path(__file__).resolve().parents[2]
STANDBY, TASK = "openlines ticker standby", "openlines ticker task"

NOTE_FIRINGS = """
CREATE TABLE firing (dialog_id bigint, due_at timestamptz, fired_at timestamptz);
CREATE FUNCTION note_firing() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO firing VALUES (OLD.dialog_id, OLD.due_at, clock_timestamp()); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER note_firing AFTER DELETE ON openlines_deadline DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW WHEN (OLD.kind = 'unanswered') EXECUTE FUNCTION note_firing();
"""


@dataclass(frozen=True)
class Lateness:
    """Of one situation, in seconds; ``note``: what else there is to know."""

    name: str
    probes: int
    median: float
    p99: float
    worst: float
    note: str = ""


class Bench:
    """A database with one line, dialogs, and someone to note what fires."""

    def __init__(self, var: Path) -> None:
        from contactcenter.embedded.server import DATABASE, main_server

        self.server = main_server(var)
        self.server.join(database=DATABASE)
        self._database = DATABASE
        self._work: subprocess.Popen[bytes] | None = None
        self._log = (var / "work.log").open("ab")
        self._number = 0
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        self.sql = self.server.connect(DATABASE)
        self.sql.execute(NOTE_FIRINGS)
        self.line = self._line()

    def _line(self) -> OpenLine:
        from openlines.models import Connection
        from openlines.services import lines

        line = lines.create(name="Measured", by=None, values={"auto_close_after": timedelta(days=30)})
        Connection.objects.create(line=line, kind="livechat", name="Live chat")
        return line

    # -- dialogs ----------------------------------------------------------------------------------------------

    def dialogs(self, dues: list[datetime], *, state: str = "waiting") -> None:
        """Dialogs as the life cycle would have left them, each with the deadlines that it must have."""
        from django.db import transaction
        from django.utils import timezone

        from openlines.models import Client, Deadline, Dialog
        from openlines.policies import deadlines as policy
        from openlines.services.settings import line_settings

        settings = line_settings(self.line)
        connection = self.line.connections.get()
        now = timezone.now()
        self._number += 1
        with transaction.atomic():
            clients = Client.objects.bulk_create(
                Client(connection=connection, external_id=f"{self._number}-{i}", created_at=now)
                for i in range(len(dues))
            )
            rows = []
            for client, due in zip(clients, dues, strict=True):
                waits = due - settings.unanswered_after
                times: dict[str, Any] = {"unanswered_since": waits, "clock_started_at": waits}
                if state == "answered":
                    times = {"first_reply_at": now}
                rows.append(
                    Dialog(
                        line=self.line,
                        connection=connection,
                        client=client,
                        created_at=now,
                        state=state,
                        first_client_message_at=waits,
                        last_activity_at=now,
                        **times,
                    )
                )
            Dialog.objects.bulk_create(rows, batch_size=2000)
            Deadline.objects.bulk_create(
                (
                    Deadline(dialog=row, kind=kind, due_at=at)
                    for row in rows
                    for kind, at in policy.due(row.facts(), settings).items()
                ),
                batch_size=2000,
            )

    def spread(self, *, seconds: float, every: float, lead: float = 1.0) -> None:
        """Probes that fall due one after the other, at irregular instants, from ``lead`` seconds from now."""
        from django.utils import timezone

        start = timezone.now() + timedelta(seconds=lead)
        count = int(seconds / every)
        rng = random.Random(1)
        offsets = sorted(rng.uniform(0, seconds) for _ in range(count))
        self.sql.execute("TRUNCATE firing")
        self.dialogs([start + timedelta(seconds=offset) for offset in offsets])

    def result(self, name: str, *, note: str = "", around: list[datetime] | None = None) -> Lateness:
        """Wait until all probes have fired. ``around``: only those due within 2 s of these instants."""
        wait_for(
            lambda: not self.one("SELECT count(*) FROM openlines_deadline WHERE kind = 'unanswered'"), 120
        )
        rows = self.sql.execute("SELECT dialog_id, due_at, fired_at FROM firing").fetchall()
        twice = len(rows) - len({row[0] for row in rows})
        if twice:
            raise SystemExit(f"{twice} deadlines fired twice")
        if around is not None:
            rows = [row for row in rows if any(abs((row[1] - at).total_seconds()) < 2 for at in around)]
        late = sorted((fired - due).total_seconds() for _, due, fired in rows)
        measured = Lateness(
            name=name,
            probes=len(late),
            median=statistics.median(late or [0.0]),
            p99=late[int(len(late) * 0.99)] if late else 0.0,
            worst=max(late, default=0.0),
            note=note,
        )
        tell(row_of(measured))
        return measured

    def one(self, query: str) -> Any:
        row = self.sql.execute(query).fetchone()
        return row[0] if row else None

    # -- processes --------------------------------------------------------------------------------------------

    def leader(self) -> str:
        """The application name of the ticker that leads; empty while none does."""
        from openlines.ticker import LEAD_LOCK

        rows = self.sql.execute(
            "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
            " WHERE l.locktype = 'advisory' AND l.granted AND l.classid = %s AND l.objid = %s",
            LEAD_LOCK,
        ).fetchall()
        return str(rows[0][0]) if rows else ""

    def leader_changes(self, *, seconds: float) -> list[datetime]:
        """When the lead passed from one ticker to another; looks for ``seconds``."""
        from django.utils import timezone

        changes = []
        before = self.leader()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(0.1)
            leader = self.leader()
            if leader not in ("", before):
                changes.append(timezone.now())
                before = leader
        return changes

    @contextmanager
    def work(self, *options: str, wait: bool = True) -> Iterator[psutil.Process]:
        popen = subprocess.Popen(
            [sys.executable, "manage.py", "work", *options], cwd=ROOT, stderr=self._log, stdout=self._log
        )
        process = psutil.Process(popen.pid)
        try:
            if wait:
                wait_for(lambda: self.leader().startswith(STANDBY), 30)
            yield process
        finally:
            process.terminate()
            popen.wait(30)

    def task_leads(self) -> int:
        """Have the ticker run as a task; the process id of its worker."""
        from django_q.tasks import async_task

        before = self.leader()
        async_task("openlines.tasks.tick", group="Deadlines")
        wait_for(lambda: self.leader().startswith(TASK) and self.leader() != before, 30)
        return int(self.leader().rpartition(" ")[2])

    def restart_postgres(self) -> float:
        """Seconds during which nobody could connect."""
        start = time.monotonic()
        self.server.stop()
        self.server.join()
        down = time.monotonic() - start
        from django.db import connection

        connection.close()
        self.sql = self.server.connect(self._database)
        return down


# -- situations -----------------------------------------------------------------------------------------------


def idle(bench: Bench, *, seconds: float, name: str) -> Lateness:
    with bench.work():
        bench.spread(seconds=seconds, every=0.1)
        return bench.result(name)


def minutes(bench: Bench, *, seconds: float, name: str) -> list[Lateness]:
    """Long enough for the real scheduler to pass the lead on and to run the nets beside it."""
    with bench.work():
        bench.spread(seconds=seconds, every=0.1)
        changes = bench.leader_changes(seconds=seconds)
        note = f"{len(changes)} hand-overs"
        return [bench.result(name), bench.result("… within 2 s of a hand-over", around=changes, note=note)]


def hand_overs(bench: Bench, *, times: int) -> Lateness:
    with bench.work():
        bench.spread(seconds=times * 1.0 + 2, every=0.05)
        for _ in range(times):
            bench.task_leads()
            time.sleep(0.5)
        return bench.result("task to task, again and again", note=f"{times} hand-overs")


def written_when_due(bench: Bench, *, times: int) -> Lateness:
    """Not known beforehand: the commit, then NOTIFY, as services do it."""
    from django.utils import timezone

    from openlines.services.change import wake_ticker

    with bench.work():
        bench.sql.execute("TRUNCATE firing")
        time.sleep(2)
        for _ in range(times):
            now = timezone.now()
            bench.dialogs([now])
            wake_ticker(now, now=now)
            time.sleep(0.05)
        return bench.result("written when due, by NOTIFY", note="with the time to write it")


def many_at_once(bench: Bench, *, count: int) -> Lateness:
    from django.utils import timezone

    with bench.work():
        bench.sql.execute("TRUNCATE firing")
        bench.dialogs([timezone.now() + timedelta(seconds=5)] * count)
        return bench.result(f"{count} at the same instant")


def cold_start(bench: Bench, *, times: int) -> Lateness:
    """The deadline is due as the command is typed."""
    from django.utils import timezone

    bench.sql.execute("TRUNCATE firing")
    for done in range(1, times + 1):
        bench.dialogs([timezone.now()])
        with bench.work(wait=False):
            wait_for(lambda done=done: bench.one("SELECT count(*) FROM firing") == done, 30)  # type: ignore[misc]
    return bench.result("cold start of `work`", note="from the command to the first deadline")


def leader_killed(bench: Bench, *, times: int) -> Lateness:
    with bench.work():
        bench.spread(seconds=times * 1.5 + 2, every=0.05)
        for _ in range(times):
            worker = bench.task_leads()
            time.sleep(0.3)
            os.kill(worker, signal.SIGKILL)
            wait_for(lambda: bench.leader().startswith(STANDBY), 10)
        return bench.result("the ticker's worker killed -9", note=f"{times} times")


def idle_killed(bench: Bench, *, patience: float) -> Lateness:
    """Both idle workers: one of them holds the task queue's lock, so that the pool hangs."""
    from django_q.models import Task
    from django_q.tasks import async_task

    with bench.work("--patience", str(patience)) as work:
        leader = bench.task_leads()
        bench.spread(seconds=patience + 15, every=0.1)
        [sentinel] = work.children()
        workers = sorted(child.pid for child in sentinel.children())[:3]
        start = time.monotonic()
        for pid in workers:
            if pid != leader:
                os.kill(pid, signal.SIGKILL)
        while not Task.objects.filter(func="operator.add").exists():
            async_task("operator.add", 1, 2)  # what the dead pool had taken comes again after `retry`
            time.sleep(0.5)
        healed = time.monotonic() - start
        return bench.result(
            "an idle worker killed -9, the pool hangs",
            note=f"tasks ran again after {healed:.1f} s (patience {patience:.0f} s)",
        )


def postgres_restarted(bench: Bench) -> Lateness:
    with bench.work():
        bench.task_leads()
        bench.spread(seconds=12, every=0.1)
        time.sleep(4)
        down = bench.restart_postgres()
        return bench.result("PostgreSQL restarted", note=f"it was down for {down:.2f} s")


# -- the table ------------------------------------------------------------------------------------------------


def wait_for(condition: Callable[[], object], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"waited {seconds:.0f} s in vain")
        time.sleep(0.02)


def tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def row_of(one: Lateness) -> str:
    numbers = (f"{value * 1000:>10.1f}" for value in (one.median, one.p99, one.worst))
    return f"{one.name:<44}{one.probes:>7}{''.join(numbers)}  {one.note}"


def main() -> None:
    parser = argparse.ArgumentParser(description="How late do deadlines fire?")
    parser.add_argument("--dialogs", type=int, default=10_000, help="open dialogs in the full table")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    parser.add_argument("--quick", action="store_true", help="fewer probes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lateness-") as folder:
        os.environ["CONTACTCENTER_VAR"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "contactcenter.settings"
        os.environ["LOG_LEVEL"] = "WARNING"
        os.environ.pop("DATABASE_URL", None)
        django.setup()
        bench = Bench(Path(folder))
        try:
            figures = measure(bench, dialogs=options.dialogs, quick=options.quick)
        finally:
            bench.server.stop()
    if options.json:
        options.json.write_text(json.dumps([asdict(one) for one in figures], indent=2) + "\n")


def measure(bench: Bench, *, dialogs: int, quick: bool) -> list[Lateness]:
    from django.utils import timezone

    tell(f"{'milliseconds late':<44}{'probes':>7}{'median':>10}{'p99':>10}{'worst':>10}")
    figures = [
        cold_start(bench, times=2 if quick else 5),
        idle(bench, seconds=10 if quick else 30, name="idle"),
    ]
    later = timezone.now() + timedelta(days=1)
    for start in range(0, dialogs, 5000):
        bench.dialogs([later] * min(5000, dialogs - start), state="answered")
    bench.sql.execute("VACUUM ANALYZE")
    figures += [
        *minutes(bench, seconds=45 if quick else 130, name=f"{dialogs:,} open dialogs"),
        hand_overs(bench, times=5 if quick else 20),
        written_when_due(bench, times=20 if quick else 100),
        many_at_once(bench, count=200 if quick else 1000),
        leader_killed(bench, times=3 if quick else 10),
        idle_killed(bench, patience=5 if quick else 30),
        postgres_restarted(bench),
    ]
    return figures


if __name__ == "__main__":
    main()
