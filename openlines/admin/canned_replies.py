"""Canned replies (A10): the lists, and what is in each."""

from __future__ import annotations

from django.contrib import admin
from unfold.admin import ModelAdmin

from openlines.models import ReplyList


@admin.register(ReplyList)
class ReplyListAdmin(ModelAdmin):  # type: ignore[misc]  # unfold is not typed
    search_fields = ("name",)
