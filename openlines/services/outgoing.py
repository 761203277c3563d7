"""What a connector is handed for a message of ours: text with the name before it, files, quote, buttons, thread, window."""

from __future__ import annotations

import re
from copy import copy
from dataclasses import dataclass
from datetime import datetime

from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from openlines.connectors import base, registry
from openlines.models import Attachment, Dialog, Message, OutboxItem
from openlines.models.message import UNCOUNTED
from openlines.policies import automatic_actions as actions
from openlines.policies.facts import TextTrigger
from openlines.policies.window import Stage
from openlines.services import file_links, windows
from openlines.services.faces import face
from openlines.services.settings import line_settings

REFERENCES = 10
"""Earlier mails of a thread that a mail names."""
THREAD_SALT = "openlines.mail-thread"
_ANSWER = re.compile(r"(?:re|odp|aw|sv|rif|rép|ang|vs|ynt|ответ|відп)(?:\[\d+\])?\s?:", re.IGNORECASE)
"""How mail programs of several languages begin an answer's subject."""


@dataclass(frozen=True)
class Forbidden:
    """It cannot be sent now, whatever the provider would say. ``reason`` in words, with what to do."""

    reason: str


def compose(
    item: OutboxItem, joined: tuple[Message, ...] = (), *, now: datetime
) -> base.OutgoingMessage | Forbidden:
    """``joined``: automatic texts of the same moment that go with it (e-mail, SMS)."""
    message, dialog = item.message, item.dialog
    features = registry.get(item.connection.kind).features
    late = _late(message, dialog, now=now)
    if isinstance(late, Forbidden):
        return late
    is_automatic = message.author == Message.Author.AUTOMATIC
    shown = face(dialog.line, message.operator)
    quoted = message.reply_to.external_id if message.reply_to else None
    texts = [text for text in (_signed(item, message), *(m.text for m in joined)) if text]
    return base.OutgoingMessage(
        uuid=str(message.uuid),
        recipient=dialog.client.external_id,
        text="\n\n".join(texts),
        files=_files(message, features),
        reply_to=quoted or "",
        part=len(item.accepted_ids),
        buttons=_buttons(message, features),
        template=_template(message),
        sender_name=shown.name,
        sender_photo=file_links.absolute(shown.photo) if shown.photo else "",
        signature=_signature(dialog, shown.name) if features.address == "email" else "",
        is_automatic=is_automatic,
        late=late,
        thread=thread(dialog, message) if features.address == "email" else None,
    )


def compose_edit(item: OutboxItem, *, now: datetime) -> base.OutgoingMessage | Forbidden:
    """The message as it was sent, with the new text."""
    whole = copy(item)
    whole.message = copy(item.message)
    whole.message.text, whole.accepted_ids = item.text, []
    return compose(whole, now=now)


def outdated(item: OutboxItem, *, now: datetime) -> bool:
    """§6: an automatic text that waited and is no longer true."""
    message = item.message
    if message.author != Message.Author.AUTOMATIC or message.trigger not in TextTrigger.__members__.values():
        return False
    return actions.outdated(
        TextTrigger(message.trigger),
        line_settings(item.dialog.line),
        item.dialog.facts(),
        written_at=message.created_at,
        now=now,
    )


def _late(message: Message, dialog: Dialog, *, now: datetime) -> bool | Forbidden:
    """True: a person writes in the late window (HUMAN_AGENT). The reply was allowed when it was given; it may have
    waited since.
    """
    if _template(message) is not None:
        return False
    window = windows.of_dialog(dialog, now=now)
    by_person = message.author == Message.Author.OPERATOR  # a bot is none
    if window.takes(by_person=by_person):
        return window.stage is Stage.LATE
    if not by_person:
        return Forbidden(
            _("Not sent: the channel allows no automatic text so long after the client's last message.")
        )
    return Forbidden(_("Not sent. %(why)s") % {"why": windows.why_over(window)})


def _signed(item: OutboxItem, message: Message) -> str:
    """Q6: where the channel shows no sender, his name stands before the text, unless it is hidden or switched off."""
    line = item.dialog.line
    features = registry.get(item.connection.kind).features
    if not message.text or features.shows_sender or not line.name_before_text:
        return message.text
    name = face(line, message.operator).name
    return f"{name}:\n{message.text}" if name else message.text


def _files(message: Message, features: base.Features) -> tuple[base.OutgoingFile, ...]:
    return tuple(
        base.OutgoingFile(
            path=a.file.path,
            name=a.name,
            mime=a.mime,
            kind=base.MediaKind(a.kind),
            url=file_links.public(a) if features.media_by_url else "",
        )
        for a in message.attachments.filter(state=Attachment.State.STORED)
    )


def _buttons(message: Message, features: base.Features) -> tuple[base.Button, ...]:
    found = message.extra.get("buttons") or []
    if not features.buttons or (features.max_buttons and len(found) > features.max_buttons):
        return ()
    return tuple(base.Button(text=one["text"], payload=one["payload"]) for one in found)


def _template(message: Message) -> base.Template | None:
    found = message.extra.get("template")
    if not found:
        return None
    return base.Template(found["name"], found["language"], tuple(found.get("parameters", ())))


def _signature(dialog: Dialog, name: str) -> str:
    signature = dialog.line.email_signature
    return signature.replace("#OPERATOR#", name).replace("#LINE#", dialog.line.name).strip()


# -- e-mail threads -------------------------------------------------------------------------------------------


def thread(dialog: Dialog, message: Message) -> base.Thread:
    """The mails that this one goes back to: the client's last, then ours and his before."""
    earlier = Message.objects.filter(
        dialog=dialog, external_id__isnull=False, seq__lt=message.seq, is_note=False
    ).exclude(kind__in=UNCOUNTED)
    rows = list(earlier.order_by("-seq").values_list("author", "external_id", "extra")[:REFERENCES])
    last = next((pk for author, pk, _extra in rows if author == Message.Author.CLIENT), None)
    subject = str(message.extra.get("subject") or "") or next(
        (str(extra["subject"]) for _author, _id, extra in rows if extra.get("subject")), ""
    )
    return base.Thread(
        subject=answering_subject(subject, dialog, answers=last is not None),
        in_reply_to=last or "",
        references=tuple(reversed([str(pk) for _author, pk, _extra in rows])),
        token=thread_token(dialog.pk),
    )


def answering_subject(subject: str, dialog: Dialog, *, answers: bool) -> str:
    """Under which a mail goes; ``answers``: the client has written ``subject`` before."""
    if subject and answers and not _ANSWER.match(subject):
        subject = f"Re: {subject}"
    return subject or dialog.line.name


def thread_token(dialog_id: int) -> str:
    """Names the dialog in a mail's own ids; cannot be guessed."""
    proof = salted_hmac(THREAD_SALT, str(dialog_id), algorithm="sha256").hexdigest()[:20]
    return f"{dialog_id}-{proof}"


def dialog_of_token(token: str) -> int | None:
    number, _dash, _proof = token.partition("-")
    if not number.isdecimal() or len(number) > 18:
        return None
    good = constant_time_compare(thread_token(int(number)), token)
    return int(number) if good else None
