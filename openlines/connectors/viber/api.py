"""One call of Viber's bot API, and what its refusals mean for a message.

Viber answers HTTP 200 to nearly everything: the outcome is the body's ``status``. The token goes in a header;
nothing here puts it into a log or a reason.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from contactcenter.lib import http
from openlines.connectors.base import Account, Broken, Failed, Outcome, TryLater, Unknown, Unreadable
from openlines.connectors.fields import Json, decode, integer, mapping, text

HOST = "https://chatapi.viber.com"

SILENT_WAIT = timedelta(minutes=10)
"""Viber takes 100 messages an hour to a client who does not answer; it does not say when the hour is over."""


@dataclass(frozen=True)
class Reply:
    """What came back. ``code`` is Viber's own status (0: done), None where the body was not the bot API's."""

    http_status: int
    code: int | None = None
    said: str = ""
    body: Json = field(default_factory=dict)
    retry_after: timedelta | None = None

    @property
    def ok(self) -> bool:
        return self.code == 0 and self.http_status < 300


def root(account: Account) -> str:
    return account.base_url.rstrip("/") or HOST


def token(account: Account) -> str:
    """The bot's token; empty where it cannot be one (a header takes plain characters only)."""
    found = account.credentials.get("token", "").strip()
    return found if found.isascii() and found.isprintable() else ""


def call(account: Account, method: str, params: Mapping[str, Any]) -> Reply:
    """Raises ``http.NotSent`` or ``http.MaybeSent``."""
    # Not httpx's own JSON: Viber counts bytes, and what is not ASCII must not be written as \\uXXXX.
    content = json.dumps(params, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"X-Viber-Auth-Token": token(account), "Content-Type": "application/json; charset=utf-8"}
    return read(http.call("POST", f"{root(account)}/pa/{method}", content=content, headers=headers))


def read(answer: http.Answer) -> Reply:
    try:
        body = mapping(decode(answer.body))
    except Unreadable:
        body = {}
    return Reply(
        answer.status,
        code=integer(body.get("status")),
        said=text(body.get("status_message"), limit=300),
        body=body,
        retry_after=http.retry_after(answer.headers),
    )


def refusal(reply: Reply) -> Outcome:
    """What a refused send means: wait, give this message up, or stop the connection."""
    if reply.http_status == 429:
        return TryLater(_("Viber asks to send more slowly."), after=reply.retry_after, whole_connection=True)
    if reply.http_status in {401, 403}:
        return Broken(refused_token())
    if reply.http_status == 504 and reply.code is None:
        return Unknown(_("Viber did not answer in time: it may have sent the message, or not."))
    if reply.http_status >= 500 or (reply.http_status >= 300 and reply.code is None):
        return TryLater(
            _("Viber has a fault of its own (answer %(status)d).") % {"status": reply.http_status},
            after=reply.retry_after,
        )
    if reply.code is None:
        return Unknown(_("Viber’s answer is unreadable: it may have sent the message, or not."))
    return _by_code(reply.code, reply.said)


def refused_token() -> str:
    return _("Viber refuses the bot’s token. Copy it again from the bot’s page (Edit Info) and enter it.")


def broken_reasons() -> dict[int, str]:
    """Viber's codes that speak of the bot, not of a message."""
    blocked = _("Viber has blocked or suspended the bot. Ask Viber’s support why.")
    charged = _("Viber does not charge for this bot’s messages any more. Settle the bot’s plan with Viber.")
    return {
        1: _("Viber does not reach this installation’s address. Set the connection up again."),
        2: refused_token(),
        7: blocked,
        8: _("Viber does not know the bot any more. Create one again and enter its token."),
        9: blocked,
        10: _("Viber does not deliver here yet. Set the connection up."),
        15: _("Viber does not let this bot send messages. Ask Viber to activate it."),
        22: charged,
        23: _("The bot’s free messages are used up. Settle the bot’s plan with Viber."),
        24: charged,
    }


def _by_code(code: int, said: str) -> Outcome:
    if broken := broken_reasons().get(code):
        return Broken(broken)
    if code == 12:
        return TryLater(
            _(
                "The client got 100 messages within an hour without answering: Viber lets no more through now."
            ),
            after=SILENT_WAIT,
        )
    if code in {5, 6}:
        reason = (
            _(
                "Viber does not know this client: the Viber account may be deleted. Reach the client another way."
            )
            if code == 5
            else _(
                "The client has unsubscribed from the bot. It can be written to again once the client writes."
            )
        )
        return Failed(reason, unreachable=True)
    if known := _message_reasons().get(code):
        return Failed(known)
    if code in {3, 4, 16, 17, 18, 19, 20}:
        return Failed(
            _("Viber did not take the message: “%(said)s”. Change it and send it again.")
            % {"said": said or code}
        )
    return TryLater(_("Viber has a fault of its own (code %(code)d).") % {"code": code})


def _message_reasons() -> dict[int, str]:
    too_old = _("The client’s Viber is too old for this message. Send a plain text.")
    return {
        11: _("None of the client’s devices can take messages of a bot. Reach the client another way."),
        13: too_old,
        14: too_old,
        21: _("Viber does not let bots write to clients in this country. Reach the client another way."),
    }
