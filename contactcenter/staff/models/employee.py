from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.contrib.auth.models import AbstractUser, UserManager
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from contactcenter.staff.models.role import ADMIN_RIGHTS, Right, Scope
from contactcenter.staff.photos import photo_name, photo_storage, validate_photo
from contactcenter.staff.signals import Reason, became_available, became_unavailable, dismissed
from contactcenter.staff.zones import zone_named

if TYPE_CHECKING:
    from collections.abc import Iterable


def default_language() -> str:
    """The installation's language, in the spelling of LANGUAGES (`en` where LANGUAGE_CODE says `en-gb`)."""
    code: str = settings.LANGUAGE_CODE
    return code if code in dict(settings.LANGUAGES) else code.split("-")[0]


def language_choices() -> list[tuple[str, Any]]:
    return list(settings.LANGUAGES)


def default_time_zone() -> str:
    return str(settings.TIME_ZONE)


@cache
def _known_time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def validate_time_zone(value: str) -> None:
    """Raises ValidationError unless the value is the IANA name of a zone this machine knows."""
    if value not in _known_time_zones():
        raise ValidationError(
            _("“%(zone)s” is not a time zone; use a name like Europe/Warsaw."), params={"zone": value}
        )


class WorkDayTracking(models.TextChoices):
    """Q4's exceptions per person."""

    INSTALLATION = "installation", _("as the installation says")
    ALWAYS = "always", _("always")
    NEVER = "never", _("never")


class EmployeeQuerySet(models.QuerySet["Employee"]):
    def active(self) -> "EmployeeQuerySet":
        return self.filter(is_active=True)


class EmployeeManager(UserManager["Employee"]):
    """UserManager's create_user and the like, with our queryset behind it."""

    def get_queryset(self) -> EmployeeQuerySet:
        return EmployeeQuerySet(self.model, using=self._db)

    def active(self) -> EmployeeQuerySet:
        return self.get_queryset().active()


class Employee(AbstractUser):
    """The user model. What changes often (presence) has a table of its own, so that this row stays still."""

    phone = PhoneNumberField(_("phone"), blank=True)
    photo = models.ImageField(
        _("photo"),
        upload_to=photo_name,
        storage=photo_storage,
        blank=True,
        validators=[validate_photo],
        help_text=_("JPEG, PNG or WebP, up to 5 MB. Clients may see it, where the line says so."),
    )
    position = models.CharField(_("position"), max_length=150, blank=True)
    department = models.ForeignKey(
        "staff.Department",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="members",
        verbose_name=_("department"),
    )
    language = models.CharField(
        _("language"), max_length=10, choices=language_choices, default=default_language
    )
    time_zone = models.CharField(
        _("time zone"), max_length=64, default=default_time_zone, validators=[validate_time_zone]
    )
    work_day_tracking = models.CharField(
        _("work-day tracking"),
        max_length=12,
        choices=WorkDayTracking.choices,
        default=WorkDayTracking.INSTALLATION,
        help_text=_(
            "Whether they are available while their work day runs, or while they have the desk open."
        ),
    )
    dismissed_at = models.DateTimeField(
        _("dismissed"),
        null=True,
        blank=True,
        help_text=_("Who is dismissed cannot log in and gets no dialogs."),
    )

    objects: ClassVar[EmployeeManager] = EmployeeManager()

    class Meta:
        ordering = ("last_name", "first_name", "username")
        verbose_name = _("employee")
        verbose_name_plural = _("employees")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(dismissed_at__isnull=True) | models.Q(is_active=False),
                name="employee_dismissed_is_inactive",
            ),
        )

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """What colleagues read; the log-in name where no other is known."""
        return self.get_full_name() or self.username

    @property
    def zone(self) -> ZoneInfo:
        return zone_named(self.time_zone)

    @property
    def enters_admin(self) -> bool:
        """Whether /admin/ opens for him (by flag, or by a role that has something to do there)."""
        return self.is_active and (
            self.is_staff or any(self.has_right(right, Scope.ALL) for right in ADMIN_RIGHTS)
        )

    def save(self, *args: Any, update_fields: "Iterable[str] | None" = None, **kwargs: Any) -> None:
        if self.dismissed_at is not None:
            self.is_active = False
            if update_fields is not None and "dismissed_at" in update_fields:
                update_fields = {*update_fields, "is_active"}
        super().save(*args, update_fields=update_fields, **kwargs)

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        self.__dict__.pop("_scopes", None)
        super().refresh_from_db(*args, **kwargs)

    def dismiss(self, now: datetime) -> None:
        """Ends his log-in, his open sessions (the auth backend refuses who is inactive) and his work day."""
        from contactcenter.staff import work_days

        self.dismissed_at = now
        with transaction.atomic():
            self.save(update_fields=["dismissed_at", "is_active"])
            work_days.leave_work(self, now=now)
            dismissed.send(Employee, employee_id=self.pk, now=now)
            became_unavailable.send(Employee, employee_id=self.pk, now=now, reason=Reason.DISMISSED)

    def take_back(self, now: datetime) -> None:
        self.dismissed_at, self.is_active = None, True
        with transaction.atomic():
            self.save(update_fields=["dismissed_at", "is_active"])
            became_available.send(Employee, employee_id=self.pk, now=now)

    def has_right(self, right: Right, at_least: Scope = Scope.OWN) -> bool:
        from contactcenter.staff import roles

        return roles.scope(self, right) >= at_least
