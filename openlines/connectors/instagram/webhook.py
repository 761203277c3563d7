"""The set-up of an Instagram account. The address itself a person enters in Meta's dashboard: it takes no call."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from django.utils.translation import gettext as _

from contactcenter.lib import http
from openlines.connectors.base import Account, CredentialsRefused, Health, MediaUnavailable
from openlines.connectors.fields import Json, mapping, text
from openlines.connectors.instagram.logins import FACEBOOK, channel, login, own_id, secrets
from openlines.connectors.meta import checking, graph, messaging_account, refusal
from openlines.connectors.meta.messaging_send import token, words
from openlines.connectors.meta.payload import identifier

FIELDS = (
    "messages",
    "messaging_postbacks",
    "messaging_seen",
    "message_reactions",
    "messaging_referral",
    "standby",
)
NEWER_FIELDS = ("message_edit",)
PAGE_FIELDS = ("messages",)
"""Of the linked page: Instagram's own names are not taken there, any one of the page's lets deliveries through."""

RENEW_EVERY = timedelta(days=7)


def set_up(account: Account) -> Health:
    found = _account(account)
    if not found.ok:
        return found
    name = found.account_name
    if not any(secrets(account)):
        return Health(False, _no_secret(), name)
    if not account.webhook_url:
        return messaging_account.no_address()
    if login(account) != FACEBOOK:
        trouble = messaging_account.subscribe(account, channel(account), FIELDS, newer=NEWER_FIELDS)
    else:
        trouble = _subscribe_page(account)
    if trouble:
        return Health(False, trouble, name)
    detail = _(
        "%(name)s is connected. Now enter the address and the verify token in your app’s webhook settings at Meta "
        "and switch on the field “messages” there."
    )
    return Health(True, detail % {"name": name}, name)


def tear_down(account: Account) -> Health:
    """With the linked page the page's own deliveries (Messenger) hang on the same switch: it stays as it is."""
    if login(account) == FACEBOOK:
        return Health(
            True,
            _(
                "Nothing more is taken from Instagram. Remove the address in your app’s webhook settings at Meta."
            ),
        )
    return messaging_account.unsubscribe(account, channel(account))


def check(account: Account) -> Health:
    return checking.in_turn(
        account,
        (_("Account and its access token"), _account),
        (_("App secret"), _knows_secret),
        (_("Subscription of the app"), _hears),
    )


def _knows_secret(account: Account) -> Health:
    return Health(True, "") if any(secrets(account)) else Health(False, _no_secret())


def _hears(account: Account) -> Health:
    answer = messaging_account.ask(account, channel(account), "GET", channel(account).path("subscribed_apps"))
    if isinstance(answer, Health):
        return answer
    heard = messaging_account.subscribed(answer)
    if heard is None or (login(account) != FACEBOOK and "messages" not in heard):
        return Health(
            False, _("Your app does not hear of the account’s messages. Set the connection up again.")
        )
    return Health(True, _("The token works and your app hears of the account’s messages."))


def renew(account: Account) -> Mapping[str, str] | None:
    """A token of Instagram's log-in for 60 more days; the page's tokens need none.

    Raises ``CredentialsRefused``, or ``MediaUnavailable`` (temporary).
    """
    if login(account) == FACEBOOK or not token(account):
        return None
    try:
        reply = graph.call(
            account,
            "GET",
            "refresh_access_token",
            token=token(account),
            host=channel(account).host,
            params={"grant_type": "ig_refresh_token", "access_token": token(account)},
        )
    except (http.NotSent, http.MaybeSent) as error:
        raise MediaUnavailable(messaging_account.unreached(error).detail, temporary=True) from error
    fresh = text(reply.body.get("access_token"), limit=2000)
    if reply.ok and fresh:
        return {"access_token": fresh}
    if reply.fault is not None and reply.fault.code in refusal.TOKEN_CODES:
        raise CredentialsRefused(words(reply))
    raise MediaUnavailable(words(reply), temporary=True)


def _account(account: Account) -> Health:
    """The account's name, with the proof that id and token belong together."""
    told = _told(account)
    if isinstance(told, Health):
        return told
    name, number = text(told.get("username"), limit=64), identifier(told.get("user_id"))
    shown = f"@{name}" if name else ""
    own = own_id(account)
    if not own:
        hint = _("Enter the Instagram account’s ID: %(id)s.") % {"id": number} if number else ""
        return Health(False, hint or _("Enter the Instagram account’s ID."), shown)
    if number and number != own:
        return Health(
            False,
            _(
                "The token is that of %(name)s, whose ID is %(id)s. Enter that ID, or the token of your account."
            )
            % {"name": shown or "?", "id": number},
            shown,
        )
    return Health(True, "", shown)


def _told(account: Account) -> Json | Health:
    """What Meta says of the account behind the token: ``user_id`` (as in deliveries; ``id`` is another) and name."""
    if login(account) != FACEBOOK:
        reply = messaging_account.ask(
            account, channel(account), "GET", "me", {"fields": "user_id,username,name"}
        )
        return reply if isinstance(reply, Health) else reply.body
    wanted = {"fields": "name,instagram_business_account{id,username}"}
    reply = messaging_account.ask(account, channel(account), "GET", channel(account).path(), wanted)
    if isinstance(reply, Health):
        return reply
    linked = mapping(reply.body.get("instagram_business_account"))
    if not linked:
        return Health(
            False,
            _(
                "No professional Instagram account is linked to the page “%(name)s”. Link it in the page’s settings."
            )
            % {"name": text(reply.body.get("name"), limit=200)},
        )
    return {"user_id": linked.get("id"), "username": linked.get("username")}


def _subscribe_page(account: Account) -> str:
    """Leaves as it is what the page already lets the app hear: Messenger may use the same app."""
    answer = messaging_account.ask(account, channel(account), "GET", channel(account).path("subscribed_apps"))
    if isinstance(answer, Health):
        return answer.detail
    if messaging_account.subscribed(answer):
        return ""
    return messaging_account.subscribe(account, channel(account), PAGE_FIELDS)


def _no_secret() -> str:
    return _("Enter the app’s secret: without it nobody can tell whether a delivery comes from Meta.")
