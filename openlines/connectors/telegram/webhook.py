"""The webhook: proof that a call is Telegram's, registering and removing it, and how it does."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contactcenter.lib import http
from openlines.connectors.base import Account, BadSignature, Finding, Health, RawRequest
from openlines.connectors.fields import integer, mapping, text
from openlines.connectors.telegram import api
from openlines.connectors.telegram.parse import pressed_button

SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 - the header's name

UPDATES = ["message", "edited_message", "callback_query", "my_chat_member", "message_reaction"]
"""What we read. Reactions come only when they are named."""

_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


def new_secret() -> str:
    """A secret that Telegram shall show with each call, in the letters it allows."""
    return secrets.token_urlsafe(32)


def verify(request: RawRequest, account: Account) -> None:
    expected = account.credentials.get("secret_token", "")
    shown = request.headers.get(SECRET_HEADER, "")
    same = hmac.compare_digest(shown.encode("utf-8", "replace"), expected.encode("utf-8", "replace"))
    if not expected or not same:
        raise BadSignature("the secret token is missing or wrong")


def acknowledge(request: RawRequest, account: Account) -> None:
    """Stops the spinner on a button the client pressed. An old press cannot be answered: no harm."""
    number = pressed_button(request)
    if not number:
        return
    try:
        api.call(account, "answerCallbackQuery", {"callback_query_id": number})
    except (http.NotSent, http.MaybeSent):
        return


def set_up(account: Account) -> Health:
    me = _ask(account, "getMe")
    if isinstance(me, Health):
        return me
    name = _name(me)
    secret = account.credentials.get("secret_token", "")
    if not _SECRET.fullmatch(secret):
        return Health(False, _("The secret token may hold letters, digits, _ and - only."), name)
    if not account.webhook_url:
        return Health(
            False, _("The address of this installation is not known. Enter it in the settings."), name
        )
    params = {"url": account.webhook_url, "secret_token": secret, "allowed_updates": UPDATES}
    done = _ask(account, "setWebhook", params)
    if isinstance(done, Health):
        return Health(False, done.detail, name)
    return Health(True, _("Telegram delivers the messages to %(name)s here.") % {"name": name}, name)


def tear_down(account: Account) -> Health:
    done = _ask(account, "deleteWebhook")
    return done if isinstance(done, Health) else Health(True, _("Telegram delivers no more messages here."))


def drop_held(account: Account) -> Health:
    """Telegram keeps what it could not deliver for a day and brings it with the next webhook."""
    done = _ask(account, "deleteWebhook", {"drop_pending_updates": True})
    return done if isinstance(done, Health) else Health(True, "")


def check(account: Account) -> Health:
    me = _ask(account, "getMe")
    if isinstance(me, Health):
        return replace(me, findings=(Finding(_("Token"), False, me.detail),))
    name = _name(me)
    good = Finding(_("Token"), True, name)
    info = _ask(account, "getWebhookInfo")
    if isinstance(info, Health):
        return Health(False, info.detail, name, (good,))
    trouble = _address_trouble(account, text(info.get("url")))
    found = (good, Finding(_("Webhook"), not trouble, trouble or account.webhook_url))
    if trouble:
        return Health(False, trouble, name, found)
    waiting = integer(info.get("pending_update_count")) or 0
    error = _last_error(info)
    told = ngettext(
        "%(count)d message waits at Telegram.", "%(count)d messages wait at Telegram.", waiting
    ) % {"count": waiting}
    if error and waiting:
        detail = f"{told} {error}"
        return Health(False, detail, name, (*found, Finding(_("Delivery"), False, detail)))
    last = Finding(_("Delivery"), None if error else True, error or (told if waiting else ""))
    return Health(True, error or _("The bot works and Telegram delivers here."), name, (*found, last))


def _address_trouble(account: Account, url: str) -> str:
    if not url:
        return _("Telegram does not deliver here yet. Set the connection up.")
    if account.webhook_url and url != account.webhook_url:
        return _("Telegram delivers to another address. Set the connection up again.")
    return ""


def _ask(
    account: Account, method: str, params: Mapping[str, object] | None = None
) -> dict[str, object] | Health:
    """The method's result, or what is wrong."""
    if not api.token(account):
        return Health(False, _("Enter the bot’s token. @BotFather shows it."))
    try:
        reply = api.call(account, method, params)
    except (http.NotSent, http.MaybeSent) as error:
        return Health(False, _("Telegram cannot be reached: %(why)s.") % {"why": error})
    if reply.ok:
        return mapping(reply.result)
    if not reply.readable and reply.status < 500:
        return Health(False, _("The address does not lead to Telegram’s Bot API."))
    if reply.status in {401, 404}:
        return Health(False, api.refused_token())
    return Health(False, _("Telegram answered: “%(said)s”.") % {"said": reply.description or reply.status})


def _name(me: Mapping[str, object]) -> str:
    username = text(me.get("username"), limit=64)
    return f"@{username}" if username else text(me.get("first_name"), limit=64)


def _last_error(info: Mapping[str, object]) -> str:
    said = text(info.get("last_error_message"), limit=300)
    seconds = integer(info.get("last_error_date"))
    if not said:
        return ""
    if seconds is None or not 0 <= seconds < 2**32:
        return _("The last delivery failed: “%(said)s”.") % {"said": said}
    at = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return _("The last failed delivery, %(at)s: “%(said)s”.") % {"at": at, "said": said}
