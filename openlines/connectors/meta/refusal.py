"""What a refused send means where it means the same on every Meta channel."""

from __future__ import annotations

from django.utils.translation import gettext as _

from openlines.connectors.base import Broken, Failed, Outcome, TryLater, Unknown
from openlines.connectors.meta.graph import Fault, Reply

TOKEN_CODES = frozenset({102, 190, 463, 467})
THROTTLE_CODES = frozenset({4, 17, 32, 613, 80006})
FAULT_CODES = frozenset({1, 2})


def common(reply: Reply) -> Outcome | None:
    """The outcome of a call that is not ``ok``; None where the channel's own table has to decide.

    A channel asks its own table first where it gives one of these codes another meaning.
    """
    fault = reply.fault
    if fault is None:
        return _without_words(reply)
    if fault.code in TOKEN_CODES:
        return refused_token(fault)
    if fault.code in THROTTLE_CODES or reply.status == 429:
        return throttled(reply)
    if fault.is_transient or fault.code in FAULT_CODES or reply.status >= 500:
        return fault_of_meta(reply)
    return None


def throttled(reply: Reply, *, whole_connection: bool = True) -> TryLater:
    return TryLater(
        _("Meta asks to send more slowly."), after=reply.retry_after, whole_connection=whole_connection
    )


def fault_of_meta(reply: Reply) -> TryLater:
    number = reply.fault.code if reply.fault else reply.status
    return TryLater(
        _("Meta has a fault of its own (error %(number)d).") % {"number": number}, after=reply.retry_after
    )


def refused_token(fault: Fault | None = None) -> Broken:
    if fault is not None and "expired" in fault.said.lower():
        return Broken(
            _("The access token has expired. Make a new one at Meta that does not expire and enter it.")
        )
    return Broken(_("Meta refuses the access token. Make a new one at Meta and enter it."))


def not_taken(fault: Fault) -> Failed:
    """For codes that no table knows."""
    return Failed(
        _("Meta did not take the message: “%(said)s” (error %(code)d). Change it and send it again.")
        % {"said": fault.words, "code": fault.code}
    )


def _without_words(reply: Reply) -> Outcome:
    """No error that could be read: only HTTP's status tells."""
    if reply.status == 429:
        return throttled(reply)
    if reply.status == 504:
        return Unknown(_("Meta did not answer in time: it may have sent the message, or not."))
    if reply.status >= 500:
        return fault_of_meta(reply)
    if reply.status == 401:
        return refused_token()
    if reply.status < 300:
        return Unknown(_("Meta’s answer is unreadable: it may have sent the message, or not."))
    return Failed(
        _(
            "The address does not lead to Meta’s Graph API (answer %(status)d). Check the connection’s settings."
        )
        % {"status": reply.status}
    )
