from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from contactcenter.staff.zones import end_of, start_of

EARLIEST, LATEST = date(2000, 1, 1), date(2199, 12, 31)


class AbsenceQuerySet(models.QuerySet["Absence"]):
    def near(self, now: datetime) -> "AbsenceQuerySet":
        """Those that may run at that moment somewhere in the world: zones are within a day of UTC."""
        today = now.astimezone(UTC).date()
        return self.filter(first_day__lte=today + timedelta(days=1), last_day__gte=today - timedelta(days=1))

    def from_day(self, day: date) -> "AbsenceQuerySet":
        """Those that reach that day or a later one."""
        return self.filter(last_day__gte=day)


class Absence(models.Model):
    """Leave (Q4, Q9): while it runs its employee gets no dialogs of lines that check availability.

    From the first day to the last, both included, in the employee's own zone: it is kept in days, not in
    moments, so that a change of his zone moves it. Noon may take the place of either end: a first half of a
    day ends at noon, a second half starts there. Who works from elsewhere is not absent, hence no such kind.
    Written by `staff.absences`, which tells the apps above.
    """

    class Kind(models.TextChoices):
        HOLIDAY = "holiday", pgettext_lazy("kind of absence", "Holiday")
        SICK = "sick", pgettext_lazy("kind of absence", "Sick leave")
        BUSINESS_TRIP = "business_trip", pgettext_lazy("kind of absence", "Business trip")
        TRAINING = "training", pgettext_lazy("kind of absence", "Training")
        OTHER = "other", pgettext_lazy("kind of absence", "Other absence")

    employee = models.ForeignKey(
        "staff.Employee", on_delete=models.CASCADE, related_name="absences", verbose_name=_("employee")
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices, default=Kind.HOLIDAY)
    first_day = models.DateField(_("first day"))
    starts_at_noon = models.BooleanField(_("from noon"), default=False)
    last_day = models.DateField(_("last day"))
    ends_at_noon = models.BooleanField(_("until noon"), default=False)
    note = models.CharField(_("note"), max_length=300, blank=True)
    created_by = models.ForeignKey(
        "staff.Employee",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("entered by"),
    )
    created_at = models.DateTimeField(_("entered"), auto_now_add=True)

    objects: ClassVar[models.Manager["Absence"]] = AbsenceQuerySet.as_manager()

    class Meta:
        ordering = ("first_day", "starts_at_noon", "id")
        verbose_name = _("absence")
        verbose_name_plural = _("absences")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(last_day__gt=models.F("first_day"))
                | models.Q(last_day=models.F("first_day"), starts_at_noon=False)
                | models.Q(last_day=models.F("first_day"), ends_at_noon=False),
                name="absence_ends_after_it_starts",
                violation_error_message=_("The absence must end after it starts."),
            ),
            models.CheckConstraint(  # a mistyped year 9999 has no next day
                condition=models.Q(first_day__gte=EARLIEST, last_day__lte=LATEST),
                name="absence_in_our_time",
                violation_error_message=_("Look at the year again."),
            ),
        )
        indexes = (models.Index(fields=("employee", "last_day"), name="absence_of_employee"),)

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.days}"

    def clean(self) -> None:
        super().clean()
        if self.first_day and self.last_day and self.employee_id:
            if self.first_day > self.last_day:
                raise ValidationError({"last_day": _("The last day is before the first one.")})
            self.refuse_overlap(Absence.objects.filter(employee=self.employee_id))

    def refuse_overlap(self, others: Iterable["Absence"]) -> None:
        """Raises ValidationError where one of the others covers part of the same time."""
        for other in others:
            if (
                other.pk != self.pk
                and self.halves.start < other.halves.stop
                and other.halves.start < self.halves.stop
            ):
                raise ValidationError(
                    _("There is already an absence at that time: %(other)s."), params={"other": other}
                )

    @property
    def halves(self) -> range:
        """The halves of days it covers, counted from the calendar's beginning."""
        return range(
            self.first_day.toordinal() * 2 + self.starts_at_noon,
            self.last_day.toordinal() * 2 + (1 if self.ends_at_noon else 2),
        )

    @property
    def starts_at(self) -> datetime:
        """In the zone of `employee`, which a list should have selected along."""
        return start_of(self.first_day, at_noon=self.starts_at_noon, zone=self.employee.zone)

    @property
    def ends_at(self) -> datetime:
        """The first moment after it."""
        return end_of(self.last_day, at_noon=self.ends_at_noon, zone=self.employee.zone)

    @property
    def until(self) -> str:
        """For people: “25 Nov”, the last day, or “25 Nov, noon”."""
        last = date_format(self.last_day, str(_("j M")))
        return str(_("%(day)s, noon") % {"day": last}) if self.ends_at_noon else last

    @property
    def days(self) -> str:
        """For people: “9 March 2026”, “9 March 2026, first half”, “9 March 2026 from noon – 13 March 2026”."""
        first = date_format(self.first_day, "DATE_FORMAT")
        if self.first_day == self.last_day:
            if self.ends_at_noon:
                return str(_("%(day)s, first half") % {"day": first})
            return str(_("%(day)s, second half") % {"day": first}) if self.starts_at_noon else first
        last = date_format(self.last_day, "DATE_FORMAT")
        if self.starts_at_noon:
            first = str(_("%(day)s from noon") % {"day": first})
        if self.ends_at_noon:
            last = str(_("%(day)s until noon") % {"day": last})
        return f"{first} – {last}"
