"""What a connector is handed for a message of ours: text with the name before it, files, quote, buttons, thread, window."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from datetime import datetime

from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from openlines.connectors import base, registry
from openlines.models import Attachment, Dialog, Message, OutboxItem
from openlines.policies import automatic_actions as actions
from openlines.policies.facts import TextTrigger
from openlines.services import file_links
from openlines.services.faces import face
from openlines.services.settings import line_settings

REFERENCES = 10
"""Earlier mails of a thread that a mail names."""
THREAD_SALT = "openlines.mail-thread"


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
    window = _window(message, dialog, features, now=now)
    if isinstance(window, Forbidden):
        return window
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
        late=window,
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


def window_ends_at(dialog: Dialog, features: base.Features, *, for_person: bool = True) -> datetime | None:
    """Until when we may write freely (a person, where the channel has a late window, longer); None: always."""
    if features.window is None:
        return None
    wrote = _last_wrote_at(dialog)
    span = features.late_window if for_person and features.late_window else features.window
    return wrote + span if wrote else dialog.created_at


def _last_wrote_at(dialog: Dialog) -> datetime | None:
    if dialog.last_client_message_at:
        return dialog.last_client_message_at
    rows = Dialog.objects.filter(client_id=dialog.client_id, last_client_message_at__isnull=False)
    return rows.order_by("-created_at").values_list("last_client_message_at", flat=True).first()


def _window(message: Message, dialog: Dialog, features: base.Features, *, now: datetime) -> bool | Forbidden:
    """True: a person writes in the late window (HUMAN_AGENT)."""
    free_until = window_ends_at(dialog, features, for_person=False)
    if free_until is None or now < free_until or _template(message) is not None:
        return False
    if message.author == Message.Author.AUTOMATIC:
        return Forbidden(
            _("Not sent: the channel allows no automatic text so long after the client's last message.")
        )
    until = window_ends_at(dialog, features)
    if features.late_window and until and now < until:
        return True
    if features.templates:
        return Forbidden(
            _(
                "Not sent: the client's last message is too long ago for a free text. Send one of the templates."
            )
        )
    return Forbidden(
        _("Not sent: the client's last message is too long ago. You can write when he writes again.")
    )


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
    ).order_by("-seq")
    rows = list(earlier.values_list("author", "external_id", "extra")[:REFERENCES])
    last = next((pk for author, pk, _extra in rows if author == Message.Author.CLIENT), None)
    subject = str(message.extra.get("subject") or "") or next(
        (str(extra["subject"]) for _author, _id, extra in rows if extra.get("subject")), ""
    )
    if subject and last and not subject.lower().startswith("re:"):
        subject = f"Re: {subject}"
    return base.Thread(
        subject=subject or dialog.line.name,
        in_reply_to=last or "",
        references=tuple(reversed([str(pk) for _author, pk, _extra in rows])),
        token=thread_token(dialog.pk),
    )


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
