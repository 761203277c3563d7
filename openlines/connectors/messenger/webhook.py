"""Telling Meta where to deliver, and looking whether it does.

Two things make deliveries come: the app has an address for pages (one for all pages of the app), and the page
lets the app hear of its messages.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from contactcenter.lib import http
from openlines.connectors.base import Account, Health
from openlines.connectors.fields import text
from openlines.connectors.messenger.page import channel
from openlines.connectors.meta import checking, graph, messaging_account, subscription
from openlines.connectors.meta.messaging_send import words
from openlines.connectors.meta.payload import identifier

FIELDS = (
    "messages",
    "messaging_postbacks",
    "message_deliveries",
    "message_reads",
    "message_echoes",
    "message_reactions",
    "messaging_referrals",
    "messaging_optins",
    "messaging_policy_enforcement",
    "standby",
)
NEWER_FIELDS = ("message_edits",)


def set_up(account: Account) -> Health:
    found = _page(account)
    if not found.ok:
        return found
    name = found.account_name
    if not account.webhook_url:
        return messaging_account.no_address()
    app_id, app_secret = _app(account)
    if not app_id or not app_secret:
        return Health(False, _("Enter the app’s ID and secret. They stand in App settings, Basic."), name)
    trouble = _register(account, app_id, app_secret)
    trouble = trouble or messaging_account.subscribe(account, channel(account), FIELDS, newer=NEWER_FIELDS)
    if trouble:
        return Health(False, trouble, name)
    return Health(True, _("Meta delivers the messages to %(name)s here.") % {"name": name}, name)


def tear_down(account: Account) -> Health:
    """The page only: the app's address may serve other pages."""
    return messaging_account.unsubscribe(account, channel(account))


def check(account: Account) -> Health:
    return checking.in_turn(
        account,
        (_("Page and its access token"), _page),
        (_("Subscription of the app"), _hears),
        (_("App secret and webhook"), _delivers),
    )


def _hears(account: Account) -> Health:
    app_id, _secret = _app(account)
    answer = messaging_account.ask(account, channel(account), "GET", channel(account).path("subscribed_apps"))
    if isinstance(answer, Health):
        return answer
    heard = messaging_account.subscribed(answer, app_id=app_id)
    if heard is None or "messages" not in heard:
        return Health(False, _("Your app does not hear of the page’s messages. Set the connection up again."))
    return Health(True, "")


def _delivers(account: Account) -> Health:
    app_id, app_secret = _app(account)
    try:
        reply = subscription.subscribed(account, app_id=app_id, app_secret=app_secret)
    except (http.NotSent, http.MaybeSent) as error:
        return messaging_account.unreached(error)
    if not reply.ok:
        return Health(False, _app_trouble(reply))
    return _address(account, subscription.address_in(reply, "page"), "")


def _address(account: Account, address: str, name: str) -> Health:
    if not address:
        return Health(False, _("Meta does not deliver here yet. Set the connection up."), name)
    if not account.webhook_url or address == account.webhook_url:
        return Health(True, _("The token works and Meta delivers here."), name)
    if _place(address) == _place(account.webhook_url):
        detail = _(
            "The token works. Meta delivers to another connection of the same app here, which passes it on."
        )
        return Health(True, detail, name)
    return Health(False, _("Meta delivers to another address. Set the connection up again."), name)


def _place(address: str) -> tuple[str, str]:
    """The host, and the path without the connection's own part."""
    parts = urlsplit(address)
    return parts.netloc, parts.path.rstrip("/").rpartition("/")[0]


def _page(account: Account) -> Health:
    """The page's name, with the proof that the token is its own."""
    page_id = account.credentials.get("page_id", "").strip()
    if not page_id:
        return Health(False, _("Enter the page’s ID."))
    reply = messaging_account.ask(account, channel(account), "GET", "me", {"fields": "id,name"})
    if isinstance(reply, Health):
        return reply
    name, told = text(reply.body.get("name"), limit=200), identifier(reply.body.get("id"))
    if told and told != page_id:
        return Health(
            False,
            _(
                "The token is that of “%(name)s”, whose ID is %(told)s. Enter that ID, or the token of your page."
            )
            % {"name": name, "told": told},
            name,
        )
    return Health(True, "", name)


def _app(account: Account) -> tuple[str, str]:
    return (
        account.credentials.get("app_id", "").strip(),
        account.credentials.get("app_secret", "").strip(),
    )


def _register(account: Account, app_id: str, app_secret: str) -> str:
    """The trouble in words, or nothing."""
    try:
        reply = subscription.subscribe(
            account,
            app_id=app_id,
            app_secret=app_secret,
            subject="page",
            verify_token=account.credentials.get("verify_token", "").strip(),
            names=(*FIELDS, *NEWER_FIELDS),
        )
    except (http.NotSent, http.MaybeSent) as error:
        return messaging_account.unreached(error).detail
    return "" if reply.ok else _app_trouble(reply)


def _app_trouble(reply: graph.Reply) -> str:
    if reply.fault is not None and reply.fault.code in {101, 190}:
        return _("The app’s ID and secret do not belong together. Copy both from App settings, Basic.")
    if reply.fault is not None and reply.fault.code == 2200:
        return _(
            "Meta could not reach this installation at its address: “%(said)s”. It has to be reachable from the "
            "internet by https."
        ) % {"said": reply.fault.words}
    return words(reply)
