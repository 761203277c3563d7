"""Sending one message: in parts, always the same ones for the same message, so that a retry repeats nothing.

A text that fits under the first file goes there; a longer one, and one with buttons, goes *before* the files: so
the message's own id (quotes, reactions) is that of its text. Every part carries our uuid, which each status echoes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
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
    Template,
    TryLater,
    Unknown,
)
from openlines.connectors.fields import items, mapping
from openlines.connectors.fields import text as storable
from openlines.connectors.meta import graph
from openlines.connectors.meta.payload import identifier
from openlines.connectors.telegram.split import split, units
from openlines.connectors.whatsapp import api, errors, identity, templates, upload

MAX_TEXT = 4096
MAX_CAPTION = 1024
MAX_BUTTONS = 3
MAX_LABEL = 20
MAX_PAYLOAD = 256
MORE_UPLOADS = 2
"""How often a file that Meta could not use is uploaded once more."""


@dataclass(frozen=True)
class Part:
    """One message of WhatsApp's."""

    text: str = ""
    file: OutgoingFile | None = None
    buttons: tuple[Button, ...] = ()
    template: Template | None = None


def plan(message: OutgoingMessage) -> tuple[Part, ...]:
    if message.template is not None:
        return (Part(template=message.template),)
    text = storable(message.text).strip()
    buttons = message.buttons if len(message.buttons) <= MAX_BUTTONS else ()
    texts = _texts(text, buttons)
    if not message.files:
        return texts
    first, *others = message.files
    if not buttons and units(text) <= MAX_CAPTION and (not text or upload.type_of(first) in upload.CAPTIONED):
        return Part(text, first), *(Part(file=file) for file in others)
    return *texts, *(Part(file=file) for file in message.files)


def _texts(text: str, buttons: tuple[Button, ...]) -> tuple[Part, ...]:
    """The text in pieces; the last one carries the buttons and is short enough for them."""
    pieces = split(text, MAX_TEXT)
    if not buttons or not pieces:
        return tuple(Part(piece) for piece in pieces)
    *before, last = [*pieces[:-1], *split(pieces[-1], MAX_CAPTION)]
    return *(Part(piece) for piece in before), Part(last, buttons=buttons)


def send(message: OutgoingMessage, account: Account) -> Outcome:
    """Sends the parts not yet accepted, up to the first trouble. ``external_ids`` are those accepted now."""
    if not api.credential(account, "token") or not api.credential(account, "phone_number_id"):
        return Broken(_("The connection has no access token or phone number ID. Enter both."))
    parts = plan(message)
    if not parts:
        return Failed(_("The message is empty. Write something or attach a file."))
    accepted: list[str] = []
    recipient: Sender | None = None
    for index, part in enumerate(parts[message.part :], start=message.part):
        outcome = _deliver(part, message, reply_to=message.reply_to if index == 0 else "", account=account)
        accepted += outcome.external_ids
        if not isinstance(outcome, Sent):
            return replace(outcome, external_ids=tuple(accepted))
        recipient = outcome.recipient or recipient
        if index < len(parts) - 1:
            calls.taken(outcome.external_ids)
    return Sent(tuple(accepted), recipient)


def _deliver(part: Part, message: OutgoingMessage, *, reply_to: str, account: Account) -> Outcome:
    """One part; more calls where they were refused for a quote that is gone, a file that Meta lost, a template's names."""
    body = _content(part, account)
    if not isinstance(body, dict):
        return body
    tried_names, uploads = False, 1
    while True:
        try:
            reply = api.call(
                account, "POST", api.number(account, "messages"), json=_call(body, message, reply_to=reply_to)
            )
        except http.NotSent:
            return TryLater(_("WhatsApp cannot be reached."))
        except http.MaybeSent:
            return Unknown(_("WhatsApp did not answer: it may have sent the message, or not."))
        if reply.ok:
            return _accepted(reply, message.recipient)
        if reply_to and _is_about_quote(reply):
            reply_to = ""
        elif part.file and uploads <= MORE_UPLOADS and _lost_file(reply):
            uploads += 1
            anew = _content(part, account)
            if not isinstance(anew, dict):
                return anew
            body = anew
        elif part.template and not tried_names and _wants_names(reply):
            tried_names = True
            names = templates.names_of(part.template, account)
            if not names:
                return errors.outcome(reply)
            body = {"type": "template", "template": templates.as_body(part.template, names=names)}
        else:
            return errors.outcome(reply)


def _call(body: dict[str, Any], message: OutgoingMessage, *, reply_to: str) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **identity.address(message.recipient),
        **body,
        "biz_opaque_callback_data": message.uuid,
    }
    if reply_to:
        whole["context"] = {"message_id": reply_to}
    return whole


def _content(part: Part, account: Account) -> dict[str, Any] | Outcome:
    """What is said, in WhatsApp's words; or why it cannot be: a file goes to Meta first."""
    if part.template is not None:
        return {"type": "template", "template": templates.as_body(part.template)}
    if part.file is not None:
        return _file(part, part.file, account)
    if part.buttons:
        return {"type": "interactive", "interactive": _interactive(part)}
    has_link = "http://" in part.text or "https://" in part.text
    return {"type": "text", "text": {"body": part.text, "preview_url": has_link}}


def _file(part: Part, file: OutgoingFile, account: Account) -> dict[str, Any] | Outcome:
    try:
        how = upload.plan(file)
        number = upload.upload(file, how, account)
    except OSError:
        return Failed(
            _("The file “%(name)s” is no longer on our disk. Attach it again.") % {"name": file.name}
        )
    if not isinstance(number, str):
        return number
    media: dict[str, Any] = {"id": number}
    if part.text:
        media["caption"] = part.text
    if how.type == "document":
        media["filename"] = file.name or "file"
    if how.is_voice:
        media["voice"] = True
    return {"type": how.type, how.type: media}


def _interactive(part: Part) -> dict[str, Any]:
    labels = _labels([button.text for button in part.buttons])
    return {
        "type": "button",
        "body": {"text": part.text},
        "action": {
            "buttons": [
                {"type": "reply", "reply": {"id": button.payload[:MAX_PAYLOAD] or label, "title": label}}
                for button, label in zip(part.buttons, labels, strict=True)
            ]
        },
    }


def _labels(texts: list[str]) -> list[str]:
    """At most 20 characters each, and no two the same: WhatsApp refuses both."""
    labels: list[str] = []
    for number, text in enumerate(texts, start=1):
        label = " ".join(storable(text).split()) or str(number)
        if units(label) > MAX_LABEL:
            label = _cut(label, MAX_LABEL - 1) + "…"
        if label in labels:
            label = f"{_cut(label, MAX_LABEL - 2).rstrip('…')} {number}"
        labels.append(label)
    return labels


def _cut(label: str, limit: int) -> str:
    while units(label) > limit:
        label = label[:-1]
    return label.rstrip()


def _accepted(reply: graph.Reply, recipient: str = "") -> Outcome:
    numbers = [identifier(mapping(one).get("id")) for one in items(reply.body.get("messages"))]
    numbers = [number for number in numbers if number]
    if not numbers:
        return Unknown(_("WhatsApp took the message but did not say under which number."))
    return Sent((numbers[0],), identity.told(items(reply.body.get("contacts")), recipient))


def _is_about_quote(reply: graph.Reply) -> bool:
    """The message quoted is gone or not in this chat."""
    fault = reply.fault
    if fault is None or fault.code not in errors.BAD_REQUEST:
        return False
    said = f"{fault.said} {fault.details}".lower()
    return "context" in said or "message_id" in said or "message id" in said


def _lost_file(reply: graph.Reply) -> bool:
    """Meta could not use a file that it has taken over: a second upload often helps."""
    return reply.fault is not None and reply.fault.code == errors.UPLOAD_FAILED


def _wants_names(reply: graph.Reply) -> bool:
    return reply.fault is not None and reply.fault.code in {100, 132000, 132012}
