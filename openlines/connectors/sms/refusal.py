"""What Twilio's error codes mean for a message: told at once, or later by a status callback."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext as _

from openlines.connectors.base import Broken, Failed, Outcome, TryLater, Unknown
from openlines.connectors.sms.api import Reply

FULL_QUEUE_WAIT = timedelta(minutes=10)
"""21611: Twilio's own queue for the number is full, and empties by about a message a second."""

_WAIT = {14107, 20429, 20500, 20503, 21611, 30001, 30022, 63018}
_UNREACHABLE = {21211, 21610, 21614, 30004, 30005, 30006}


def outcome(reply: Reply) -> Outcome:
    """A refused send."""
    if reply.status == 429 or reply.code == 20429:
        return TryLater(_("Twilio asks to send more slowly."), after=reply.retry_after, whole_connection=True)
    if reply.code in _WAIT:
        after = FULL_QUEUE_WAIT if reply.code == 21611 else reply.retry_after
        return TryLater(_busy(), after=after)
    if reply.status == 504 and not reply.readable:
        return Unknown(_("Twilio did not answer in time: it may have sent the message, or not."))
    if reply.status >= 500:
        return TryLater(
            _("Twilio has a fault of its own (answer %(status)d).") % {"status": reply.status},
            after=reply.retry_after,
        )
    if reply.code is not None and (broken := _broken().get(reply.code)):
        return Broken(broken)
    if reply.status in {401, 403} and reply.code is None:
        return Broken(_broken()[20003])
    if reply.status < 300:
        return Unknown(_("Twilio’s answer is unreadable: it may have sent the message, or not."))
    if not reply.readable:
        return (
            Broken(_broken()[20404])
            if reply.status == 404
            else TryLater(_("Twilio has a fault of its own (answer %(status)d).") % {"status": reply.status})
        )
    if known := _messages().get(reply.code or 0):
        return Failed(known, unreachable=reply.code in _UNREACHABLE)
    return Failed(
        _("Twilio did not take the message: “%(said)s”. Change it and send it again.")
        % {"said": reply.said or reply.code or reply.status}
    )


def not_delivered(code: int | None, said: str) -> tuple[str, bool]:
    """Why a message that Twilio had taken did not arrive, and whether the client cannot be written to at all."""
    known = _messages().get(code or 0) or _broken().get(code or 0)
    if known is None and code in _WAIT:
        known = _("The network was too busy for the message. Send it again.")
    if known is None:
        told = said.strip().rstrip(".") or (str(code) if code else "")
        known = (
            _("The message was not delivered: “%(said)s”. Send it again or reach the client another way.")
            % {"said": told}
            if told
            else _("The message was not delivered. Send it again or reach the client another way.")
        )
    return known, code in _UNREACHABLE


def words(reply: Reply) -> str:
    """A refusal of something else than a message, for the set-up page."""
    known = _broken().get(reply.code or 0)
    if reply.status in {401, 403} and known is None:
        known = _broken()[20003]
    return known or _("Twilio answered: “%(said)s”.") % {"said": reply.said or reply.code or reply.status}


def _busy() -> str:
    return _("Twilio is busy or its queue is full.")


def _broken() -> dict[int, str]:
    sender = _(
        "The connection’s number cannot send messages, or is not this account’s. Choose another one and save it."
    )
    suspended = _("The Twilio account is suspended. Look into Twilio’s console for what it wants from you.")
    return {
        20003: _(
            "Twilio refuses the credentials. Copy Account SID and Auth Token from its console and enter them."
        ),
        20005: suspended,
        20404: _("Twilio does not know the account. Copy the Account SID from its console and enter it."),
        21212: sender,
        21603: sender,
        21606: sender,
        21609: _("Twilio does not accept this installation’s address. It must be one on the internet."),
        21703: _("The Messaging Service has no number to send from. Add one in Twilio’s console."),
        30002: suspended,
    }


def _messages() -> dict[int, str]:
    number = _("This is not a number that takes text messages. Correct it, or reach the client another way.")
    too_long = _("The text is too long for a message. Shorten it.")
    gone = _("No text messages go to this number: it is unknown or a landline. Reach the client another way.")
    file = _("The file cannot go along with a text message. Send it another way.")
    return {
        21211: number,
        21408: _(
            "Your Twilio account may not write to this country. Allow it in the console (Geo Permissions)."
        ),
        21604: number,
        21608: _(
            "A trial account of Twilio writes to confirmed numbers only. Confirm the number or pay for Twilio."
        ),
        21610: _(
            "The client has opted out with STOP. It can be written to again once the client sends START."
        ),
        21612: _("Twilio cannot reach this number from yours. Reach the client another way."),
        21614: number,
        21617: too_long,
        21620: file,
        21623: file,
        21658: too_long,
        30003: _("The client’s phone is switched off or out of reach. Send the message again later."),
        30004: _("The client or the network blocks messages from your number. Reach the client another way."),
        30005: gone,
        30006: gone,
        30007: _("The network took the message for spam. Write it differently, with fewer links."),
        30008: _("The network could not deliver the message and did not say why. Send it again."),
        30011: file,
        30019: file,
        30034: _("Your number is not registered for messages to the USA. Register it in Twilio’s console."),
        63016: _(
            "WhatsApp’s 24 hours since the client’s last message are over. Wait for the client to write."
        ),
    }
