"""Messages out: signed webhooks to the customer's address.

A repeated call carries the same ``webhook-id`` (made of our message's uuid and the part), by which the customer's
system knows it: so a call of which nobody knows whether it was taken may be made again.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.utils.translation import gettext as _

from contactcenter.lib import calls, http
from openlines.connectors.api import outside, signature
from openlines.connectors.api.parse import MAX_ID
from openlines.connectors.base import (
    Account,
    Broken,
    Failed,
    Outcome,
    OutgoingFile,
    OutgoingMessage,
    Sent,
    TryLater,
    Unreadable,
)
from openlines.connectors.fields import Json, decode, mapping
from openlines.connectors.fields import text as storable
from openlines.connectors.telegram.split import split

MAX_TEXT = 10_000
"""UTF-16 units of a part, as JavaScript counts."""
MAX_INLINE = 10 * 1024 * 1024
"""Bytes of a file that goes in the call itself, where there is no address to fetch it from."""


def target(account: Account) -> str:
    return account.base_url or account.credentials.get("url", "").strip()


def send(message: OutgoingMessage, account: Account) -> Outcome:
    """The parts not yet accepted, up to the first trouble. Files and buttons go with the last part."""
    text = storable(message.text).strip()
    if not text and not message.files:
        return Failed(_("The message is empty. Write something or attach a file."))
    pieces = split(text, MAX_TEXT) or [""]
    accepted: list[str] = []
    for part, piece in enumerate(pieces[message.part :], start=message.part):
        is_last = part == len(pieces) - 1
        try:
            data = _data(message, piece, part=part, parts=len(pieces), is_last=is_last)
        except _FileRefused as refused:
            return Failed(str(refused), external_ids=tuple(accepted))
        own_id = message.uuid if part == 0 else f"{message.uuid}.{part}"
        outcome = post(account, "message.created", data, identifier=f"msg_{own_id}", own_id=own_id)
        accepted += outcome.external_ids
        if not isinstance(outcome, Sent):
            return replace(outcome, external_ids=tuple(accepted))
        if not is_last:
            calls.taken(outcome.external_ids)
    return Sent(tuple(accepted))


def edit(external_ids: tuple[str, ...], message: OutgoingMessage, account: Account) -> Outcome:
    """One event for the whole text: how many parts there were is told by the ids."""
    text = storable(message.text).strip()
    if not text:
        return Failed(_("The message is empty. Write something, or delete the message."))
    data = {
        "uuid": message.uuid,
        "external_ids": list(external_ids),
        "contact": {"external_id": message.recipient},
        "text": text,
    }
    # No fixed id: a text may be changed back to what it was, and that must not count as a repetition.
    outcome = post(account, "message.edited", data, identifier=f"edit_{uuid4()}", own_id=_first(external_ids))
    return Sent(external_ids) if isinstance(outcome, Sent) else outcome


def delete(external_ids: tuple[str, ...], recipient: str, account: Account) -> Outcome:
    data = {"external_ids": list(external_ids), "contact": {"external_id": recipient}}
    return post(account, "message.deleted", data, identifier=f"del_{uuid4()}", own_id=_first(external_ids))


def _first(external_ids: tuple[str, ...]) -> str:
    return external_ids[0] if external_ids else ""


def tell(account: Account, kind: str, data: Mapping[str, Any]) -> None:
    """Typing and read marks: nothing is lost when they fail."""
    post(account, kind, data, identifier=f"note_{uuid4()}", own_id="", seconds=5)


def post(
    account: Account,
    kind: str,
    data: Mapping[str, Any],
    *,
    identifier: str,
    own_id: str,
    seconds: float | None = None,
) -> Outcome:
    """One signed call. ``own_id``: the message's id where the customer's system names none of its own."""
    try:
        answer = call(account, kind, data, identifier=identifier, seconds=seconds)
    except outside.Blocked as error:
        return Broken(str(error))
    except NoSecret:
        return Broken(no_secret())
    except http.NotSent:
        return TryLater(_("Your system cannot be reached."))
    except http.MaybeSent:
        return TryLater(_("Your system did not answer in time: the same call is repeated."))
    return outcome(answer, own_id=own_id)


class NoSecret(Exception):
    pass


def no_secret() -> str:
    return _(
        "The signing secret is missing or unusable. "
        "Leave it empty to have one made, or enter one that begins with whsec_."
    )


def call(
    account: Account, kind: str, data: Mapping[str, Any], *, identifier: str, seconds: float | None
) -> http.Answer:
    """Raises ``NoSecret``, ``outside.Blocked``, ``http.NotSent``, ``http.MaybeSent``."""
    if not signature.keys(account):
        raise NoSecret
    url = target(account)
    if not url:
        raise outside.Blocked(_("The address of your webhook is missing. Enter it."))
    outside.check(url)
    timestamp = int(time.time())
    at = datetime.fromtimestamp(timestamp, UTC).isoformat().replace("+00:00", "Z")
    body = json.dumps({"type": kind, "timestamp": at, "data": data}, ensure_ascii=False).encode()
    headers = {
        "content-type": "application/json",
        "user-agent": "contactcenter",
        "webhook-id": identifier,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature.sign(account, identifier=identifier, timestamp=timestamp, body=body),
    }
    return http.call("POST", url, content=body, headers=headers, read_seconds=seconds, via=outside.client())


def outcome(answer: http.Answer, *, own_id: str) -> Outcome:
    """What the answer means for the message."""
    said = _said(answer)
    status = answer.status
    if 200 <= status < 300:
        theirs = storable(said.get("external_id")).strip()
        return Sent((theirs if 0 < len(theirs) <= MAX_ID else own_id,))
    if status == 429:
        return TryLater(
            _("Your system asks to send more slowly."),
            after=http.retry_after(answer.headers),
            whole_connection=True,
        )
    if status == 408 or status >= 500:
        return TryLater(
            _("Your system has a fault (answer %(status)d).") % {"status": status},
            after=http.retry_after(answer.headers),
        )
    if status == 410:
        return Broken(
            _("Your system wants no more messages at this address (answer 410). Enter another one.")
        )
    if status == 401:
        return Broken(
            _("Your system refuses our signature (answer 401). Enter the same signing secret on both sides.")
        )
    if status < 400:
        return TryLater(
            _("Your system answered %(status)d, as if it had moved. Enter its new address.")
            % {"status": status}
        )
    reason = storable(said.get("message"), limit=300).strip()
    return Failed(
        _("Your system did not take the message: “%(said)s”. Change it and send it again.")
        % {"said": reason or status},
        unreachable=said.get("unreachable") is True,
    )


def _said(answer: http.Answer) -> Json:
    try:
        return mapping(decode(answer.body))
    except Unreadable:
        return {}


class _FileRefused(Exception):
    pass


def _data(message: OutgoingMessage, text: str, *, part: int, parts: int, is_last: bool) -> dict[str, Any]:
    data: dict[str, Any] = {
        "uuid": message.uuid,
        "part": part,
        "parts": parts,
        "contact": {"external_id": message.recipient},
        "text": text,
        "automatic": message.is_automatic,
        "sender": {"name": message.sender_name, "photo": message.sender_photo},
    }
    if part == 0 and message.reply_to:
        data["reply_to"] = message.reply_to
    if is_last and message.files:
        data["attachments"] = [_file(file) for file in message.files]
    if is_last and message.buttons:
        data["buttons"] = [{"text": button.text, "payload": button.payload} for button in message.buttons]
    return data


def _file(file: OutgoingFile) -> dict[str, Any]:
    """By its address where it has one, else with its bytes. Raises ``_FileRefused``."""
    told: dict[str, Any] = {
        "kind": file.kind.value,
        "name": file.name,
        "mime": file.mime or "application/octet-stream",
    }
    if file.url:
        return told | {"url": file.url}
    try:
        path = Path(file.path)
        size = path.stat().st_size
        if size > MAX_INLINE:
            raise _FileRefused(
                _("“%(name)s” is larger than the %(limit)d MB that can be sent. Send a link to it.")
                % {"name": file.name, "limit": MAX_INLINE // 1024**2}
            )
        content = path.read_bytes()
    except OSError as error:
        raise _FileRefused(
            _("The file “%(name)s” is no longer on our disk. Attach it again.") % {"name": file.name}
        ) from error
    return told | {"content_b64": base64.b64encode(content).decode()}


@dataclass(frozen=True)
class Event:
    """What can be told besides messages, for the documentation: its type and when it comes."""

    type: str
    when: str


OUTGOING = (
    Event(
        "message.created", "a message to the client; repeated with the same webhook-id until you answer 2xx"
    ),
    Event("message.edited", "the text of our message was changed: text is the new whole"),
    Event("message.deleted", "our message was taken back"),
    Event("message.read", "an operator has read the client's messages up to external_id"),
    Event("typing.started", "an operator is typing"),
    Event("ping", "the administrator checks the connection"),
)
