from django.db import models
from django.utils.translation import gettext_lazy as _


class Notice(models.Model):
    """A word from the product to one employee. The text is made when it is read, in the reader's language."""

    employee = models.ForeignKey(
        "staff.Employee", on_delete=models.CASCADE, related_name="notices", verbose_name=_("employee")
    )
    kind = models.CharField(_("kind"), max_length=60, help_text=_("Names the text, see staff.notices."))
    data = models.JSONField(_("data"), default=dict, blank=True)
    link = models.CharField(_("link"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("created"))
    read_at = models.DateTimeField(_("read"), null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        indexes = (
            models.Index(
                fields=("employee", "-created_at"),
                condition=models.Q(read_at__isnull=True),
                name="notice_unread",
            ),
        )

    def __str__(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        from contactcenter.staff.notices import text_of

        return text_of(self.kind, self.data)
