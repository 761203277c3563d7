"""``manage.py work`` as processes: that it stops, that it leaves nobody behind, and that it notices a pool that
hangs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from django.utils import timezone
from django_q.models import OrmQ, Schedule, Task
from django_q.tasks import async_task

from openlines.schedules import SCHEDULES, ensure_schedules
from tests.openlines.work.scene import eventually, leaders

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[3]
STANDBY, TASK = "openlines ticker standby", "openlines ticker task"


class Work:
    """A running ``manage.py work``."""

    def __init__(self, environment: dict[str, str], *options: str) -> None:
        self._popen = subprocess.Popen(
            [sys.executable, "manage.py", "work", *options], cwd=ROOT, env=environment
        )
        self.process = psutil.Process(self._popen.pid)
        self._seen: dict[int, psutil.Process] = {}

    @property
    def sentinel(self) -> psutil.Process | None:
        children = self.process.children()
        return children[0] if children else None

    @property
    def workers(self) -> list[psutil.Process]:
        """The sentinel forks them first; then come the monitor and the pusher."""
        family = self.family()
        return family[1:4] if len(family) >= 6 else []

    def family(self) -> list[psutil.Process]:
        """All that it has forked, remembered for ``survivors``."""
        with suppress(psutil.NoSuchProcess):
            for one in self.process.children(recursive=True):
                self._seen.setdefault(one.pid, one)
            return sorted(self.process.children(recursive=True), key=lambda one: one.pid)
        return []

    def survivors(self) -> list[psutil.Process]:
        self.family()
        everybody = [self.process, *self._seen.values()]
        return [one for one in everybody if alive(one)]

    def ended(self) -> int | None:
        return self._popen.poll()

    def clean_up(self) -> None:
        for one in self.survivors():
            with suppress(psutil.NoSuchProcess):
                one.kill()
        self._popen.wait(10)


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


Start = Callable[..., Work]


@pytest.fixture
def work(process_environment: Callable[..., dict[str, str]]) -> Iterator[Start]:
    """Start ``manage.py work`` on the test's database and wait until it works."""
    started: list[Work] = []

    def start(*options: str) -> Work:
        one = Work(process_environment(), *options)
        started.append(one)
        eventually(lambda: one.workers, seconds=30, what="a pool of workers")
        return one

    yield start
    for one in started:
        one.clean_up()


def leads(kind: str) -> bool:
    """A ticker of this kind leads, and nobody beside it."""
    names = leaders()
    return len(names) == 1 and names[0].startswith(kind)


def queue_tick() -> None:
    async_task("openlines.tasks.tick", group="Deadlines")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_its_ticker_task_at_work(work: Start, number: signal.Signals) -> None:
    one = work()
    eventually(lambda: leads(STANDBY), seconds=20)
    queue_tick()
    eventually(lambda: leads(TASK), seconds=20)
    one.family()
    one.process.send_signal(number)
    eventually(lambda: one.ended() is not None, seconds=10)
    assert one.ended() == 0
    assert one.survivors() == []
    tick = Task.objects.get(func="openlines.tasks.tick")
    assert tick.success
    assert "0 deadlines fired" in tick.result


def test_nobody_is_left_when_it_is_killed(work: Start) -> None:
    one = work()
    assert len(one.family()) == 6
    one.process.kill()
    eventually(lambda: one.survivors() == [], what="the end of all")


def test_nobody_is_left_when_the_sentinel_is_killed_too_and_the_work_goes_on(work: Start) -> None:
    one = work()
    orphans = one.family()
    assert one.sentinel is not None
    one.sentinel.kill()
    eventually(lambda: not any(map(alive, orphans)), seconds=20, what="the orphans' end")
    eventually(lambda: one.workers, seconds=20, what="a new pool")
    queue_tick()
    eventually(lambda: leads(TASK), seconds=20)


def test_a_task_that_does_not_finish_is_cut_off_at_a_stop(work: Start) -> None:
    one = work("--grace", "0.5")
    async_task("time.sleep", 60)
    eventually(lambda: OrmQ.objects.filter(lock__gt=timezone.now()).exists(), what="a task taken")
    one.process.terminate()
    eventually(lambda: one.ended() is not None, seconds=10)
    assert one.survivors() == []
    assert OrmQ.objects.count() == 1  # it comes again


def test_idle_workers_that_are_killed_take_no_lock_along(work: Start) -> None:
    """One of them waits with the task queue's read lock in its hand; the monitor with that of the results."""
    one = work("--patience", "60")
    sentinel = one.sentinel
    for process in (*one.workers, one.family()[4]):
        os.kill(process.pid, signal.SIGKILL)
    async_task("operator.add", 1, 2)
    eventually(lambda: Task.objects.filter(func="operator.add", success=True).exists(), seconds=20)
    assert sentinel is not None
    assert alive(sentinel), "and so nothing had to be started anew"


def test_a_pool_that_hangs_is_started_anew(work: Start) -> None:
    one = work("--patience", "2")
    before = one.family()
    for worker in one.workers:
        os.kill(worker.pid, signal.SIGSTOP)
    queue_tick()
    eventually(lambda: not any(map(alive, before)), seconds=20, what="the old pool's end")
    eventually(lambda: one.workers, seconds=20, what="a new pool")
    async_task("operator.add", 1, 2)
    eventually(lambda: Task.objects.filter(func="operator.add", success=True).exists(), seconds=20)
    assert one.ended() is None


def test_the_standby_follows_a_ticker_task_that_is_killed(work: Start) -> None:
    work()
    queue_tick()
    eventually(lambda: leads(TASK), seconds=20)
    [name] = leaders()
    os.kill(int(name.rpartition(" ")[2]), signal.SIGKILL)
    eventually(lambda: leads(STANDBY), seconds=5)


def test_schedules_are_made_once_and_keep_the_administrators_interval() -> None:
    ensure_schedules()
    names = set(Schedule.objects.values_list("name", flat=True))
    assert names == {planned.name for planned in SCHEDULES}
    assert {"Deadlines", "Distribution", "Unanswered marking", "Closing", "Outbox", "Clean-up"} < names
    Schedule.objects.filter(name="Closing").update(minutes=5, func="moved.elsewhere")
    ensure_schedules()
    assert Schedule.objects.count() == len(names)
    closing = Schedule.objects.get(name="Closing")
    assert (closing.minutes, closing.func) == (5, "openlines.tasks.close_dialogs")
