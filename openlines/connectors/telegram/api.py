"""One call of the Bot API, and what Telegram's refusals mean for a message.

The token is part of every address: nothing here puts an address into a log or a reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from django.utils.translation import gettext as _

from contactcenter.lib import http
from openlines.connectors.base import Account, Broken, Failed, Outcome, TryLater, Unreadable
from openlines.connectors.fields import decode, integer, mapping, text

HOST = "https://api.telegram.org"

LONGEST_WAIT = timedelta(hours=1)
"""However long a wait is asked for: a connection is not put off for longer without a new look."""

_BLOCKED = ("blocked", "deactivated", "initiate conversation", "was kicked", "user not found")


@dataclass(frozen=True)
class Reply:
    """What came back. ``result`` is the method's own; ``status`` the error's code, else HTTP's.

    ``readable`` is False where the body was not the Bot API's JSON (a proxy's page, a broken server).
    """

    status: int
    ok: bool = False
    readable: bool = True
    result: object = None
    description: str = ""
    retry_after: int | None = None
    migrate_to: int | None = None


def root(account: Account) -> str:
    return account.base_url.rstrip("/") or HOST


def media_host(account: Account) -> str:
    """``host`` or ``host:port`` of the only server that files are taken from."""
    parts = urlsplit(root(account))
    return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname or ""


def token(account: Account) -> str:
    """The bot's token as a part of a path; a stray slash in it must not lead elsewhere."""
    return quote(account.credentials.get("token", "").strip(), safe=":")


def call(
    account: Account,
    method: str,
    params: Mapping[str, Any] | None = None,
    *,
    files: Sequence[tuple[str, http.File]] = (),
    read_seconds: float | None = None,
) -> Reply:
    """One call: JSON, or a form where files go along (its nested values as JSON text).

    Raises ``http.NotSent`` or ``http.MaybeSent``.
    """
    url = f"{root(account)}/bot{token(account)}/{method}"
    if files:
        return read(http.call("POST", url, data=params, files=files))
    return read(http.call("POST", url, json=dict(params or {}), read_seconds=read_seconds))


def read(answer: http.Answer) -> Reply:
    try:
        body = decode(answer.body)
    except Unreadable:
        body = None
    if not isinstance(body, dict) or not isinstance(body.get("ok"), bool):
        return Reply(answer.status, readable=False)
    parameters = mapping(body.get("parameters"))
    return Reply(
        status=integer(body.get("error_code")) or answer.status,
        ok=body["ok"],
        result=body.get("result"),
        description=text(body.get("description"), limit=300),
        retry_after=integer(parameters.get("retry_after")),
        migrate_to=integer(parameters.get("migrate_to_chat_id")),
    )


def refusal(reply: Reply) -> Outcome:
    """What a refused send means: wait, give this message up, or stop the connection."""
    said = reply.description.lower()
    if reply.status == 429:
        return TryLater(
            _("Telegram asks to send more slowly."), after=_wait(reply.retry_after), whole_connection=True
        )
    if reply.status in {401, 404}:
        return Broken(refused_token())
    if reply.status >= 500 or reply.status == 409 or reply.status < 400:
        return TryLater(_("Telegram has a fault of its own (answer %(status)d).") % {"status": reply.status})
    if reply.status == 403 or "user_is_blocked" in said or "user_deactivated" in said:
        return _forbidden(said)
    if reply.status == 413 or "too big" in said or "too large" in said:
        return Failed(_("Telegram does not take files this large: pictures up to 10 MB, others up to 50 MB."))
    for mark, reason in _reasons().items():
        if mark in said:
            return Failed(reason)
    return Failed(
        _("Telegram did not take the message: “%(said)s”. Change it and send it again.")
        % {"said": reply.description or reply.status}
    )


def refused_token() -> str:
    return _("Telegram refuses the bot’s token. Get the current one from @BotFather and enter it.")


def _wait(seconds: int | None) -> timedelta | None:
    return min(timedelta(seconds=min(max(seconds, 1), 86400)), LONGEST_WAIT) if seconds is not None else None


def _forbidden(said: str) -> Failed:
    if "deactivated" in said:
        reason = _("The client’s Telegram account is deleted. Reach the client another way.")
    elif "blocked" in said:
        reason = _("The client has blocked the bot. It can be written to again once the client allows it.")
    elif "initiate" in said:
        reason = _("A bot cannot write first: the client has to write to it before.")
    else:
        reason = _("Telegram does not let the bot write to this client.")
    return Failed(reason, unreachable=any(mark in said.replace("_", " ") for mark in _BLOCKED))


def _reasons() -> dict[str, str]:
    """Part of Telegram's words, in small letters → what happened and what to do."""
    return {
        "chat not found": _(
            "Telegram does not know this chat. The client has to write to this bot first; "
            "after a change of the bot, once more."
        ),
        "message is too long": _("The text is too long for Telegram. Shorten it."),
        "caption is too long": _("The text under the file is too long for Telegram. Shorten it."),
        "button_data_invalid": _("Telegram does not take the value behind a button. Shorten it to 64 bytes."),
        "text is empty": _("Telegram does not take an empty message. Write something."),
        "file_id": _("Telegram no longer has this file. Attach it again."),
        "file identifier": _("Telegram no longer has this file. Attach it again."),
        "file must be non-empty": _("The file is empty. Attach another one."),
        "voice_messages_forbidden": _("The client does not accept voice messages. Send a text or a file."),
        "not enough rights": _("The bot may not write in this chat."),
        "have no rights": _("The bot may not write in this chat."),
    }
