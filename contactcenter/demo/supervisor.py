"""The life of one demo: prepare, start, say where everything is, watch, stop.

It owns the embedded PostgreSQL: whatever else joined it meanwhile, the server stops with the demo.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Final
from uuid import uuid4

from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django_q.models import Task
from django_q.tasks import async_task

from contactcenter.demo import bots, cast, history, processes, running, static_files, world
from contactcenter.demo.running import Record
from contactcenter.embedded import EmbeddedServer

URLS: Final = "contactcenter.demo.urls"
WEB_PORT: Final = 8000
TELEGRAM_PORT: Final = 8081
SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Say = Callable[[str], None]


class CannotStart(Exception):
    """In words, with what to do."""


class _Asked(KeyboardInterrupt):
    """A signal asked us to stop. Of this kind, so that psycopg and subprocess let go of what they wait for."""


@dataclass(frozen=True)
class Wishes:
    """``port`` None: 8000, or the next one that is free."""

    host: str = "127.0.0.1"
    port: int | None = None
    telegram_port: int | None = None
    traffic: bool = False
    days: int = history.DAYS
    """Of history, where there is none yet."""


def run(wishes: Wishes, *, var: Path, say: Say) -> int:
    """Run the demo until it is asked to stop; the exit code. Raises ``CannotStart``, ``AlreadyRunning``."""
    code = 0
    with running.alone(var):
        if running.tidy_up(var):
            say(_("A demo was killed here earlier; what it had left running has been stopped."))
        record = running.own_record(uuid4().hex)
        running.write(var, record)
        say = _unless_hung_up(say)
        try:
            with _asked_by_signals() as asked:
                _live(wishes, record, asked, var=var, say=say)
        except _Asked:
            say(_("Stopping …"))
        except processes.Died as died:
            code = 1
            say(_("Something went wrong, so the demo stops.") + f"\n\n{died}\n")
        except TimeoutError as error:
            code = 1
            say(str(error))
        finally:
            _stop(record, var=var)
            say(_("Stopped; nothing is left running."))
    return code


def _live(wishes: Wishes, record: Record, asked: _Stopping, *, var: Path, say: Say) -> None:
    port = _port(wishes.port, WEB_PORT, option="PORT", say=say)
    telegram_port = _port(wishes.telegram_port, TELEGRAM_PORT, option="TELEGRAM_PORT", say=say)
    base, telegram = f"http://localhost:{port}", f"http://127.0.0.1:{telegram_port}"
    logs = var / "log"
    children = processes.Children(logs, processes.environment(run=record.run, public_url=base))
    with _step(_("Preparing the database and the pages"), say):
        collecting = (
            None if static_files.are_up_to_date() else children.start("static", *processes.collect_static())
        )
        with asked.later():  # a half-made data folder would be of no use to the next start
            connection.ensure_connection()
        prepare_database()
    if not world.exists():
        with _step(_("Making the demo's data, this once"), say):
            history.seed(now=timezone.now(), days=wishes.days)
    with _step(_("Starting"), say):
        if collecting:
            children.finish(collecting)
            static_files.remember()
        children.start("telegram", *processes.telegram(port=telegram_port))
        children.start("web", *processes.web(host=wishes.host, port=port))
        children.start("work", *processes.work())
        addresses = _addresses(base=base, telegram=telegram)
        for name, url in addresses:
            children.wait_until(lambda url=url: processes.answers(url), f"{name} answers at {url}")  # type: ignore[misc]
        _wait_for_work(children)
        bots.connect(telegram, hooks=f"http://127.0.0.1:{port}", now=timezone.now())
        if wishes.traffic:
            children.start(
                "traffic", *processes.traffic(base=f"http://127.0.0.1:{port}", telegram_url=telegram)
            )
    connections.close_all()
    running.write(var, replace(record, addresses=tuple(addresses)))
    say(welcome(addresses, logs=logs, traffic=wishes.traffic))
    if wishes.host not in ("127.0.0.1", "localhost"):
        say(
            _("Others can reach it too, and the password is no secret: keep this inside a network you trust.")
        )
    while True:
        children.check()
        time.sleep(0.3)


# -- preparing ------------------------------------------------------------------------------------------------


def prepare_database() -> None:
    """Migrations, in an empty database or the demo's own. Raises ``CannotStart`` in any other, which stays as it is."""
    tables = set(connection.introspection.table_names())
    ours = {"openlines_connection", "staff_employee"} <= tables
    if not (not tables or (ours and (world.exists() or world.is_empty()))):
        raise CannotStart(_refusal())
    call_command("migrate", interactive=False, verbosity=0)


def _refusal() -> str:
    if isinstance(connection.settings_dict.get("SERVER"), EmbeddedServer):
        return _(
            "The database in %(var)s holds data that is not the demo's, and the demo would mix its own into it. "
            "Give it a folder of its own: CONTACTCENTER_VAR=/path/to/folder make demo"
        ) % {"var": settings.VAR}
    return _(
        "The database of DATABASE_URL is not empty, and the demo would mix its data into it. "
        "Give it an empty one, or unset DATABASE_URL."
    )


def _port(wanted: int | None, usual: int, *, option: str, say: Say) -> int:
    if wanted is not None:
        if not processes.is_free(wanted):
            raise CannotStart(
                _(
                    "Port %(port)s is taken by another program. Choose another one: make demo %(option)s=%(other)s"
                )
                % {"port": wanted, "option": option, "other": processes.free_port(wanted + 1)}
            )
        return wanted
    found = processes.free_port(usual)
    if found != usual:
        say(
            _(
                "Port %(port)s is taken by another program, so this one is on %(found)s (%(option)s=… chooses)."
            )
            % {"port": usual, "found": found, "option": option}
        )
    return found


def _wait_for_work(children: processes.Children) -> None:
    """Send a task that does nothing and wait for its result: so the queue, a worker and the results work."""
    task = async_task("builtins.bool", group="demo")
    children.wait_until(Task.objects.filter(pk=task).exists, "the background work runs a task")
    Task.objects.filter(pk=task).delete()


# -- telling --------------------------------------------------------------------------------------------------


def _addresses(*, base: str, telegram: str) -> list[tuple[str, str]]:
    named = [
        (_("Shop, with its chat"), "demo:shop"),
        (_("Its service page"), "demo:service"),
        (_("Desk"), "workspace:desk"),
        (_("Dialogs"), "kpi:dialogs"),
        (_("Contact centre"), "centre:home"),
        (_("Administration"), "admin:index"),
    ]
    found = []
    for label, name in named:
        with suppress(NoReverseMatch):
            found.append((label, base + reverse(name, urlconf=URLS)))
    return [*found[:2], (_("Telegram (a fake)"), f"{telegram}/"), *found[2:]]


def welcome(addresses: list[tuple[str, str]], *, logs: Path, traffic: bool) -> str:
    width = max(len(label) for label, _url in addresses) + 2
    rows = ["", _("The demo is running."), ""]
    rows += [f"  {label:<{width}}{url}" for label, url in addresses]
    rows += [
        "",
        _("Log in as one of these; everybody's password is %(password)s") % {"password": cast.PASSWORD},
        "",
    ]
    for person in cast.PEOPLE:
        rows.append(
            f"  {person.username:<{width}}{ROLES[person.role]()}, {person.first_name} {person.last_name}"
        )
    if traffic:
        rows += ["", _("Customers write by themselves, a few a minute.")]
    else:
        rows += ["", _("Write as a customer on the shop's page, or let some write: make demo TRAFFIC=1")]
    rows += [_("Logs: %(folder)s   Ctrl+C stops everything.") % {"folder": logs}, ""]
    return "\n".join(rows)


ROLES: Final[dict[str, Callable[[], str]]] = {
    "administrator": lambda: _("Administrator"),
    "supervisor": lambda: _("Supervisor"),
    "operator": lambda: _("Operator"),
}


@contextmanager
def _step(what: str, say: Say) -> Iterator[None]:
    started = time.monotonic()
    yield
    say(f"{what}: {time.monotonic() - started:.1f} s")


def _unless_hung_up(say: Say) -> Say:
    """The terminal may be gone: that must not keep us from stopping what we started."""

    def said(text: str) -> None:
        with suppress(OSError, ValueError):
            say(text)

    return said


# -- stopping -------------------------------------------------------------------------------------------------


class _Stopping:
    """The first signal interrupts whatever is done; those after it find us stopping already."""

    def __init__(self) -> None:
        self._waits = self._asked = False

    def ask(self, number: int, frame: FrameType | None) -> None:
        for one in SIGNALS:
            signal.signal(one, signal.SIG_IGN)
        self._asked = True
        if not self._waits:
            raise _Asked

    @contextmanager
    def later(self) -> Iterator[None]:
        """What is done in here is not interrupted, but nothing follows it."""
        self._waits = True
        try:
            yield
        finally:
            self._waits = False
            if self._asked:
                raise _Asked


@contextmanager
def _asked_by_signals() -> Iterator[_Stopping]:
    stopping = _Stopping()
    for one in SIGNALS:
        signal.signal(one, stopping.ask)
    try:
        yield stopping
    finally:
        for one in SIGNALS:
            signal.signal(one, signal.SIG_IGN)


def _stop(record: Record, *, var: Path) -> None:
    running.end(running.processes_of(record.run))
    connections.close_all()
    server = connection.settings_dict.get("SERVER")
    if isinstance(server, EmbeddedServer):
        server.stop()
    running.forget(var)
