"""Changing and taking back what was sent. Every step may be repeated without harm, so trouble half-way loses nothing.

A text that went in several messages: a shorter one takes the surplus messages back, *before* the others are changed, for
that is what Telegram refuses after two days. A text longer than its messages hold is refused: the rest would stand at the
end of the chat as something new, below what was said since.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contactcenter.lib import http
from openlines.connectors.base import (
    Account,
    Broken,
    Failed,
    Outcome,
    OutgoingMessage,
    Sent,
    TryLater,
    Unknown,
)
from openlines.connectors.fields import text as storable
from openlines.connectors.telegram import api, keyboard
from openlines.connectors.telegram.parts import MAX_CAPTION, MAX_TEXT
from openlines.connectors.telegram.send import no_token
from openlines.connectors.telegram.split import split, units

MOST_AT_ONCE = 100
"""Messages that one ``deleteMessages`` takes."""

_Place = tuple[int, int]
"""Chat and the message's number in it."""


def edit(external_ids: Sequence[str], message: OutgoingMessage, account: Account) -> Outcome:
    """``message.text`` is the new whole. ``Sent`` names the messages that are left of it."""
    places = _places(external_ids)
    if problem := _hindrance(places, account) or keyboard.problem(message.buttons):
        return Broken(problem) if not api.token(account) else Failed(problem)
    text = storable(message.text).strip()
    # The texts were sent before the files, one id each; without one the text stands under the first file.
    texts = places[: max(len(places) - len(message.files), 0)]
    markup = {"reply_markup": keyboard.markup(message.buttons)} if message.buttons else {}
    if not texts:
        if units(text) > MAX_CAPTION:
            return Failed(
                _(
                    "Under a file Telegram shows up to 1024 characters. Shorten the text, or send it as a new message."
                )
            )
        outcome = _change(places[0], text, markup if len(places) == 1 else {}, account, is_caption=True)
        return Sent(tuple(external_ids)) if isinstance(outcome, Sent) else outcome
    pieces = split(text, MAX_TEXT)
    if problem := _misfit(pieces, len(texts)):
        return Failed(problem)
    surplus = texts[len(pieces) :]
    outcome = _take_back(surplus, account) if surplus else Sent(())
    for number, piece in enumerate(pieces, start=1):
        if isinstance(outcome, Sent):
            more = markup if number == len(pieces) else {}
            outcome = _change(texts[number - 1], piece, more, account)
    gone = range(len(pieces), len(texts))
    left = tuple(one for number, one in enumerate(external_ids) if number not in gone)
    return Sent(left) if isinstance(outcome, Sent) else outcome


def delete(external_ids: Sequence[str], account: Account) -> Outcome:
    """Takes all of them back; what the client has removed himself counts as done."""
    places = _places(external_ids)
    if problem := _hindrance(places, account):
        return Broken(problem) if not api.token(account) else Failed(problem)
    outcome = _take_back(places, account)
    return Sent(tuple(external_ids)) if isinstance(outcome, Sent) else outcome


def _places(external_ids: Sequence[str]) -> list[_Place]:
    """Empty where one of the ids names no message (``cb:…`` is a pressed button)."""
    found = []
    for one in external_ids:
        chat, _colon, number = one.rpartition(":")
        if not chat.removeprefix("-").isdecimal() or not number.isdecimal() or len(one) > 40:
            return []
        found.append((int(chat), int(number)))
    return found


def _hindrance(places: list[_Place], account: Account) -> str:
    if not api.token(account):
        return no_token()
    return "" if places else _("Telegram never confirmed this message, so it cannot be changed there.")


def _misfit(pieces: list[str], messages: int) -> str:
    if not pieces:
        return _("An empty text cannot stand. Write something, or delete the message.")
    if len(pieces) <= messages:
        return ""
    return ngettext(
        "The text is too long for the message that it was sent in. Shorten it, or send the rest as a new message.",
        "The text is too long for the %(count)d messages that it was sent in. Shorten it, or send the rest as a "
        "new message.",
        messages,
    ) % {"count": messages}


def _change(
    place: _Place, text: str, more: Mapping[str, Any], account: Account, *, is_caption: bool = False
) -> Outcome:
    """One message's text, or the one under a file; the other where Telegram says that it is so."""
    chat, number = place
    where = {"chat_id": chat, "message_id": number, **more}
    method, told = ("editMessageCaption", "caption") if is_caption else ("editMessageText", "text")
    outcome, said = _call(account, method, {**where, told: text})
    if "no text in the message" in said and units(text) <= MAX_CAPTION:
        outcome, said = _call(account, "editMessageCaption", {**where, "caption": text})
    elif "no caption in the message" in said and text:
        outcome, said = _call(account, "editMessageText", {**where, "text": text})
    if "message is not modified" in said:
        return Sent(())
    return outcome


def _take_back(places: Sequence[_Place], account: Account) -> Outcome:
    outcome: Outcome = Sent(())
    for chat in dict.fromkeys(chat for chat, _number in places):
        numbers = [number for at, number in places if at == chat]
        for start in range(0, len(numbers), MOST_AT_ONCE):
            some = numbers[start : start + MOST_AT_ONCE]
            outcome = _delete(chat, some, account)
            if not isinstance(outcome, Sent):
                return outcome
    return outcome


def _delete(chat: int, numbers: list[int], account: Account) -> Outcome:
    if len(numbers) == 1:
        outcome, said = _call(account, "deleteMessage", {"chat_id": chat, "message_id": numbers[0]})
    else:
        outcome, said = _call(account, "deleteMessages", {"chat_id": chat, "message_ids": numbers})
    return Sent(()) if "to delete not found" in said else outcome


def _call(account: Account, method: str, params: Mapping[str, Any]) -> tuple[Outcome, str]:
    """The outcome, and Telegram's words in small letters where it refused."""
    try:
        reply = api.call(account, method, params)
    except http.NotSent:
        return TryLater(_("Telegram cannot be reached.")), ""
    except http.MaybeSent:
        return Unknown(_("Telegram did not answer: the message may be changed, or not. Try it again.")), ""
    if reply.ok:
        return Sent(()), ""
    if reply.status < 300 and not reply.readable:
        return Unknown(
            _("Telegram’s answer is unreadable: the message may be changed, or not. Try it again.")
        ), ""
    said = reply.description.lower()
    for mark, reason in _reasons().items():
        if mark in said:
            return Failed(reason), said
    return api.refusal(reply), said


def _reasons() -> dict[str, str]:
    return {
        "to edit not found": _(
            "Telegram no longer has this message: the client has removed it, or the chat."
        ),
        "message_id_invalid": _(
            "Telegram no longer has this message: the client has removed it, or the chat."
        ),
        "can't be edited": _("Telegram no longer lets the bot change this message. Send a new one."),
        "can't be deleted": _(
            "Telegram takes a message back for 48 hours only. This one stays with the client."
        ),
        "message_delete_forbidden": _(
            "Telegram takes a message back for 48 hours only. This one stays with the client."
        ),
    }
