from django.db import models
from django.utils.translation import gettext_lazy as _


class Installation(models.Model):
    """What an administrator sets once for everybody. One row (`id` 1), made when it is first saved.

    Settings of a machine (addresses, secrets) are the environment's; here is what people decide at work.
    """

    company = models.CharField(
        _("company"),
        max_length=100,
        blank=True,
        help_text=_("Stands for #COMPANY# in texts to clients."),
    )
    work_day_tracking = models.BooleanField(
        _("work-day tracking"),
        default=False,
        help_text=_(
            "People start and end their work day, and are available while it runs. Off: available is who has "
            "the desk open. Exceptions are set with each employee."
        ),
    )

    class Meta:
        verbose_name = _("installation")
        verbose_name_plural = _("installation")
        constraints = (models.CheckConstraint(condition=models.Q(pk=1), name="installation_once"),)

    def __str__(self) -> str:
        return str(_("Settings of the installation"))

    @classmethod
    def current(cls) -> "Installation":
        """The row, or the defaults while nobody has saved any. One statement."""
        return cls.objects.filter(pk=1).first() or cls(pk=1)
