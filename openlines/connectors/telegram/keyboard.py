"""Buttons under a message: Telegram's inline keyboard. A press comes back as ``callback_query`` with the payload."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from openlines.connectors.base import Button
from openlines.connectors.fields import text as storable

MAX_BUTTONS = 100
MAX_DATA = 64
"""Bytes of ``callback_data``."""

SIDE_BY_SIDE = 30
"""Letters of a row: what is short stands side by side, longer labels below one another."""


def problem(buttons: Sequence[Button]) -> str:
    """Why Telegram would refuse them, in words; empty where it would not."""
    for button in buttons:
        if not storable(button.text).strip():
            return _("A button has no label. Give it one.")
        if not 1 <= len(button.payload.encode("utf-8", "replace")) <= MAX_DATA:
            return _(
                "The value behind the button “%(label)s” is too long: Telegram takes up to 64 bytes. Shorten it."
            ) % {"label": button.text}
    if len(buttons) > MAX_BUTTONS:
        return _("Telegram takes up to %(most)d buttons under a message. Use fewer.") % {"most": MAX_BUTTONS}
    return ""


def markup(buttons: Sequence[Button]) -> dict[str, Any]:
    """``reply_markup``. Up to three short labels make one row."""
    keys = [{"text": storable(button.text).strip(), "callback_data": button.payload} for button in buttons]
    in_a_row = len(keys) <= 3 and sum(len(key["text"]) for key in keys) <= SIDE_BY_SIDE
    return {"inline_keyboard": [keys] if in_a_row else [[key] for key in keys]}
