"""``manage.py work``: the background work of one node, in one command.

django-q2's cluster (task queue, schedules, workers), and in this main process the standby ticker and the
watch over the cluster. SIGTERM or SIGINT ends it: tasks that run may finish within ``--grace`` seconds, a
second signal cuts that short. When the pool hangs or its sentinel dies, the workers are killed and the whole
command starts anew in this process id; unacknowledged tasks come again after ``Q_CLUSTER["retry"]``.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from argparse import ArgumentParser
from typing import Any

from django.db import DatabaseError, connections
from django.utils import timezone
from django.utils.translation import gettext as _
from django_q.management.commands import qcluster

from openlines import tasks  # before the first fork, so that the workers share it
from openlines.services import wakeups
from openlines.ticker import Ticker
from openlines.work import canary, family, pulse
from openlines.work.cluster import WatchedCluster

logger = logging.getLogger(__name__)

LOOK_EVERY = 0.2
"""Seconds between two looks at the signals and the cluster."""

TICKER_STOP = 3.0
"""Seconds the standby ticker gets to finish what it fires; its transactions survive being cut off."""


class Command(qcluster.Command):
    requires_system_checks: list[str] = []  # they load every page and form; deployments run `check`
    help = _("Runs the background work: the task queue, the schedules and the deadlines.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)  # type: ignore[no-untyped-call]
        parser.add_argument(
            "--grace",
            type=float,
            default=8.0,
            metavar="SECONDS",
            help=_("How long running tasks may take at a stop."),
        )
        parser.add_argument(
            "--patience",
            type=float,
            default=15.0,
            metavar="SECONDS",
            help=_("How long the pool of workers may run nothing before it is started anew."),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["cluster_name"]:
            os.environ["Q_CLUSTER_NAME"] = options["cluster_name"]
        logging.getLogger("django-q").addFilter(lambda record: not canary.is_about_canary(record))
        family.bind_children()
        heart = pulse.start()
        cluster = WatchedCluster(pulse=heart, patience=options["patience"])
        cluster.start()
        ticker = threading.Thread(target=stand_by, args=(heart,), name="standby ticker", daemon=True)
        ticker.start()  # after the fork: a fork takes no threads along, but the locks they hold
        ask_anew()
        logger.info("Working: the task queue, the schedules and the standby ticker")
        if options["run_once"]:
            heart.stop()
        while not heart.stopping:
            cluster.wait(LOOK_EVERY)
            if not heart.stopping and (reason := cluster.broken):
                start_anew(cluster, reason=reason)
        if not cluster.stop(grace=options["grace"]):
            logger.warning("The workers did not finish in time and were killed; their tasks come again later")
        ticker.join(TICKER_STOP)
        logger.info("Stopped working")


def stand_by(heart: pulse.Pulse) -> None:
    """The standby ticker's thread."""
    ticker = Ticker(
        tasks.fire, stopping=lambda: heart.stopping, name=f"openlines ticker standby {os.getpid()}"
    )
    while not heart.stopping:
        try:
            ticker.stand_by()
        except Exception:
            logger.exception("The standby ticker failed; it starts again")
            time.sleep(1)
    connections.close_all()


def ask_anew() -> None:
    """Replies whose task died with the pool before this one need not wait for their next turn."""
    try:
        wakeups.ask_anew(now=timezone.now())
    except DatabaseError:
        logger.warning("The database is away; replies leave a little later", exc_info=True)
    connections.close_all()


def start_anew(cluster: WatchedCluster, *, reason: str) -> None:
    """Kill the workers and replace this process's image by a fresh one.

    Not a fork: this process has threads now, and after the accident nobody knows which locks are held.
    """
    logger.critical("Starting the work anew: %s", reason)
    cluster.kill()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)  # from here until the new image listens a signal just ends us
    logging.shutdown()
    os.execv(sys.executable, sys.orig_argv)  # noqa: S606
