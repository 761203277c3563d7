"""Sending one message: a text of up to 1600 characters a call, files as links or as MMS.

Twilio cuts a call's text into segments and joins them on the phone; what is longer than a call becomes several.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from contactcenter.lib import calls, http
from openlines.connectors.base import (
    Account,
    Broken,
    Failed,
    Outcome,
    OutgoingFile,
    OutgoingMessage,
    Sent,
    TryLater,
    Unknown,
)
from openlines.connectors.fields import text as storable
from openlines.connectors.sms import api, refusal
from openlines.connectors.telegram.split import split

MAX_TEXT = 1600
MAX_MEDIA = 10
OVERRIDES = "#rc=3&rp=all"
"""How Twilio calls us: three more tries, after any failure, not after one of the connection alone."""

LINKS, MMS = "links", "mms"
"""How files go. Links work everywhere; MMS in the USA and Canada only."""

_WHATSAPP = "whatsapp:"


@dataclass(frozen=True)
class Part:
    text: str = ""
    files: tuple[OutgoingFile, ...] = ()


def plan(message: OutgoingMessage, account: Account) -> tuple[Part, ...]:
    text = storable(message.text).strip()
    if message.files and not attaches(message, account):
        text = "\n".join([text, *(file.url for file in message.files)]).strip()
        return tuple(Part(piece) for piece in split(text, MAX_TEXT))
    size = 1 if _is_whatsapp(message, account) else MAX_MEDIA
    groups = [message.files[start : start + size] for start in range(0, len(message.files), size)]
    pieces = split(text, MAX_TEXT)
    if groups and len(pieces) <= 1:
        return Part("".join(pieces), groups[0]), *(Part(files=group) for group in groups[1:])
    return *(Part(piece) for piece in pieces), *(Part(files=group) for group in groups)


def attaches(message: OutgoingMessage, account: Account) -> bool:
    return account.credentials.get("files", "") == MMS or _is_whatsapp(message, account)


def send(message: OutgoingMessage, account: Account) -> Outcome:
    """Sends the parts not yet accepted, up to the first trouble. ``external_ids`` are those accepted now."""
    if not api.is_complete(account):
        return Broken(
            _("Account SID or Auth Token is missing. Copy them from Twilio’s console and enter them.")
        )
    if not _from(account):
        return Broken(_("The connection has no number to send from. Enter one of your Twilio account."))
    for file in message.files:
        if not file.url:
            return Failed(
                _(
                    "“%(name)s” has no address on the internet, so it cannot go out by text message. "
                    "The address of this installation must be set."
                )
                % {"name": file.name}
            )
    parts = plan(message, account)
    if not parts:
        return Failed(_("The message is empty. Write something or attach a file."))
    accepted: list[str] = []
    for index, part in enumerate(parts[message.part :], start=message.part):
        outcome = _deliver(_form(part, message, account), account)
        accepted += outcome.external_ids
        if not isinstance(outcome, Sent):
            return replace(outcome, external_ids=tuple(accepted))
        if index < len(parts) - 1:
            calls.taken(outcome.external_ids)
    return Sent(tuple(accepted))


def _deliver(form: dict[str, Any], account: Account) -> Outcome:
    try:
        reply = api.call(account, "POST", "Messages.json", form=form)
    except http.NotSent:
        return TryLater(_("Twilio cannot be reached."))
    except http.MaybeSent:
        return Unknown(_("Twilio did not answer: it may have sent the message, or not."))
    if not reply.ok:
        return refusal.outcome(reply)
    sid = storable(reply.body.get("sid"), limit=64)
    if not sid:
        return Unknown(_("Twilio took the message but did not say under which number."))
    return Sent((sid,))


def _form(part: Part, message: OutgoingMessage, account: Account) -> dict[str, Any]:
    whatsapp = _is_whatsapp(message, account)
    sender = _from(account)
    form: dict[str, Any] = {"To": _channelled(tidy(message.recipient), whatsapp=whatsapp)}
    if sender.startswith("MG"):
        form["MessagingServiceSid"] = sender
    else:
        form["From"] = _channelled(sender, whatsapp=whatsapp)
    if part.text:
        form["Body"] = part.text
    if part.files:
        form["MediaUrl"] = [file.url for file in part.files]
    if account.webhook_url:
        ours = account.webhook_url.partition("#")[0]
        query = urlencode({"uuid": message.uuid})
        form["StatusCallback"] = f"{ours}{'&' if '?' in ours else '?'}{query}{OVERRIDES}"
    return form


def tidy(address: str) -> str:
    """A phone number as Twilio wants it: + and digits. What is no number stays as it is."""
    channel, colon, bare = address.strip().rpartition(":")
    digits = re.sub(r"[\s().\-/]", "", bare)
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    return f"{channel}{colon}{digits}" if re.fullmatch(r"\+?[0-9]+", digits) else address.strip()


def _from(account: Account) -> str:
    return tidy(account.credentials.get("sender", ""))


def recipient(number: str, account: Account) -> str:
    """A phone number as this account's deliveries name it: Twilio's WhatsApp has its channel before it."""
    return _channelled(number, whatsapp=_from(account).startswith(_WHATSAPP))


def _is_whatsapp(message: OutgoingMessage, account: Account) -> bool:
    return message.recipient.startswith(_WHATSAPP) or _from(account).startswith(_WHATSAPP)


def _channelled(address: str, *, whatsapp: bool) -> str:
    return f"{_WHATSAPP}{address}" if whatsapp and not address.startswith(_WHATSAPP) else address
