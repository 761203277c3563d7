"""Sending one message: as few calls as Viber allows, in an order that can be resumed.

A text that fits under the first picture goes there; otherwise it goes before the files. Buttons hang on the last
part, where the client sees them. Viber fetches files itself, so each needs a public address.
"""

from __future__ import annotations

import html
import os
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from contactcenter.lib import calls, http
from openlines.connectors.base import (
    Account,
    Broken,
    Failed,
    MediaKind,
    Outcome,
    OutgoingFile,
    OutgoingMessage,
    Sent,
    TryLater,
    Unknown,
)
from openlines.connectors.fields import text as storable
from openlines.connectors.telegram.split import split, units
from openlines.connectors.viber import api, parse, tracking

MAX_TEXT = 7000
"""Viber's; counted in UTF-16 units, 7000 stay below its 30 kB a call in any script."""
MAX_CAPTION = 512
MAX_PICTURE = 1024 * 1024
MAX_VIDEO = 26 * 1024 * 1024
MAX_FILE = 50 * 1024 * 1024
MAX_BUTTONS = 24
MAX_NAME = 28

_PICTURES = {"image/jpeg", "image/png"}


@dataclass(frozen=True)
class Part:
    """One call: a text, or a file with the text under it. ``size`` in bytes."""

    text: str = ""
    file: OutgoingFile | None = None
    size: int = 0

    @property
    def type(self) -> str:
        if self.file is None:
            return "text"
        if self.file.kind is MediaKind.IMAGE and self.file.mime in _PICTURES and self.size <= MAX_PICTURE:
            return "picture"
        return "video" if self.file.mime == "video/mp4" and self.size <= MAX_VIDEO else "file"


def plan(message: OutgoingMessage) -> tuple[Part, ...]:
    """Raises ``OSError`` where a file is not on the disk."""
    text = storable(message.text).strip()
    files = [Part(file=file, size=os.stat(file.path).st_size) for file in message.files]
    if files and files[0].type == "picture" and units(text) <= MAX_CAPTION:
        return replace(files[0], text=text), *files[1:]
    return *(Part(piece) for piece in split(text, MAX_TEXT)), *files


def send(message: OutgoingMessage, account: Account) -> Outcome:
    """Sends the parts not yet accepted, up to the first trouble. ``external_ids`` are those accepted now."""
    if not api.token(account):
        return Broken(_("The connection has no token. Viber shows it on the bot’s page (Edit Info)."))
    try:
        parts = plan(message)
    except OSError:
        return Failed(_("A file of the message is no longer on our disk. Attach it again."))
    if not parts:
        return Failed(_("The message is empty. Write something or attach a file."))
    if refused := _refused_file(parts):
        return Failed(refused)
    accepted: list[str] = []
    for index, part in enumerate(parts[message.part :], start=message.part):
        outcome = _deliver(_body(part, message, account, is_last=index == len(parts) - 1), account)
        accepted += outcome.external_ids
        if not isinstance(outcome, Sent):
            return replace(outcome, external_ids=tuple(accepted))
        if index < len(parts) - 1:
            calls.taken(outcome.external_ids)
    return Sent(tuple(accepted))


def _refused_file(parts: tuple[Part, ...]) -> str:
    """Why nothing of the message is sent: better than half of it."""
    for part in parts:
        if part.file is None:
            continue
        named = {"name": part.file.name}
        if part.size > MAX_FILE:
            return _("“%(name)s” is larger than the 50 MB that Viber takes.") % named
        if not part.size:
            return _("“%(name)s” is empty. Attach another file.") % named
        if not part.file.url:
            return (
                _(
                    "Viber fetches files itself, and “%(name)s” has no address on the internet. "
                    "The address of this installation must be set."
                )
                % named
            )
    return ""


def _deliver(body: dict[str, Any], account: Account) -> Outcome:
    try:
        reply = api.call(account, "send_message", body)
    except http.NotSent:
        return TryLater(_("Viber cannot be reached."))
    except http.MaybeSent:
        return Unknown(_("Viber did not answer: it may have sent the message, or not."))
    if not reply.ok:
        return api.refusal(reply)
    number = parse.token(reply.body)
    if not number:
        return Unknown(_("Viber took the message but did not say under which number."))
    return Sent((number,))


def _body(part: Part, message: OutgoingMessage, account: Account, *, is_last: bool) -> dict[str, Any]:
    buttons = message.buttons[:MAX_BUTTONS] if is_last else ()
    body: dict[str, Any] = {
        "receiver": message.recipient,
        "min_api_version": 1,
        "sender": _sender(message, account),
        "tracking_data": tracking.write(message.uuid, buttons),
        "type": part.type,
    }
    if part.type in {"text", "picture"}:
        body["text"] = part.text
    if part.file is not None:
        body["media"] = part.file.url
        if part.type != "picture":
            body["size"] = part.size
        if part.type == "file":
            body["file_name"] = _file_name(part.file)
    if buttons:
        body["keyboard"] = {
            "Type": "keyboard",
            "DefaultHeight": False,
            "Buttons": [_button(button.text, said) for button, said in tracking.spoken(buttons)],
        }
    return body


def _sender(message: OutgoingMessage, account: Account) -> dict[str, str]:
    """Viber shows it above each message and wants a name always."""
    name = message.sender_name.strip() or account.credentials.get("name", "").strip() or _("Support")
    sender = {"name": storable(name)[:MAX_NAME]}
    if message.sender_photo:
        sender["avatar"] = message.sender_photo
    return sender


def _button(words: str, said: str) -> dict[str, Any]:
    return {
        "Columns": 6,
        "Rows": 1,
        "ActionType": "reply",
        "ActionBody": said,
        "Text": html.escape(words.strip()[: tracking.BUTTON_TEXT], quote=False),
        "TextSize": "regular",
    }


def _file_name(file: OutgoingFile) -> str:
    name = file.name or "file"
    stem, dot, suffix = name.rpartition(".")
    return name if len(name) <= 256 else f"{stem[: 255 - len(suffix)]}{dot}{suffix}"[:256]
