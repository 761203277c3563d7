"""The webhook: proof that a call is Viber's, registering and removing it, and how it does.

While ``set_webhook`` runs, Viber calls the address and wants a 200: the connection and its token must be stored
before ``set_up`` is called.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from contactcenter.lib import http
from openlines.connectors.base import Account, BadSignature, Finding, Health, RawRequest, Unreadable
from openlines.connectors.fields import Json, decode, mapping, text
from openlines.connectors.telegram.split import split
from openlines.connectors.viber import api, send

SIGNATURE_HEADER = "x-viber-content-signature"

EVENTS = ["delivered", "seen", "failed", "subscribed", "unsubscribed", "conversation_started"]
"""What we want to hear besides messages, which always come."""


def verify(request: RawRequest, account: Account) -> None:
    token = api.token(account)
    expected = hmac.new(token.encode(), request.body, hashlib.sha256).hexdigest()
    shown = request.headers.get(SIGNATURE_HEADER, "").strip().lower()
    if not token or not hmac.compare_digest(shown.encode("utf-8", "replace"), expected.encode()):
        raise BadSignature("the signature is missing or wrong")


def welcome(request: RawRequest, account: Account) -> str:
    """The one message that Viber shows to who opens the chat, before any dialog; given in the answer to its callback.

    Empty after every other callback, to who is subscribed already, and where none is entered. Never raises.
    """
    said = split(text(account.credentials.get("welcome", "")).strip(), send.MAX_TEXT)
    try:
        body = mapping(decode(request.body))
    except Unreadable:
        return ""
    if not said or body.get("event") != "conversation_started" or body.get("subscribed") is True:
        return ""
    name = text(account.credentials.get("name", "")).strip() or _("Support")
    found = {"sender": {"name": name[: send.MAX_NAME]}, "min_api_version": 1, "type": "text", "text": said[0]}
    return json.dumps(found, ensure_ascii=False)


def set_up(account: Account) -> Health:
    me = _ask(account, "get_account_info", {})
    if isinstance(me, Health):
        return me
    name = _name(me)
    if not account.webhook_url:
        return Health(
            False, _("The address of this installation is not known. Enter it in the settings."), name
        )
    params = {"url": account.webhook_url, "event_types": EVENTS, "send_name": True, "send_photo": True}
    done = _ask(account, "set_webhook", params)
    if isinstance(done, Health):
        return Health(False, done.detail, name)
    return Health(True, _("Viber delivers the messages to %(name)s here.") % {"name": name}, name)


def tear_down(account: Account) -> Health:
    done = _ask(account, "set_webhook", {"url": ""})
    return done if isinstance(done, Health) else Health(True, _("Viber delivers no more messages here."))


def check(account: Account) -> Health:
    me = _ask(account, "get_account_info", {})
    if isinstance(me, Health):
        return replace(me, findings=(Finding(_("Token"), False, me.detail),))
    name = _name(me)
    trouble = _address_trouble(account, text(me.get("webhook")))
    found = (
        Finding(_("Token"), True, name),
        Finding(_("Webhook"), not trouble, trouble or account.webhook_url),
    )
    return Health(not trouble, trouble or _("The bot works and Viber delivers here."), name, found)


def _address_trouble(account: Account, url: str) -> str:
    if not url:
        return _("Viber does not deliver here yet. Set the connection up.")
    if account.webhook_url and url != account.webhook_url:
        return _("Viber delivers to another address. Set the connection up again.")
    return ""


def _ask(account: Account, method: str, params: Mapping[str, Any]) -> Json | Health:
    """The answer's body, or what is wrong."""
    if not api.token(account):
        return Health(False, _("Enter the bot’s token. Viber shows it on the bot’s page (Edit Info)."))
    try:
        reply = api.call(account, method, params)
    except (http.NotSent, http.MaybeSent) as error:
        return Health(False, _("Viber cannot be reached: %(why)s.") % {"why": error})
    if reply.ok:
        return reply.body
    if reply.http_status in {401, 403}:
        return Health(False, api.refused_token())
    if reply.code is None and reply.http_status < 500:
        return Health(False, _("The address does not lead to Viber’s bot API."))
    if reply.code == 1 and method == "set_webhook":
        return Health(
            False,
            _(
                "Viber does not reach this installation: “%(said)s”. Its address must be open to the internet and "
                "start with https, with a certificate that browsers accept."
            )
            % {"said": reply.said or reply.code},
        )
    known = api.broken_reasons().get(reply.code) if reply.code is not None else None
    said = reply.said or reply.code or reply.http_status
    return Health(False, known or _("Viber answered: “%(said)s”.") % {"said": said})


def _name(me: Json) -> str:
    return text(me.get("name"), limit=64) or text(me.get("uri"), limit=64)
