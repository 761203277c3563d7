from django.db import models
from django.utils.translation import gettext_lazy as _


class WorkDay(models.Model):
    """From its start to its end by the employee's own word (Q4). Written by `staff.work_days`.

    Nobody's hours are invented: a day that was forgotten stays open until he, or his head, says when it
    ended; then `end_told_at` keeps when that was said.
    """

    employee = models.ForeignKey(
        "staff.Employee", on_delete=models.CASCADE, related_name="work_days", verbose_name=_("employee")
    )
    started_at = models.DateTimeField(_("started"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    end_told_at = models.DateTimeField(
        _("end told later"), null=True, blank=True, help_text=_("Empty where the end was told as it came.")
    )

    class Meta:
        ordering = ("-started_at", "-id")
        verbose_name = _("work day")
        verbose_name_plural = _("work days")
        constraints = (
            models.UniqueConstraint(
                fields=("employee",), condition=models.Q(ended_at__isnull=True), name="work_day_open_once"
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True) | models.Q(ended_at__gte=models.F("started_at")),
                name="work_day_ends_after_it_starts",
                violation_error_message=_("The work day cannot end before it starts."),
            ),
        )
        indexes = (models.Index(fields=("employee", "-started_at"), name="work_day_of_employee"),)

    def __str__(self) -> str:
        return f"{self.employee_id}: {self.started_at:%Y-%m-%d %H:%M}"


class Break(models.Model):
    """A break (Q4). It belongs to the employee and not to a work day: it counts without the tracking too."""

    employee = models.ForeignKey(
        "staff.Employee", on_delete=models.CASCADE, related_name="breaks", verbose_name=_("employee")
    )
    started_at = models.DateTimeField(_("started"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        ordering = ("-started_at", "-id")
        verbose_name = _("break")
        verbose_name_plural = _("breaks")
        constraints = (
            models.UniqueConstraint(
                fields=("employee",), condition=models.Q(ended_at__isnull=True), name="break_open_once"
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True) | models.Q(ended_at__gte=models.F("started_at")),
                name="break_ends_after_it_starts",
                violation_error_message=_("The break cannot end before it starts."),
            ),
        )
        indexes = (models.Index(fields=("employee", "-started_at"), name="break_of_employee"),)

    def __str__(self) -> str:
        return f"{self.employee_id}: {self.started_at:%Y-%m-%d %H:%M}"
