"""Sending one message: as few calls as Telegram allows, in an order that can be resumed (``parts.py``)."""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from contactcenter.lib import calls, http
from openlines.connectors.base import (
    Account,
    Broken,
    Button,
    Failed,
    Outcome,
    OutgoingFile,
    OutgoingMessage,
    Sender,
    Sent,
    TryLater,
    Unknown,
)
from openlines.connectors.fields import integer, items, mapping
from openlines.connectors.telegram import api, keyboard, parts
from openlines.connectors.telegram.parts import Part

_METHODS = {
    "photo": "sendPhoto",
    "video": "sendVideo",
    "audio": "sendAudio",
    "voice": "sendVoice",
    "animation": "sendAnimation",
    "document": "sendDocument",
}
_NO_PICTURE = ("photo_", "image_process_failed", "wrong type of the web page content")
"""Marks of a picture that Telegram cannot show as one (too long and thin, say); as a file it goes."""


def send(message: OutgoingMessage, account: Account) -> Outcome:
    """Sends the parts not yet accepted, up to the first trouble. ``external_ids`` are those accepted now."""
    if not api.token(account):
        return Broken(no_token())
    if problem := keyboard.problem(message.buttons):
        return Failed(problem)
    if not parts.plan(message):
        return Failed(_("The message is empty. Write something or attach a file."))
    accepted: list[str] = []
    chat: int | str = message.recipient
    reply_to = _reply_number(message) if message.part == 0 else None
    waiting = deque(parts.left(message))
    while waiting:
        part = waiting.popleft()
        outcome, chat = _deliver(part, message.buttons, chat=chat, reply_to=reply_to, account=account)
        if outcome is None:
            waiting.extendleft(reversed(part.singly()))
            continue
        accepted += outcome.external_ids
        if not isinstance(outcome, Sent):
            return replace(outcome, external_ids=tuple(accepted))
        if waiting:
            calls.taken(outcome.external_ids)
        reply_to = None
    moved = str(chat) != message.recipient
    return Sent(tuple(accepted), Sender(str(chat)) if moved else None)


def no_token() -> str:
    return _("The connection has no token. Enter the one that @BotFather shows.")


def _deliver(
    part: Part, buttons: tuple[Button, ...], *, chat: int | str, reply_to: int | None, account: Account
) -> tuple[Outcome | None, int | str]:
    """One part; one more call each for a chat that moved, a reply's target gone, a picture as a file.

    Returns the chat's id too, as it is now; no outcome where Telegram does not take the files as an album.
    """
    moved = False
    while True:
        try:
            reply = _call(part, buttons, chat=chat, reply_to=reply_to, account=account)
        except _Gone as file:
            return Failed(
                _("The file “%(name)s” is no longer on our disk. Attach it again.") % {"name": file}
            ), chat
        except _TooLarge as file:
            return Failed(
                _("“%(name)s” is larger than the 50 MB that Telegram takes.") % {"name": file}
            ), chat
        except http.NotSent:
            return TryLater(_("Telegram cannot be reached.")), chat
        except http.MaybeSent:
            return Unknown(_("Telegram did not answer: it may have sent the message, or not.")), chat
        if reply.ok:
            return _accepted(part, reply, chat)
        said = reply.description.lower()
        if reply.status == 400 and reply.migrate_to is not None and not moved:
            chat, moved = reply.migrate_to, True
        elif reply.status == 400 and reply_to is not None and _target_gone(said):
            reply_to = None
        elif part.is_album and (reply.status == 413 or (reply.status == 400 and _of_a_file(said))):
            return None, chat
        elif reply.status == 400 and _is_photo(part) and any(mark in said for mark in _NO_PICTURE):
            part = replace(part, as_document=True)
        else:
            return _refused(reply), chat


class _TooLarge(Exception):
    pass


class _Gone(Exception):
    pass


def _call(
    part: Part, buttons: tuple[Button, ...], *, chat: int | str, reply_to: int | None, account: Account
) -> api.Reply:
    params: dict[str, Any] = {"chat_id": chat}
    if reply_to is not None:
        params["reply_parameters"] = {"message_id": reply_to, "allow_sending_without_reply": True}
    if part.has_buttons:
        params["reply_markup"] = keyboard.markup(buttons)
    if not part.files:
        return api.call(account, "sendMessage", {**params, "text": part.text})
    with ExitStack() as opened:
        uploads = [_opened(file, opened) for file in part.files]
        if part.is_album:
            params["media"] = _media(part)
            named = [(f"file{number}", upload) for number, upload in enumerate(uploads)]
            return api.call(account, "sendMediaGroup", _as_form(params), files=named)
        if part.text:
            params["caption"] = part.text
        field = "document" if part.as_document else parts.field(part.files[0])
        return api.call(account, _METHODS[field], _as_form(params), files=[(field, uploads[0])])


def _opened(file: OutgoingFile, opened: ExitStack) -> http.File:
    try:
        content = opened.enter_context(open(file.path, "rb"))  # noqa: SIM115 - the stack closes it
    except OSError as error:
        raise _Gone(file.name) from error
    if os.fstat(content.fileno()).st_size > parts.MAX_FILE:
        raise _TooLarge(file.name)
    return file.name or "file", content, file.mime or "application/octet-stream"


def _media(part: Part) -> list[dict[str, str]]:
    """The album's files in order; the text stands under the first, and Telegram shows it under the whole."""
    found = [
        {"type": parts.field(file), "media": f"attach://file{number}"}
        for number, file in enumerate(part.files)
    ]
    if part.text:
        found[0]["caption"] = part.text
    return found


def _as_form(params: Mapping[str, Any]) -> dict[str, str]:
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in params.items()}


def _is_photo(part: Part) -> bool:
    return len(part.files) == 1 and not part.as_document and parts.field(part.files[0]) == "photo"


def _of_a_file(said: str) -> bool:
    """Is it about one of the album's files, so that the others can go all the same?"""
    marks = (*_NO_PICTURE, "group send failed", "group_send_failed", "mixed with other media", "too big")
    return any(mark in said for mark in (*marks, "file must be non-empty", "can't parse inputmedia"))


def _accepted(part: Part, reply: api.Reply, chat: int | str) -> tuple[Outcome, int | str]:
    told = items(reply.result) if part.is_album else [reply.result]
    ids = []
    for one in told:
        result = mapping(one)
        at = integer(mapping(result.get("chat")).get("id"))
        chat = chat if at is None else at
        number = integer(result.get("message_id"))
        ids += [] if number is None else [f"{chat}:{number}"]
    if len(ids) != part.messages:
        reason = _("Telegram took the message but did not say under which number.")
        return Unknown(reason, external_ids=tuple(ids)), chat
    return Sent(tuple(ids)), chat


def _refused(reply: api.Reply) -> Outcome:
    # A gateway that lost patience (504) says nothing of what Telegram behind it has done.
    if not reply.readable and (reply.status < 300 or reply.status == 504):
        return Unknown(_("Telegram’s answer is unreadable: it may have sent the message, or not."))
    return api.refusal(reply)


def _target_gone(said: str) -> bool:
    return "repl" in said and "not found" in said


def _reply_number(message: OutgoingMessage) -> int | None:
    """Telegram's number of the message replied to; a pressed button (``cb:…``) or another chat's has none."""
    chat, _colon, number = message.reply_to.rpartition(":")
    return int(number) if chat == message.recipient and number.isdecimal() and len(number) < 19 else None
