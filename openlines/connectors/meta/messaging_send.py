"""Sending on Messenger and Instagram: one call for each piece of text and each file, in an order that can be resumed.

A message becomes parts, always the same ones for the same message, so ``OutgoingMessage.part`` names a place
in them. Quick replies hang on the last part: what is sent after them makes them vanish.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
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
    Sender,
    Sent,
    TryLater,
    Unknown,
)
from openlines.connectors.fields import text as storable
from openlines.connectors.meta import graph, messaging_refusal, refusal
from openlines.connectors.meta.payload import identifier
from openlines.connectors.telegram.split import octets, split, units

MAX_FILE = 25 * 1024 * 1024
MAX_BUTTONS = 13
MAX_BUTTON_TEXT = 20
MAX_BUTTON_PAYLOAD = 1000
UPLOAD_SECONDS = 120.0
"""A large file is taken over by Meta while we wait for the answer."""


@dataclass(frozen=True)
class Channel:
    """What differs between Messenger and the two log-ins of Instagram.

    ``node``: whose messages, in the path. ``limit`` by ``measure``. ``by_url``: Meta fetches files, it takes no uploads.
    ``with_metadata``: our uuid comes back with the echo. ``types``: MIME types that go as more than a file.
    """

    name: str
    node: str
    limit: int
    measure: Callable[[str], int]
    types: Mapping[str, str]
    max_image: int = MAX_FILE
    host: str = graph.HOST
    by_url: bool = False
    with_metadata: bool = False
    proves_secret: bool = True
    """``appsecret_proof`` goes along: apps may require it."""

    def call(self, account: Account, method: str, path: str, **more: Any) -> graph.Reply:
        """One call as the account. Raises ``http.NotSent`` or ``http.MaybeSent``."""
        secret = account.credentials.get("app_secret", "").strip() if self.proves_secret else ""
        return graph.call(
            account, method, path, token=token(account), host=self.host, app_secret=secret, **more
        )

    def path(self, *pieces: str) -> str:
        return "/".join(graph.segment(piece) for piece in (self.node, *pieces))


MESSENGER_TYPES = {
    "image/jpeg": "image",
    "image/png": "image",
    "image/gif": "image",
    "video/mp4": "video",
    "video/quicktime": "video",
    "video/webm": "video",
    "audio/mpeg": "audio",
    "audio/mp4": "audio",
    "audio/x-m4a": "audio",
    "audio/aac": "audio",
    "audio/wav": "audio",
    "audio/x-wav": "audio",
}
INSTAGRAM_TYPES = {
    **{mime: kind for mime, kind in MESSENGER_TYPES.items() if mime not in {"image/gif", "audio/mpeg"}},
    "video/ogg": "video",
    "video/x-msvideo": "video",
}

MESSENGER_LIMIT, INSTAGRAM_LIMIT = (2000, units), (1000, octets)


@dataclass(frozen=True)
class Part:
    text: str = ""
    file: OutgoingFile | None = None


def token(account: Account) -> str:
    return account.credentials.get("access_token", "").strip()


def plan(message: OutgoingMessage, channel: Channel) -> tuple[Part, ...]:
    pieces = split(storable(message.text).strip(), channel.limit, measure=channel.measure)
    return *map(Part, pieces), *(Part(file=file) for file in message.files)


def send(message: OutgoingMessage, account: Account, channel: Channel) -> Outcome:
    """Sends the parts not yet accepted, up to the first trouble. ``external_ids`` are those accepted now."""
    if not token(account):
        return Broken(_("The connection has no access token. Make one at Meta and enter it."))
    parts = plan(message, channel)
    if not parts:
        return Failed(_("The message is empty. Write something or attach a file."))
    if message.late and message.is_automatic:
        # Meta allows the tag to persons only, and closes accounts that use it for machines.
        return Failed(_("The time for an answer is over, and only a person may write after it."))
    accepted: list[str] = []
    recipient: Sender | None = None
    for index, part in enumerate(parts[message.part :], start=message.part):
        outcome = _deliver(
            message, part, account, channel, is_first=index == 0, is_last=index == len(parts) - 1
        )
        accepted += outcome.external_ids
        if not isinstance(outcome, Sent):
            return replace(outcome, external_ids=tuple(accepted))
        recipient = outcome.recipient or recipient
        if index < len(parts) - 1:
            calls.taken(outcome.external_ids)
    return Sent(tuple(accepted), recipient)


def _deliver(
    message: OutgoingMessage,
    part: Part,
    account: Account,
    channel: Channel,
    *,
    is_first: bool,
    is_last: bool,
) -> Outcome:
    """One part; once more without the quote where the message replied to is no longer there."""
    replies = is_first and bool(message.reply_to)
    while True:
        body = _body(message, part, channel, replies=replies, is_last=is_last)
        try:
            reply = _call(body, part, account, channel)
        except _CannotGo as error:
            return Failed(str(error))
        except http.NotSent:
            return TryLater(_("Meta cannot be reached."))
        except http.MaybeSent:
            return Unknown(_("Meta did not answer: it may have sent the message, or not."))
        if reply.ok:
            mid = identifier(reply.body.get("message_id"))
            whose = identifier(reply.body.get("recipient_id"))
            other = Sender(whose) if whose and whose != message.recipient else None
            return Sent((mid,), other) if mid else _nameless()
        if replies and reply.fault and reply.fault.code == 100 and "reply" in reply.fault.said.lower():
            replies = False
            continue
        return messaging_refusal.outcome(reply, late=message.late)


def _nameless() -> Unknown:
    return Unknown(_("Meta took the message but did not say under which id."))


class _CannotGo(Exception):
    """The file cannot be sent; the text says why and what to do."""


def _body(
    message: OutgoingMessage, part: Part, channel: Channel, *, replies: bool, is_last: bool
) -> dict[str, Any]:
    content: dict[str, Any] = {"text": part.text} if part.text else {}
    if channel.with_metadata and message.uuid:
        content["metadata"] = message.uuid
    if message.buttons and is_last:
        content["quick_replies"] = [
            {
                "content_type": "text",
                "title": _shortened(button.text),
                "payload": button.payload[:MAX_BUTTON_PAYLOAD],
            }
            for button in message.buttons[:MAX_BUTTONS]
        ]
    body: dict[str, Any] = {"recipient": {"id": message.recipient}, "message": content}
    if message.late:
        body |= {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    else:
        body["messaging_type"] = "RESPONSE"
    if replies:
        body["reply_to"] = {"mid": message.reply_to}
    return body


def _call(body: dict[str, Any], part: Part, account: Account, channel: Channel) -> graph.Reply:
    """Raises ``_CannotGo``, ``http.NotSent`` or ``http.MaybeSent``."""
    path = channel.path("messages")
    file = part.file
    if file is None:
        return channel.call(account, "POST", path, json=body)
    size = _size(file)
    kind = _type(file, size, channel)
    if size > MAX_FILE:
        raise _CannotGo(_("“%(name)s” is larger than the 25 MB that Meta takes.") % {"name": file.name})
    attachment: dict[str, Any] = {"type": kind, "payload": {"is_reusable": False}}
    body["message"]["attachment"] = attachment
    if channel.by_url:
        if not file.url:
            raise _CannotGo(
                _(
                    "Meta fetches files from our public address, and this installation has none. "
                    "Have the administrator enter it in the settings."
                )
            )
        attachment["payload"] = {"url": file.url}
        return channel.call(account, "POST", path, json=body, read_seconds=UPLOAD_SECONDS)
    with ExitStack() as stack:
        try:
            content = stack.enter_context(open(file.path, "rb"))
        except OSError as error:
            raise _CannotGo(_gone(file)) from error
        upload = (file.name or "file", content, file.mime or "application/octet-stream")
        form = {name: value if isinstance(value, str) else json.dumps(value) for name, value in body.items()}
        return channel.call(
            account, "POST", path, data=form, files=[("filedata", upload)], read_seconds=UPLOAD_SECONDS
        )


def _size(file: OutgoingFile) -> int:
    try:
        return os.stat(file.path).st_size
    except OSError as error:
        raise _CannotGo(_gone(file)) from error


def _gone(file: OutgoingFile) -> str:
    return _("The file “%(name)s” is no longer on our disk. Attach it again.") % {"name": file.name}


def _type(file: OutgoingFile, size: int, channel: Channel) -> str:
    """A picture too large to be shown as one goes as a file; so does what an operator attached as a file."""
    kind = channel.types.get(file.mime.partition(";")[0].strip().lower(), "file")
    if file.kind is MediaKind.FILE or (kind == "image" and size > channel.max_image):
        return "file"
    return kind


def _shortened(title: str) -> str:
    title = " ".join(storable(title).split())
    return title if len(title) <= MAX_BUTTON_TEXT else f"{title[: MAX_BUTTON_TEXT - 1].rstrip()}…"


def show_typing(recipient: str, account: Account, channel: Channel) -> None:
    _act("typing_on", recipient, account, channel)


def mark_read(recipient: str, account: Account, channel: Channel) -> None:
    _act("mark_seen", recipient, account, channel)


def _act(action: str, recipient: str, account: Account, channel: Channel) -> None:
    if not token(account):
        return
    body = {"recipient": {"id": recipient}, "sender_action": action}
    try:
        channel.call(account, "POST", channel.path("messages"), json=body, read_seconds=5)
    except (http.NotSent, http.MaybeSent):
        return


def words(reply: graph.Reply) -> str:
    """What is wrong with a call of the set-up page, in words."""
    if reply.fault is None:
        return _("The address does not lead to Meta’s Graph API (answer %(status)d).") % {
            "status": reply.status
        }
    if "appsecret_proof" in reply.fault.said.lower():
        return messaging_refusal.wrong_secret()
    if reply.fault.code in refusal.TOKEN_CODES:
        return refusal.refused_token(reply.fault).reason
    if reply.fault.code in {3, 10} or 200 <= reply.fault.code <= 299:
        return _("The access token lacks a permission: “%(said)s”.") % {"said": reply.fault.words}
    return _("Meta answered: “%(said)s” (error %(code)d).") % {
        "said": reply.fault.words,
        "code": reply.fault.code,
    }
