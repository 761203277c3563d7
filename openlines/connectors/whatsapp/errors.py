"""What WhatsApp's error codes mean: for a call, and for a status that says later that a message failed.

The code counts, not HTTP's status nor the title: Meta announces that titles will change.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext as _

from openlines.connectors.base import Broken, Failed, Outcome, TryLater
from openlines.connectors.meta import refusal
from openlines.connectors.meta.graph import Reply

THROTTLED = frozenset({4, 80007, 130429, 133016})
PAIR_LIMIT = 131056
PAIR_PAUSE = timedelta(seconds=6)
"""One message in six seconds to the same person, on the average; short bursts are allowed."""
FAULTS = frozenset({1, 2, 131000, 131016, 131057, 135000})
PERMISSION = frozenset({0, 3, 10, 33, 131005, *range(200, 300)})
ACCOUNT = frozenset({368, 130497, 131031, 131042, 131045, 131048, 131064, 133010})
WINDOW_OVER = 131047
UPLOAD_FAILED = 131053
BAD_REQUEST = frozenset({100, 131008, 131009})


def outcome(reply: Reply) -> Outcome:
    """What a call that is not ``ok`` means for the message."""
    fault = reply.fault
    if fault is None or fault.code in refusal.TOKEN_CODES:
        return refusal.common(reply) or refusal.fault_of_meta(reply)
    code = fault.code
    if not code and reply.status >= 500:
        return refusal.fault_of_meta(reply)
    if code == PAIR_LIMIT:
        return TryLater(words(code), after=reply.retry_after or PAIR_PAUSE)
    if code in THROTTLED or reply.status == 429:
        return refusal.throttled(reply)
    if is_wrong_secret(reply):
        return Broken(wrong_secret())
    if is_unknown_account(reply):
        return Broken(unknown_account())
    if code in PERMISSION:
        return Broken(
            _(
                "Meta does not let the access token use this number: “%(said)s”. Give its system user the "
                "permissions whatsapp_business_messaging and whatsapp_business_management, and enter a new token."
            )
            % {"said": fault.words}
        )
    if code in ACCOUNT:
        return Broken(words(code, fault.words))
    if code in FAULTS or fault.is_transient:
        return refusal.fault_of_meta(reply)
    known = _reasons().get(code)
    if known is not None:
        return Failed(known)
    return refusal.common(reply) or Failed(words(code, fault.words))


def words(code: int, said: str = "") -> str:
    """What happened and what to do, for the operator."""
    known = _reasons().get(code)
    if known is not None:
        return known
    if 132000 <= code <= 132099:
        return _(
            "WhatsApp did not take the template: “%(said)s”. Choose another one, or look it up in WhatsApp Manager."
        ) % {"said": said or code}
    if code == 0 or code in PERMISSION or code in refusal.TOKEN_CODES:
        return _("WhatsApp does not let us send just now: “%(said)s”. Tell the administrator.") % {
            "said": said or code
        }
    return _(
        "WhatsApp did not deliver the message: “%(said)s” (error %(code)d). Change it and send it again, "
        "or reach the client another way."
    ) % {
        "said": said or code,
        "code": code,
    }


def is_wrong_secret(reply: Reply) -> bool:
    """Meta compares the proof that goes with each call: the app secret is not that of the token's app."""
    return reply.fault is not None and "appsecret_proof" in reply.fault.said.lower()


def wrong_secret() -> str:
    return _(
        "The app secret is not the one of the app that the access token belongs to. "
        "Copy it from App settings → Basic and enter it."
    )


def is_unknown_account(reply: Reply) -> bool:
    """The number or the account in the address is not there for this token."""
    fault = reply.fault
    return fault is not None and fault.code == 100 and fault.subcode == 33


def unknown_account() -> str:
    return _(
        "Meta does not know this phone number ID or account ID, or the token may not use it. Compare them with "
        "WhatsApp → API Setup, and give the system user access to the account."
    )


def _reasons() -> dict[int, str]:
    """Code → what happened and what to do."""
    payment = _(
        "WhatsApp sends nothing because of a payment problem. Add or mend the payment method in WhatsApp Manager."
    )
    return {
        131047: _(
            "The client wrote more than 24 hours ago: WhatsApp takes only a template now. Choose one, "
            "or wait until the client writes."
        ),
        131026: _(
            "The message cannot be delivered: the number may not be on WhatsApp, or the client’s WhatsApp is too "
            "old or has not accepted the new terms. Reach the client another way."
        ),
        131049: _(
            "WhatsApp held this message back so that the client does not get too many offers. Do not send it "
            "again at once; wait a day, or until the client writes."
        ),
        131050: _("The client does not want marketing messages from you. Send no more of them."),
        130472: _(
            "WhatsApp held this message back for an experiment of its own. Wait until the client writes."
        ),
        131051: _("WhatsApp does not know this kind of message. Send it as a text or a file."),
        131052: _("WhatsApp could not fetch the client’s file. Ask the client to send it again."),
        131053: _(
            "WhatsApp could not use the file. Check that it opens and is of a usual type (JPEG, PNG, MP4, PDF), "
            "and attach it again."
        ),
        131037: _("Your number’s display name is not approved yet. Have it approved in WhatsApp Manager."),
        131043: _(
            "The client’s phone was out of reach for so long that WhatsApp gave the message up. Send it again."
        ),
        131062: _(
            "This template cannot be sent to a client whose phone number is hidden. Choose another one."
        ),
        131030: _(
            "The number is in test mode and may write to listed numbers only. Add the client’s number at Meta "
            "under WhatsApp → API Setup, or use a real number."
        ),
        131021: _("The recipient is your own number. Choose another one."),
        131056: _("Many messages went to this client in a short time: WhatsApp makes us wait a little."),
        131048: _(
            "WhatsApp has stopped this number’s messages because clients reported or blocked them. Look at the "
            "quality of the number in WhatsApp Manager."
        ),
        131064: _(
            "WhatsApp has limited this account’s messages. Look in WhatsApp Manager at what is asked of you."
        ),
        368: _(
            "WhatsApp has blocked the account for breaking its rules. Look in WhatsApp Manager at what to do."
        ),
        131031: _("WhatsApp has locked the account. Look in WhatsApp Manager at what to do."),
        130497: _("WhatsApp does not let this account write to clients of this country."),
        131042: payment,
        131045: _(
            "The number is not registered rightly. Register it again at Meta under WhatsApp → API Setup."
        ),
        133010: _("The number is not registered. Register it at Meta under WhatsApp → API Setup."),
        132000: _("The template needs another number of values. Choose it again and fill in all of them."),
        132001: _("This template does not exist in this language, or is not approved. Choose another one."),
        132005: _("The text is too long with the values filled in. Shorten them."),
        132012: _("A value does not fit the template. Choose it again and fill in the values anew."),
        132015: _("WhatsApp has paused this template, as clients did not like it. Choose another one."),
        132016: _("WhatsApp has switched this template off, as clients did not like it. Choose another one."),
    }
