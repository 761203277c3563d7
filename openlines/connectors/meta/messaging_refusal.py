"""What a refused send means on Messenger and Instagram. Codes have many meanings: the subcode is asked first."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _

from openlines.connectors.base import Broken, Failed, Outcome, TryLater, Unknown
from openlines.connectors.meta import refusal
from openlines.connectors.meta.graph import Fault, Reply

WINDOW = frozenset({2018278, 2018065, 2534022})
"""Subcodes of 10 that say: the time for an answer is over, not that a permission is missing."""

SENT_ALL_THE_SAME = (1, 1357046)
"""By Meta's own list the answer is an error, and the message goes out: nothing to send twice."""

_UNREACHABLE = frozenset({1545041, 2018001, 2018108, 2018218, 2534014})
_ANOTHER_APP = frozenset({2018300, 2018321})
_UPLOAD = frozenset({2018007, 2018008, 2018047, 2018074, 2018294, 2534067})
_TOO_LARGE = frozenset({2018006, 2018109})


def outcome(reply: Reply, *, late: bool = False) -> Outcome:
    """What became of the call that is not ``ok``. ``late``: it was sent as a human agent's after the window."""
    fault = reply.fault
    if fault is None:
        return refusal.common(reply) or _unknown_words(reply)
    if (fault.code, fault.subcode) == SENT_ALL_THE_SAME:
        return Unknown(_("Meta reports a fault of its own after it has sent the message, as a rule."))
    words = fault.said.lower()
    if "appsecret_proof" in words:
        return Broken(wrong_secret())
    if late and ("human_agent" in words or "human agent" in words):
        return Failed(
            _(
                "Meta has not allowed your app to answer later than 24 hours after the client’s message. "
                "Ask Meta for the “Human Agent” feature, or wait until the client writes."
            )
        )
    return _by_subcode(fault) or refusal.common(reply) or _by_code(fault, reply)


def wrong_secret() -> str:
    return _("The app’s secret is not that of the app that made the token. Copy it from App settings, Basic.")


def _unknown_words(reply: Reply) -> Outcome:
    return Failed(
        _("Meta did not take the message (answer %(status)d). Send it again.") % {"status": reply.status}
    )


def _by_subcode(fault: Fault) -> Outcome | None:
    if fault.subcode in WINDOW:
        return _window()
    if fault.subcode in _UNREACHABLE or fault.code == 551:
        return _unreachable()
    if fault.subcode in _ANOTHER_APP:
        return Failed(
            _(
                "Another app of the page leads this conversation. Take it over in the page’s inbox, "
                "or make this app the default one under the page’s settings, then send again."
            )
        )
    if fault.subcode in _TOO_LARGE:
        return Failed(_("Meta does not take files this large: 25 MB, pictures 8 MB. Send a smaller one."))
    if fault.subcode in _UPLOAD:
        return Failed(_("Meta could not take the file over. Send it again, or another form of it."))
    if fault.subcode == 2018034:
        return Failed(_("Meta does not take an empty message. Write something."))
    if fault.subcode == 2534001:
        return Failed(_("The client has deleted this conversation. It goes on once the client writes again."))
    return None


def _by_code(fault: Fault, reply: Reply) -> Outcome:
    if fault.code == 10 and "window" in fault.said.lower():
        return _window()
    if fault.code in {9, 1200}:
        return TryLater(
            _("Meta asks to try later."), after=reply.retry_after, whole_connection=fault.code == 9
        )
    if fault.code == 368:
        return Broken(
            _(
                "Meta has blocked the account from sending for breaking its rules. Read its notice, then go on."
            )
        )
    if fault.code == 33 or (fault.code == 100 and fault.subcode == 33):
        return Broken(
            _("Meta does not know the account, or the token may not use it. Check the id and token.")
        )
    if fault.code == 230:
        return Failed(_("Meta does not let us write to this client: the client has to write first."))
    if fault.code in {0, 3, 10} or 200 <= fault.code <= 299:
        return Broken(
            _("The access token lacks a permission for messages: “%(said)s”. Make a new one with it at Meta.")
            % {"said": fault.words}
        )
    for mark, reason in _words().items():
        if fault.code == 100 and mark in fault.said.lower():
            return reason()
    return refusal.not_taken(fault)


def _window() -> Failed:
    return Failed(
        _(
            "The time for an answer is over: Meta lets us write within 24 hours after the client’s message. "
            "It goes on once the client writes again."
        )
    )


def _unreachable() -> Failed:
    return Failed(
        _("The client cannot be written to: the account is gone, or it does not want messages from us."),
        unreachable=True,
    )


def _too_long() -> Failed:
    return Failed(_("The text is too long for the channel. Shorten it."))


def _words() -> dict[str, Callable[[], Outcome]]:
    """Part of Meta's words for its most general error, in small letters → what it means."""
    return {
        "no matching user": _unreachable,
        "cannot be found": _unreachable,
        "outside of allowed window": _window,
        "length of param": _too_long,
        "too long": _too_long,
    }
