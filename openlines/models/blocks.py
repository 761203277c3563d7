"""The blocks of a line's settings (spec §2–§10), one abstract class a block; ``OpenLine`` inherits them all.

Django keeps the first of two fields with the same name in silence: ``openlines.checks`` refuses that.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from contactcenter.staff.photos import photo_name, photo_storage, validate_photo

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


class QueueBlock(models.Model):
    """Q1–Q6; the members are rows of ``QueueEntry``, their names for clients of ``LineEntry``."""

    class Distribution(models.TextChoices):
        EVENLY = "evenly", _("Evenly")
        STRICTLY = "strictly", _("Strictly in queue order")
        TO_ALL = "to_all", _("To all")

    class Identity(models.TextChoices):
        PROFILE = "profile", _("The employee's profile: name and photo")
        ENTRIES = "entries", _("This line's entries: another name, position and photo")
        INFORMATION = "information", _("A first name or nothing, with one shared picture")

    class LimitLeavesOut(models.TextChoices):
        ANSWERED = "answered", _("dialogs he has answered at least once")
        WAITING = "waiting", _("dialogs that wait for the client")
        CLOSED = "closed", _("only dialogs the operator has finished")

    distribution = models.CharField(
        _("distribute dialogs among the responsible"),
        max_length=10,
        choices=Distribution,
        default=Distribution.EVENLY,
        help_text=_(
            "Evenly: to whoever has waited longest. Strictly: to the first free person in the list. To all at once."
        ),
    )
    idle_time = models.DurationField(
        _("idle time before handing on to the next employee"),
        default=MINUTE,
        validators=[MinValueValidator(timedelta(seconds=30)), MaxValueValidator(timedelta(hours=12))],
        help_text=_("From the offer until it is accepted; 30 seconds to 12 hours."),
    )
    check_availability = models.BooleanField(
        _("check whether the employee is available"),
        default=False,
        help_text=_(
            "Dialogs go only to who is not on leave or on a break and has started the work day, or else is online."
        ),
    )
    limit_enabled = models.BooleanField(_("limit simultaneous dialogs per employee"), default=False)
    limit = models.PositiveSmallIntegerField(
        _("dialogs at most"), default=5, validators=[MinValueValidator(1), MaxValueValidator(1000)]
    )
    limit_leaves_out = models.CharField(
        _("not counted"),
        max_length=10,
        choices=LimitLeavesOut,
        default=LimitLeavesOut.WAITING,
        help_text=_("Dialogs in wrap-up never count."),
    )

    identity = models.CharField(
        _("information about the employee"),
        max_length=12,
        choices=Identity,
        default=Identity.PROFILE,
        help_text=_("What clients see of who answers them."),
    )
    identity_first_name = models.BooleanField(_("show the first name"), default=True)
    identity_photo = models.ImageField(
        _("shared picture"),
        upload_to=photo_name,
        storage=photo_storage,
        validators=[validate_photo],
        blank=True,
        help_text=_("JPEG, PNG or WebP, up to 5 MB."),
    )
    name_before_text = models.BooleanField(
        _("put the name before the text"),
        default=True,
        help_text=_("On channels that show no sender, such as Telegram; never where the name is hidden."),
    )

    class Meta:
        abstract = True


class AutomaticActionsBlock(models.Model):
    """A1, A4–A9; the texts are rows of ``LineText``."""

    class GreetingRule(models.TextChoices):
        FIRST_CONTACT = "first_contact", _("Only once, at the first contact")
        EVERY_DIALOG = "every_dialog", _("Each time the client starts a new dialog")

    greeting_enabled = models.BooleanField(_("send a greeting"), default=True)
    greeting_rule = models.CharField(
        _("when to greet"), max_length=15, choices=GreetingRule, default=GreetingRule.FIRST_CONTACT
    )
    unanswered_after = models.DurationField(
        _("mark as unanswered after"),
        default=5 * MINUTE,
        validators=[MinValueValidator(MINUTE), MaxValueValidator(timedelta(days=7))],
        help_text=_("Counted from the client's first message."),
    )
    unanswered_text_enabled = models.BooleanField(_("send a text when nobody has answered"), default=False)
    finish_text_enabled = models.BooleanField(_("send a text when the dialog is finished"), default=True)
    wrap_up = models.DurationField(
        _("close completely after"),
        default=10 * MINUTE,
        validators=[MinValueValidator(timedelta()), MaxValueValidator(24 * HOUR)],
        help_text=_("Time to rate or think again after the operator has finished; 0 closes at once."),
    )
    auto_close_after = models.DurationField(
        _("close by itself when nothing has happened for"),
        default=4 * HOUR,
        validators=[MinValueValidator(MINUTE), MaxValueValidator(timedelta(days=30))],
        help_text=_("Never while a client's message waits for an answer."),
    )
    auto_close_text_enabled = models.BooleanField(_("send a text on closing by itself"), default=False)

    class Meta:
        abstract = True


class OtherBlock(models.Model):
    """Spec §10."""

    name = models.CharField(_("name"), max_length=100, help_text=_("Clients see it in the chat."))
    confirm_finish = models.BooleanField(_("ask before finishing a dialog"), default=False)
    language = models.CharField(
        _("language of the line"),
        max_length=10,
        blank=True,
        choices=settings.LANGUAGES,
        help_text=_(
            "Of automatic texts where the client's language is not known. Empty: the installation's language."
        ),
    )

    class Meta:
        abstract = True


BLOCKS: tuple[type[models.Model], ...] = (QueueBlock, AutomaticActionsBlock, OtherBlock)
