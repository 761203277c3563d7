"""A test message from the set-up page: straight through the connector, in no dialog, its outcome in words."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

import phonenumbers
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from contactcenter.lib import calls
from openlines.connectors import base, registry
from openlines.models import Client, Connection, EarlyMark, Message
from openlines.services import clients, pausing
from openlines.services.addresses import webhook_url
from openlines.services.only_one import Work, only_one
from openlines.services.patience import NoAnswer, patiently

logger = logging.getLogger(__name__)

PATIENCE = 10.0
"""Seconds an administrator waits for the outcome."""
MOST_CLIENTS = 5
RECENT = 200
"""So many of the clients' latest messages are looked at for who wrote."""
MARK = "7e577e57"
"""Begins the uuid of each test message: an echo of it (Messenger) makes no message written outside."""
ECHO = "test"
"""``EarlyMark`` of a test message's id, for echoes that know nothing else (Instagram)."""


@dataclass(frozen=True)
class Tested:
    """``words``: what became of the test message, and what to do."""

    ok: bool
    words: str


class _Busy(Exception):
    pass


@dataclass
class _Told:
    """Whether the provider was called at all."""

    is_begun: bool = False

    def begin(self) -> None:
        self.is_begun = True

    def taken(self, ids: Sequence[str]) -> None:
        pass


def address_of(connection: Connection) -> str:
    """``email`` or ``phone`` where a test goes to an address that is typed; empty: to one of ``recent_clients``."""
    return registry.get(connection.kind).features.address


def recent_clients(connection: Connection) -> list[Client]:
    """Who wrote lately, the latest first: only they can be written to where nobody can be written to first."""
    rows = Message.objects.filter(connection=connection, author=Message.Author.CLIENT).order_by("-created_at")
    ids = list(dict.fromkeys(rows.values_list("dialog__client_id", flat=True)[:RECENT]))[:MOST_CLIENTS]
    found = Client.objects.in_bulk(ids)
    return [found[pk] for pk in ids if pk in found]


def send(connection: Connection, *, to: str, now: datetime) -> Tested:
    """``to``: what was typed (an address, a phone number), or a client's ``pk``. Nothing of it is stored in a dialog."""
    if not connection.is_active:
        return Tested(False, _("The connection is switched off. Switch it on first."))
    if connection.held_until and connection.held_until > now:
        seconds = round((connection.held_until - now).total_seconds())
        return Tested(
            False,
            _("The provider asked to be left alone for %(seconds)d s. Try again then.")
            % {"seconds": seconds},
        )
    message = _message(connection, to, now=now)
    if isinstance(message, Tested):
        return message
    account = connection.account(webhook_url=webhook_url(connection))

    told = _Told()

    def call() -> base.Outcome:
        with only_one(Work.TEST, connection.pk) as alone:
            if not alone:
                raise _Busy
            with calls.told_to(told):
                return registry.get(connection.kind).send(message, account)

    try:
        outcome = patiently(call, seconds=PATIENCE)
    except _Busy:
        return Tested(False, _("Another test message is on its way. Wait until it is done."))
    except NoAnswer:
        outcome = base.Unknown(
            _("The provider has not answered within %(seconds)d seconds.") % {"seconds": PATIENCE}
        )
    except Exception:
        logger.exception("A test message on connection %s failed", connection.pk)
        words = _("Something went wrong here while it was sent; the log of the server says what.")
        outcome = base.Unknown(words) if told.is_begun else base.Failed(words)
    EarlyMark.objects.bulk_create(
        EarlyMark(connection=connection, external_id=one[:200], kind=ECHO, at=now, heard_at=now)
        for one in outcome.external_ids
    )
    return _told(connection, outcome, now=now)


def is_echo(connection: Connection, *, external_id: str, uuid: str) -> bool:
    """Whether what the provider tells of as written by us is a test message."""
    if uuid.startswith(MARK):
        return True
    rows = EarlyMark.objects.filter(connection=connection, external_id=external_id[:200], kind=ECHO)
    return bool(external_id) and rows.exists()


# -- whom, and what -------------------------------------------------------------------------------------------


def _message(connection: Connection, to: str, *, now: datetime) -> base.OutgoingMessage | Tested:
    features = registry.get(connection.kind).features
    match features.address:
        case "email":
            recipient = _mail_address(to)
        case "phone":
            recipient = _phone(to, plus=connection.kind != Connection.Kind.WHATSAPP)
        case _:
            client = next((one for one in recent_clients(connection) if str(one.pk) == to), None)
            recipient = client.external_id if client else Tested(False, nobody())
    if isinstance(recipient, Tested):
        return recipient
    late = False
    if features.window is not None:
        wrote = _last_wrote(connection, recipient)
        if wrote is None or now - wrote >= (features.late_window or features.window):
            return Tested(False, _outside(features))
        late = now - wrote >= features.window
    text = _(
        "This is a test message from “%(line)s”. It shows that the channel works; there is no need to answer."
    ) % {"line": connection.line.name}
    return base.OutgoingMessage(
        uuid=f"{MARK}{str(uuid4())[8:]}",
        recipient=recipient,
        text=text,
        sender_name=connection.line.name,
        late=late,
        thread=base.Thread(subject=_("Test message")) if features.address == "email" else None,
    )


def nobody() -> str:
    return _(
        "Nobody has written on this channel yet. Write to it yourself first, then send the test to yourself."
    )


def _mail_address(typed: str) -> str | Tested:
    address = typed.strip()
    try:
        validate_email(address)
    except ValidationError:
        return Tested(False, _("This is not an e-mail address: “%(typed)s”.") % {"typed": address[:100]})
    return address


def _phone(typed: str, *, plus: bool) -> str | Tested:
    """As the channel writes numbers: with a plus (SMS) or without (WhatsApp)."""
    try:
        number = phonenumbers.parse(typed.strip(), getattr(settings, "PHONENUMBER_DEFAULT_REGION", None))
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        words = _(
            "This is not a phone number: “%(typed)s”. Write it with its country code, like +48 601 234 567."
        )
        return Tested(False, words % {"typed": typed.strip()[:100]})
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return written if plus else written.removeprefix("+")


def _last_wrote(connection: Connection, recipient: str) -> datetime | None:
    client = clients.find(connection, base.Sender(recipient))
    rows = Message.objects.filter(dialog__client=client, author=Message.Author.CLIENT) if client else None
    last = (
        rows.order_by("-created_at").values_list("created_at", flat=True).first()
        if rows is not None
        else None
    )
    return last


def _outside(features: base.Features) -> str:
    if features.address == "phone":
        return _(
            "This channel takes a free text only within 24 hours of the client’s last message, and none came from this "
            "number. Write to your channel from it, then send the test."
        )
    return _(
        "This client’s last message is too long ago: the channel lets nobody write to them now. Have the client write again, "
        "or choose another."
    )


# -- what came of it ------------------------------------------------------------------------------------------


def _told(connection: Connection, outcome: base.Outcome, *, now: datetime) -> Tested:
    match outcome:
        case base.Sent():
            Connection.objects.filter(pk=connection.pk).update(checked_at=now)
            return Tested(True, _("The provider has taken the test message. Look whether it has arrived."))
        case base.TryLater():
            if outcome.after:
                return Tested(
                    False,
                    _("Not sent: %(reason)s Try again in %(seconds)d s.")
                    % {"reason": _sentence(outcome.reason), "seconds": round(outcome.after.total_seconds())},
                )
            return Tested(
                False,
                _("Not sent: %(reason)s Try again in a moment.") % {"reason": _sentence(outcome.reason)},
            )
        case base.Failed():
            return Tested(False, _("Not sent: %(reason)s") % {"reason": _sentence(outcome.reason)})
        case base.Broken():
            pausing.pause(connection.pk, reason=outcome.reason, now=now)
            return Tested(
                False,
                _("Not sent, and nothing else will be until that is mended: %(reason)s")
                % {"reason": _sentence(outcome.reason)},
            )
        case base.Unknown():
            return Tested(
                False,
                _("It may have arrived or not: %(reason)s Look before you send another.")
                % {"reason": _sentence(outcome.reason)},
            )


def _sentence(reason: str) -> str:
    reason = reason.strip()
    return reason if reason.endswith((".", "!", "?", "”")) else f"{reason}."
