from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from contactcenter.staff.departments import subtree


class Department(models.Model):
    """A node of the company's tree. A queue that lists it means its people (Q1, `staff.departments`)."""

    name = models.CharField(_("name"), max_length=150)
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("part of"),
        help_text=_("Empty for a department at the top."),
    )
    head = models.ForeignKey(
        "staff.Employee",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="heads",
        verbose_name=_("head"),
        help_text=_("A queue that lists the department leaves its head out, unless the head is listed too."),
    )
    sort_order = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        ordering = ("sort_order", "name", "id")
        verbose_name = _("department")
        verbose_name_plural = _("departments")
        constraints = (
            models.UniqueConstraint(
                fields=("parent", "name"),
                name="department_name_once_in_parent",
                nulls_distinct=False,
                violation_error_message=_("There is already a department of this name here."),
            ),
        )

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a circle. (Two changes at once could close one; the recursive queries end all the same.)"""
        super().clean()
        if self.pk is None or self.parent_id is None:
            return
        if self.parent_id in subtree([self.pk]):
            raise ValidationError({"parent": _("It cannot be part of itself or of a department below it.")})
