"""``manage.py stop``: what ``make stop`` runs."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contactcenter.demo import running
from contactcenter.embedded import EmbeddedPostgresError
from contactcenter.embedded.server import main_server, test_server


class Command(BaseCommand):
    requires_system_checks: list[str] = []
    help = _("Stops a running demo, what a killed one has left, and the embedded PostgreSQL.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            was_running, ended = running.stop(settings.VAR)
            servers = [server.stop() for server in (main_server(settings.VAR), test_server(settings.VAR))]
        except (TimeoutError, EmbeddedPostgresError) as error:
            raise CommandError(str(error)) from error
        if was_running:
            self.stdout.write(_("The demo was running and has stopped."))
        if ended:
            self.stdout.write(
                ngettext(
                    "%(count)d process of a killed demo stopped.",
                    "%(count)d processes of a killed demo stopped.",
                    ended,
                )
                % {"count": ended}
            )
        if any(servers):
            self.stdout.write(_("The embedded PostgreSQL was running and has stopped."))
        if not (was_running or ended or any(servers)):
            self.stdout.write(_("Nothing was running."))
