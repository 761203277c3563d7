"""The account behind Messenger and Instagram: its name, its clients' names, and that our app hears of it."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from contactcenter.lib import http
from openlines.connectors.base import Account, Health, Sender
from openlines.connectors.fields import Json, items, mapping, text
from openlines.connectors.meta import graph
from openlines.connectors.meta.messaging_send import Channel, token, words
from openlines.connectors.meta.payload import identifier


def ask(
    account: Account, channel: Channel, method: str, path: str, params: dict[str, str] | None = None
) -> graph.Reply | Health:
    """The answer to a call of the set-up, or what is wrong."""
    if not token(account):
        return Health(False, _("Enter the access token. Meta shows it when you make one."))
    try:
        reply = channel.call(account, method, path, params=params)
    except (http.NotSent, http.MaybeSent) as error:
        return unreached(error)
    return reply if reply.ok else Health(False, words(reply))


def unreached(error: Exception) -> Health:
    return Health(False, _("Meta cannot be reached: %(why)s.") % {"why": error})


def no_address() -> Health:
    return Health(False, _("The address of this installation is not known. Enter it in the settings."))


def profile(external_id: str, account: Account, channel: Channel, *, names: Sequence[str]) -> Sender | None:
    """The client as Meta tells of him; None where it does not (he has to have written first). Never raises."""
    if not token(account) or not external_id:
        return None
    try:
        reply = channel.call(
            account, "GET", graph.segment(external_id), params={"fields": ",".join(names)}, read_seconds=10
        )
    except (http.NotSent, http.MaybeSent):
        return None
    if not reply.ok:
        return None
    body = reply.body
    full = text(body.get("name")) or f"{text(body.get('first_name'))} {text(body.get('last_name'))}"
    username = text(body.get("username"), limit=64).strip()
    name = " ".join(full.split())[:200]
    if not name and not username:
        return None
    return Sender(external_id, name=name or username, username=username)


def subscribe(account: Account, channel: Channel, wanted: Sequence[str], *, newer: Sequence[str] = ()) -> str:
    """Has our app told what happens to the account; the trouble in words, or nothing.

    ``newer``: names that an older version of the interface refuses; without them it works, too.
    """
    names = [*wanted, *newer]
    while True:
        try:
            reply = channel.call(
                account,
                "POST",
                channel.path("subscribed_apps"),
                params={"subscribed_fields": ",".join(names)},
            )
        except (http.NotSent, http.MaybeSent) as error:
            return unreached(error).detail
        if reply.ok:
            return ""
        refused = reply.fault is not None and reply.fault.code == 100
        if not (refused and newer and len(names) > len(wanted)):
            return words(reply)
        names = [*wanted]


def subscribed(reply: graph.Reply, *, app_id: str = "") -> frozenset[str] | None:
    """The names that our app is told of (``GET …/subscribed_apps``); None where it is not subscribed at all."""
    found: list[Json] = [mapping(item) for item in items(reply.body.get("data"))]
    ours = [item for item in found if not app_id or identifier(item.get("id")) == app_id]
    if not ours:
        return None
    return frozenset(text(name) for item in ours for name in items(item.get("subscribed_fields")))


def unsubscribe(account: Account, channel: Channel) -> Health:
    done = ask(account, channel, "DELETE", channel.path("subscribed_apps"))
    if isinstance(done, Health):
        return done
    return Health(True, _("Meta delivers no more messages of this account here."))
