"""``manage.py demo``: what ``make demo`` runs."""

from __future__ import annotations

import logging
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from contactcenter.demo import bots, history, running, supervisor
from contactcenter.embedded import EmbeddedPostgresError


class Command(BaseCommand):
    requires_system_checks: list[str] = []
    help = _("Runs the whole product with sample data on this machine, until Ctrl+C.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--traffic", action="store_true", help=_("Let simulated customers write."))
        parser.add_argument(
            "--port", type=int, help=_("Of the web server; 8000, or the next one that is free.")
        )
        parser.add_argument(
            "--telegram-port", type=int, help=_("Of the fake Telegram; 8081, or the next free one.")
        )
        parser.add_argument(
            "--host", default="127.0.0.1", help=_("The address to listen on; only this machine's own.")
        )

        parser.add_argument(
            "--days", type=int, default=history.DAYS, help=_("Days of history to make at the first start.")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        for quiet in (
            "contactcenter",
            "django-q",
            "openlines",
        ):  # the console is for people; processes have logs
            logging.getLogger(quiet).setLevel(logging.WARNING)
        wishes = supervisor.Wishes(
            host=options["host"],
            port=options["port"],
            telegram_port=options["telegram_port"],
            traffic=options["traffic"],
            days=options["days"],
        )
        try:
            code = supervisor.run(wishes, var=settings.VAR, say=self._say)
        except running.AlreadyRunning as already:
            code = self._already(already.record)
        except (supervisor.CannotStart, bots.NotConnected, EmbeddedPostgresError) as error:
            raise CommandError(str(error)) from error
        sys.exit(code)

    def _already(self, record: running.Record | None) -> int:
        """What was wanted is there: no error."""
        if record is None or not record.addresses:
            self._say(_("A demo is starting here already, in another terminal."))
            return 0
        self._say(_("A demo is running here already. `make stop` stops it.") + "\n")
        for name, url in record.addresses:
            self._say(f"  {name:<24}{url}")
        return 0

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
