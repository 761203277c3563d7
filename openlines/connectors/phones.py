"""A phone number as people type it, for channels that send to anybody who has one."""

from __future__ import annotations

import re

import phonenumbers
from django.utils.translation import gettext as _


def international(written: str) -> str:
    """``+48600100200``. Raises ``ValueError``, with words, for what is no number or has no country code."""
    number = re.sub(r"^\s*00", "+", written.strip()[:60])
    if not number.startswith("+"):
        raise ValueError(_("Write the number with its country code, for example +48 600 100 200."))
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        parsed = None
    if parsed is None or not phonenumbers.is_valid_number(parsed) or parsed.extension:
        raise ValueError(
            _("“%(number)s” is no phone number. Check the country code and the digits.") % {"number": written}
        )
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
