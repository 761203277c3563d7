from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class OpenlinesConfig(AppConfig):
    name = "openlines"
    label = "openlines"
    verbose_name = _("Lines and channels")

    def ready(self) -> None:
        from contactcenter.staff import notices
        from contactcenter.staff.models import Right
        from contactcenter.staff.permissions import open_models
        from openlines import (
            checks,  # noqa: F401  (importing registers the checks)
            receivers,
        )
        from openlines.schedules import ensure_schedules

        open_models("openlines", see=Right.LINES_SEE, change=Right.LINES_CHANGE)
        open_models("openlines", "connection", see=Right.LINES_SEE, change=Right.CONNECTIONS_CHANGE)
        for of_messages in ("inboundevent", "outboxitem"):
            open_models(
                "openlines", of_messages, see=Right.CONNECTIONS_CHANGE, change=Right.CONNECTIONS_CHANGE
            )
        for of_replies in ("replylist", "replysection", "cannedreply", "replyfile"):
            open_models("openlines", of_replies, see=Right.CANNED_CHANGE, change=Right.CANNED_CHANGE)
        notices.register(
            "queue_empty",
            _("The queue of the line “%(name)s” has nobody in it. Its dialogs wait until you add somebody."),
        )
        notices.register(
            "connection_stopped",
            _("The connection “%(name)s” is stopped: %(reason)s What waits goes out when that is mended."),
        )
        notices.register(
            "connection_failing", _("The connection “%(name)s” does not work at the moment: %(reason)s")
        )
        notices.register(
            "connection_silent",
            _("Nothing has come in on “%(name)s” for much longer than is usual at this hour. Check it."),
        )
        notices.register("dialog_transferred", _("%(who)s transferred dialog No. %(dialog)s to you."))
        notices.register(
            "dialog_transferred_with_note",
            _("%(who)s transferred dialog No. %(dialog)s to you: %(note)s"),
        )
        notices.register(
            "reply_failed", _("A message of dialog No. %(dialog)s did not reach the client: %(reason)s")
        )
        notices.register("mentioned", _("%(who)s mentions you in dialog No. %(dialog)s: %(note)s"))
        notices.register(
            "mentioned_hidden",
            _("%(who)s mentions you in dialog No. %(number)s, which your role does not let you see."),
        )
        notices.register(
            "supervisor_rating", _("%(who)s rated your dialog No. %(number)s: %(stars)s of 5 stars.")
        )
        receivers.connect()
        post_migrate.connect(ensure_schedules, sender=self)
