"""The blocks of a line's settings (spec §2–§10), one abstract class a block; ``OpenLine`` inherits them all.

Django keeps the first of two fields with the same name in silence: ``openlines.checks`` refuses that.
"""

from __future__ import annotations

from datetime import time, timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
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
        ANSWERED = "answered", _("dialogs they have answered at least once")
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


def weekend() -> list[int]:
    return [5, 6]


class WorkingTimeBlock(models.Model):
    """W1–W5; the texts are rows of ``LineText``. ``policies/worktime.py`` decides."""

    class HoursMode(models.TextChoices):
        SIMPLE = "simple", _("the same on every working day")
        WEEKLY = "weekly", _("for each weekday")

    class OffHoursRule(models.TextChoices):
        TEXT = "text", _("Send a text")
        NOTHING = "nothing", _("Do nothing")

    class Weekday(models.IntegerChoices):
        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    working_time_enabled = models.BooleanField(
        _("set working hours"), default=False, help_text=_("Off: the line is open always.")
    )
    time_zone = models.CharField(
        _("time zone"), max_length=64, blank=True, help_text=_("Empty: the installation's.")
    )
    hours_mode = models.CharField(
        _("working hours"), max_length=10, choices=HoursMode, default=HoursMode.SIMPLE
    )
    hours_from = models.TimeField(_("from"), default=time(9))
    hours_to = models.TimeField(_("to"), default=time(18))
    break_from = models.TimeField(_("break from"), null=True, blank=True)
    break_to = models.TimeField(
        _("break to"), null=True, blank=True, help_text=_("For example a lunch break. Empty: no break.")
    )
    weekly_hours = models.JSONField(
        _("hours of each weekday"),
        default=dict,
        blank=True,
        help_text=_("For example 09:00-13:00, 14:00-18:00; 22:00-06:00 runs past midnight."),
    )
    """Weekday ("0" is Monday) → intervals as text; a weekday that is missing has none."""
    days_off = ArrayField(
        models.PositiveSmallIntegerField(choices=Weekday),
        verbose_name=_("days off"),
        default=weekend,
        blank=True,
    )
    holidays = models.TextField(
        _("holidays"),
        max_length=2000,
        blank=True,
        help_text=_("Separated by commas: 01.01, 24.12 every year, or 02.05.2027 once."),
    )
    holiday_country = models.CharField(
        _("public holidays of"), max_length=3, blank=True, help_text=_("Empty: none but those typed.")
    )
    holiday_region = models.CharField(_("region"), max_length=10, blank=True)
    date_exceptions = models.JSONField(
        _("exceptions by date"),
        default=list,
        blank=True,
        help_text=_("Other hours, or closed, on one day; they go before everything else."),
    )
    """[{"date": "2026-12-31", "hours": "09:00-13:00" (empty: closed), "note": ""}]"""
    off_hours_rule = models.CharField(
        _("outside working hours"), max_length=10, choices=OffHoursRule, default=OffHoursRule.TEXT
    )
    unavailable_text_enabled = models.BooleanField(
        _("send a text when nobody is available"),
        default=True,
        help_text=_("Where availability is checked, and nobody of the queue is available."),
    )

    class Meta:
        abstract = True


class ConsentBlock(models.Model):
    """P1–P3; the text is a row of ``LineText``, its versions are ``ConsentVersion``."""

    consent_enabled = models.BooleanField(
        _("ask for consent to the processing of personal data"), default=False
    )
    consent_url = models.URLField(
        _("address of the full document"),
        blank=True,
        max_length=500,
        help_text=_("The text gets a link to it."),
    )

    class Meta:
        abstract = True


class AutomaticActionsBlock(models.Model):
    """A1, A4–A11; the texts are rows of ``LineText``."""

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
    reply_list = models.ForeignKey(
        "openlines.ReplyList",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="lines",
        verbose_name=_("list of canned replies"),
        help_text=_("Operators insert them by typing / in an answer. Several lines may share a list."),
    )
    live_typing = models.BooleanField(
        _("show what the client is typing"),
        default=True,
        help_text=_("In the live chat the operator reads along before it is sent."),
    )

    class Meta:
        abstract = True


class QualityBlock(models.Model):
    """R1–R5, R8; the texts are rows of ``LineText``."""

    rating_enabled = models.BooleanField(
        _("ask the client for a rating"),
        default=True,
        help_text=_("When a dialog ends in which the client was answered."),
    )
    rating_in_dialog = models.BooleanField(
        _("let the client rate during the dialog"), default=True, help_text=_("In the live chat.")
    )
    rating_closes = models.BooleanField(_("close the dialog at once when the client rates"), default=False)
    rating_limit_enabled = models.BooleanField(_("limit the time for rating"), default=False)
    rating_limit_days = models.PositiveSmallIntegerField(
        _("days to rate"), default=7, validators=[MinValueValidator(1), MaxValueValidator(365)]
    )
    outcome_required = models.BooleanField(
        _("ask the operator whether it was solved"),
        default=False,
        help_text=_("Finishing then needs “solved” or “not solved”; else “solved” is taken."),
    )

    class Meta:
        abstract = True


class OtherBlock(models.Model):
    """Spec §10."""

    name = models.CharField(_("name"), max_length=100, help_text=_("Clients see it in the chat."))
    is_active = models.BooleanField(
        _("active"),
        default=True,
        help_text=_("Off: clients can write, but nothing is shown to operators, distributed or sent."),
    )
    keep_log = models.BooleanField(
        _("keep the messages"),
        default=True,
        help_text=_(
            "Off: texts and files of a dialog are erased when it is closed completely; its figures stay."
        ),
    )
    confirm_finish = models.BooleanField(_("ask before finishing a dialog"), default=False)
    email_signature = models.TextField(
        _("signature of e-mails"),
        max_length=2000,
        blank=True,
        help_text=_("You may use #OPERATOR# and #LINE#."),
    )
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


BLOCKS: tuple[type[models.Model], ...] = (
    QueueBlock,
    WorkingTimeBlock,
    ConsentBlock,
    AutomaticActionsBlock,
    QualityBlock,
    OtherBlock,
)
