"""Canned replies (A10): lists that lines share, in sections, with files."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class ReplyList(models.Model):
    name = models.CharField(_("name"), max_length=100, unique=True)

    class Meta:
        verbose_name = _("list of canned replies")
        verbose_name_plural = _("lists of canned replies")
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class ReplySection(models.Model):
    list = models.ForeignKey(ReplyList, on_delete=models.CASCADE, related_name="sections")
    name = models.CharField(_("name"), max_length=100)
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("section")
        verbose_name_plural = _("sections")
        ordering: ClassVar = ["position", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                "list",
                Lower("name"),
                name="one_section_of_a_name",
                violation_error_message=_("The list already has a section of this name."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class CannedReply(models.Model):
    list = models.ForeignKey(ReplyList, on_delete=models.CASCADE, related_name="replies")
    section = models.ForeignKey(
        ReplySection,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="replies",
        verbose_name=_("section"),
    )
    shortcut = models.CharField(
        _("shortcut"), max_length=50, help_text=_("What operators type after /, for example hours.")
    )
    title = models.CharField(_("title"), max_length=150)
    text = models.TextField(
        _("text"),
        max_length=5000,
        blank=True,
        help_text=_("You may use #CLIENT#, #OPERATOR#, #DIALOG#, #LINE# and #COMPANY#."),
    )
    position = models.PositiveIntegerField(_("position"), default=0)
    use_count = models.PositiveIntegerField(_("uses"), default=0, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("canned reply")
        verbose_name_plural = _("canned replies")
        ordering: ClassVar = ["position", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                "list",
                Lower("shortcut"),
                name="one_reply_of_a_shortcut",
                violation_error_message=_("The list already has a reply with this shortcut."),
            )
        ]

    def __str__(self) -> str:
        return self.title


def reply_file_path(file: ReplyFile, name: str) -> str:
    return f"replies/{uuid.uuid4().hex[:2]}/{uuid.uuid4().hex}"


class ReplyFile(models.Model):
    reply = models.ForeignKey(CannedReply, on_delete=models.CASCADE, related_name="files")
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=10, default="file")
    """A ``MediaKind``."""
    name = models.CharField(_("name"), max_length=255)
    mime = models.CharField(max_length=100, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    """Bytes."""
    file = models.FileField(_("file"), upload_to=reply_file_path, max_length=200)

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return self.name
