"""An address as people type it, alone or with its name (``Anna Bell <anna@example.com>``)."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from openlines.connectors.base import Sender
from openlines.connectors.email import headers
from openlines.connectors.email.options import Options


def sender(written: str, own: Options) -> Sender:
    """Raises ``ValueError``, with words."""
    found = headers.addresses([written])
    if len({address for _name, address in found}) > 1:
        raise ValueError(_("Write one address: each client has a dialog of their own."))
    name, address = found[0] if found else ("", "")
    try:
        validate_email(address)
    except ValidationError:
        raise ValueError(
            _("“%(address)s” is no e-mail address. It should look like anna@example.com.")
            % {"address": written[:200]}
        ) from None
    if own.is_own(address):
        raise ValueError(_("“%(address)s” is our own address.") % {"address": address})
    return Sender(address, name=name, email=address)
