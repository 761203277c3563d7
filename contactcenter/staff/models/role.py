from django.db import models
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _


class Right(models.TextChoices):
    """The rows of the table in §12; rows of two rights are two members."""

    LINES_SEE = "lines_see", _("See the settings of lines")
    LINES_CHANGE = "lines_change", _("Change the settings of lines")
    CONNECTIONS_CHANGE = "connections_change", _("Change connections, forms and bots")
    DIALOGS_SEE = "dialogs_see", _("See dialogs in the list")
    DIALOGS_HISTORY = "dialogs_history", _("Read the history of dialogs")
    DIALOGS_START_SPAM = "dialogs_start_spam", _("Start a dialog, mark one as spam")
    DIALOGS_JOIN = "dialogs_join", _("Join a dialog and take it over")
    SUPERVISOR_RATING = "supervisor_rating", _("Rate as a supervisor")
    REPORTS = "reports", _("Reports")
    EXPORT = "export", _("Export")
    CRM_SEE = "crm_see", _("See CRM records")
    CRM_CHANGE = "crm_change", _("Change CRM records")
    CANNED_CHANGE = "canned_change", _("Change canned replies")
    ROLES_CHANGE = "roles_change", _("Change roles and employees")


#: Whoever has one of these for everything finds something to do in /admin/.
ADMIN_RIGHTS = (
    Right.LINES_SEE,
    Right.LINES_CHANGE,
    Right.CONNECTIONS_CHANGE,
    Right.CANNED_CHANGE,
    Right.ROLES_CHANGE,
)


class Scope(models.IntegerChoices):
    """How far a right reaches. A larger number is wider: of several roles the widest wins (§12)."""

    NOTHING = 0, pgettext_lazy("scope of a right", "nothing")
    OWN = 1, pgettext_lazy("scope of a right", "own")
    DEPARTMENT = 2, pgettext_lazy("scope of a right", "own department")
    ALL = 3, pgettext_lazy("scope of a right", "all")


class Role(models.Model):
    """A named set of rights. The ready ones come with the installation; their names are shown translated."""

    key = models.SlugField(_("key"), max_length=50, unique=True)
    name = models.CharField(_("name"), max_length=100)
    is_ready = models.BooleanField(
        _("ready role"),
        default=False,
        editable=False,
        help_text=_("Came with the product; cannot be deleted."),
    )

    class Meta:
        ordering = ("id",)
        verbose_name = _("role")
        verbose_name_plural = _("roles")

    def __str__(self) -> str:
        return gettext(self.name) if self.is_ready else self.name


#: The names of the ready roles, here so that the message files have them.
READY_ROLE_NAMES = {
    "administrator": _("Administrator"),
    "supervisor": _("Supervisor"),
    "operator": _("Operator"),
}


class RoleGrant(models.Model):
    """One right of a role, and how far it reaches; a right without a grant reaches nothing."""

    role = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="grants", verbose_name=_("role"))
    right = models.CharField(_("right"), max_length=40, choices=Right.choices)
    scope = models.PositiveSmallIntegerField(_("scope"), choices=Scope.choices, default=Scope.NOTHING)

    class Meta:
        ordering = ("id",)
        verbose_name = _("right of the role")
        verbose_name_plural = _("rights of the role")
        constraints = (
            models.UniqueConstraint(
                fields=("role", "right"),
                name="role_grant_once",
                violation_error_message=_("The role has this right already."),
            ),
        )

    def __str__(self) -> str:
        return f"{Right(self.right).label}: {Scope(self.scope).label}"


class RoleBinding(models.Model):
    """Who has a role: one employee, or everybody in a department and in those below it."""

    role = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="bindings", verbose_name=_("role"))
    employee = models.ForeignKey(
        "staff.Employee",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="role_bindings",
        verbose_name=_("employee"),
    )
    department = models.ForeignKey(
        "staff.Department",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="role_bindings",
        verbose_name=_("department"),
    )

    class Meta:
        ordering = ("id",)
        verbose_name = _("holder of the role")
        verbose_name_plural = _("holders of the role")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(employee__isnull=False, department__isnull=True)
                | models.Q(employee__isnull=True, department__isnull=False),
                name="role_binding_one_holder",
                violation_error_message=_("Choose an employee or a department, not both."),
            ),
            models.UniqueConstraint(
                fields=("role", "employee"),
                name="role_binding_employee_once",
                violation_error_message=_("This employee has the role already."),
            ),
            models.UniqueConstraint(
                fields=("role", "department"),
                name="role_binding_department_once",
                violation_error_message=_("This department has the role already."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.role} – {self.employee or self.department}"
