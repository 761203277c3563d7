"""One message as the desk shows it: author, text, files, what it is besides its text, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contactcenter.staff.models import Employee
from openlines.models import Attachment, Dialog, Message
from openlines.models.message import ANSWER, MACHINE_ANSWER
from openlines.policies.names import readable
from openlines.views_files import shown_type
from openlines.workspace import canned
from openlines.workspace.came_with import Along, came_with
from openlines.workspace.hold_state import why_queued
from openlines.workspace.mail import Mail, mail
from openlines.workspace.own_message import Own, own

_SIDES = {"client": "client", "operator": "ours", "outside": "ours", "bot": "bot", "automatic": "bot"}
_UNCOUNTED = {
    MACHINE_ANSWER: ("cog", gettext_lazy("Answered by a machine: it does not count as the client’s message")),
    "opened": ("eye", gettext_lazy("Opened the chat")),
    "opt_out": ("bell-off", gettext_lazy("Wants no more messages: the channel lets none through")),
    "opt_in": ("bell", gettext_lazy("Wants messages again")),
}
_DELIVERY_ICONS = {
    "queued": "clock",
    "sending": "clock",
    "sent": "check",
    "delivered": "check-check",
    "read": "check-check",
    "failed": "circle-alert",
    "unknown": "circle-question-mark",
}


@dataclass(frozen=True)
class Quote:
    key: str
    author: str
    text: str


@dataclass(frozen=True)
class FileView:
    """``url`` empty: not there (yet), and ``words`` say why. ``fetch_url``: where to ask for it again.

    What browsers do not show (an iPhone's HEIC, TIFF, AMR) is offered by its name, never as a broken picture.
    """

    name: str
    size: int | None
    url: str
    words: str
    fetch_url: str
    is_image: bool
    is_audio: bool
    is_video: bool


@dataclass(frozen=True)
class MessageItem:
    """``side``: client, ours, bot or note. ``note_text``: what the message is, where it is not only text."""

    key: str
    order: str
    pk: int
    seq: int
    uuid: UUID
    at: datetime
    side: str
    author: str
    text: str
    is_note: bool
    is_automatic: bool
    """A machine of the client's side wrote it."""
    is_edited: bool
    is_deleted: bool
    earlier_texts: tuple[str, ...]
    quote: Quote | None
    files: tuple[FileView, ...]
    along: tuple[Along, ...]
    note_text: str
    special_icon: str
    special_url: str
    reactions: str
    buttons: tuple[str, ...]
    """What the client could choose below it (a rating, consent)."""
    delivery: str
    delivery_label: str
    delivery_icon: str
    failure: str
    waits: str
    """Why it has not left yet, where that is more than a moment."""
    may_be_quoted: bool
    save_url: str
    """The window that saves it as a canned reply (A10); empty where he may not, or it is none of ours."""
    journey_url: str
    """What happened to it."""
    own: Own
    dialog_id: int
    mail: Mail | None = None
    """Of a mail: what it has besides."""
    is_message: bool = True


def order_of(at: datetime, kind: str, pk: int) -> str:
    """Sorts as text; at the same instant an event ("accepted") stands before the message that made it."""
    return f"{int(at.astimezone(UTC).timestamp() * 1_000_000):018d}{kind}{pk:012d}"


def instant_of(order: str) -> datetime:
    """The time in an ``order``. Raises ValueError for what is none."""
    microseconds = int(order[:18])
    return datetime.fromtimestamp(microseconds // 1_000_000, UTC).replace(
        microsecond=microseconds % 1_000_000
    )


def message_item(message: Message, dialog: Dialog, *, me: Employee) -> MessageItem:
    deleted = message.deleted_at is not None
    icon, words, url = ("info", "", "") if deleted else _special(message, dialog)
    return MessageItem(
        key=f"m{message.pk}",
        order=order_of(message.created_at, "m", message.pk),
        pk=message.pk,
        seq=message.seq,
        uuid=message.uuid,
        at=message.created_at,
        side="note" if message.is_note else _SIDES.get(message.author, "ours"),
        author=_author(message, dialog, me=me),
        text=message.said,
        is_note=message.is_note,
        is_automatic=message.extra.get("automatic") is True,
        is_edited=message.edited_at is not None,
        is_deleted=deleted,
        earlier_texts=()
        if deleted
        else tuple(str(earlier.get("text", "")) for earlier in message.earlier_texts),
        quote=_quote(message, dialog, me=me),
        files=()
        if deleted
        else tuple(_file(attachment, message) for attachment in message.attachments.all()),
        along=() if deleted else came_with(message.extra),
        note_text="" if deleted else words,
        special_icon=icon,
        special_url=url,
        reactions=" ".join(str(one) for one in message.extra.get("reactions") or ()),
        buttons=_buttons(message),
        delivery=message.delivery,
        delivery_label=str(Message.Delivery(message.delivery).label) if message.delivery else "",
        delivery_icon=_DELIVERY_ICONS.get(message.delivery, "clock"),
        failure=_failure(message),
        waits=why_queued(message, dialog.connection),
        may_be_quoted=not message.is_note and not deleted,
        journey_url=reverse("workspace:journey", args=[message.dialog_id, message.pk]),
        save_url="" if deleted or not canned.may_change(me) else _save_url(message),
        own=own(message, dialog, me=me),
        dialog_id=dialog.pk,
        mail=mail(message, dialog, has_html=_has_html(message)),
    )


def _has_html(message: Message) -> bool:
    """The timeline leaves the HTML itself in the database, and says whether there is any."""
    return bool(getattr(message, "has_html", False) or message.extra.get("html"))


def _save_url(message: Message) -> str:
    if message.is_note or message.author not in (Message.Author.OPERATOR, Message.Author.OUTSIDE):
        return ""
    return f"{reverse('workspace:canned_save', args=[message.dialog_id])}?message={message.pk}"


def _author(message: Message, dialog: Dialog, *, me: Employee) -> str:
    if message.author == Message.Author.CLIENT:
        return dialog.client.display_name
    if message.author == Message.Author.OPERATOR and message.operator:
        return _("You") if message.operator_id == me.pk else message.operator.display_name
    return str(Message.Author(message.author).label)


def _quote(message: Message, dialog: Dialog, *, me: Employee) -> Quote | None:
    """Of the message answered: the part that the client picked, where the channel tells it."""
    quoted = message.reply_to
    picked = str(message.extra.get("quote") or "") if isinstance(message.extra, dict) else ""
    if quoted is None:
        return Quote(key="", author="", text=picked[:160]) if picked else None
    text = (
        _("Deleted") if quoted.deleted_at else picked or quoted.text or _("a file, or something without text")
    )
    return Quote(key=f"m{quoted.pk}", author=_author(quoted, dialog, me=me), text=text[:160])


def _special(message: Message, dialog: Dialog) -> tuple[str, str, str]:
    """Icon, words and address of a message that is more than its text."""
    extra: dict[str, Any] = message.extra
    if message.kind == "location":
        place = f"{extra.get('latitude', '')},{extra.get('longitude', '')}"
        told = (readable(str(extra.get(name) or "")) for name in ("name", "address"))
        named = [one for one in told if one]
        return "map-pin", " · ".join([*named, _("Location %(place)s") % {"place": place}]), f"geo:{place}"
    if message.kind == "contact":
        phone = readable(str(extra.get("phone") or ""))
        return (
            "contact-round",
            " · ".join(filter(None, [readable(str(extra.get("name") or "")), phone])),
            f"tel:{phone}" if phone else "",
        )
    if message.kind == "unsupported":
        kind = str(extra.get("type", "")).replace("_", " ")
        return (
            "circle-question-mark",
            _("Something that cannot be shown here: %(kind)s") % {"kind": kind or "?"},
            "",
        )
    if message.kind in _UNCOUNTED:
        icon, words = _UNCOUNTED[message.kind]
        return icon, _with_word(str(words), extra), ""
    if message.kind == "start":
        return "play", _with_word(_("Pressed “Start”"), extra), ""
    if message.kind == "sticker":
        return "sticker", _sticker(message), ""
    if message.extra.get("template"):
        return (
            "layout-template",
            _("Template “%(name)s”") % {"name": message.extra["template"].get("name", "")},
            "",
        )
    if message.kind == "button":
        return "mouse-pointer-click", _("Chose a button"), ""
    if message.kind == ANSWER:  # no ordinary message (§11)
        if str(extra.get("payload", "")).startswith("consent:"):
            return "shield-check", _("An answer about consent"), ""
        return "star", _("A rating"), ""
    if dialog.is_forgotten and not (message.text or message.deleted_at or message.attachments.all()):
        return "eye-off", _("Not kept by setting"), ""
    return "info", "", ""


def _with_word(words: str, extra: dict[str, Any]) -> str:
    """The parameter of the link by which the client came."""
    payload = extra.get("payload")
    return f"{words} · {payload}" if isinstance(payload, str) and payload.strip() else words


def _sticker(message: Message) -> str:
    """Viber's number tells which it is where no picture came."""
    extra: dict[str, Any] = message.extra
    words = [
        _("Animated sticker") if extra.get("animated") is True else _("Sticker"),
        str(extra.get("emoji") or ""),
    ]
    if extra.get("sticker") and not message.attachments.all():
        words.append(str(extra["sticker"]))
    return " ".join(filter(None, words))


def _buttons(message: Message) -> tuple[str, ...]:
    buttons = message.extra.get("buttons") or ()
    return tuple(str(one.get("text", "")) for one in buttons if isinstance(one, dict) and one.get("text"))


def _failure(message: Message) -> str:
    if message.delivery == Message.Delivery.UNKNOWN:
        return _(
            "The channel did not confirm it. It may have arrived: ask the client, or send it again if they have not got it."
        )
    if message.delivery != Message.Delivery.FAILED:
        return ""
    if message.failure in ("", "unreachable"):
        return _("Not delivered: the client cannot be reached, they have blocked us or left the channel.")
    return _("Not delivered: %(reason)s") % {"reason": message.failure}


def _file(attachment: Attachment, message: Message) -> FileView:
    stored = attachment.state == Attachment.State.STORED
    failed = attachment.state == Attachment.State.FAILED
    words = str(Attachment.State(attachment.state).label)
    kind, shown = attachment.kind, shown_type(attachment.mime)
    return FileView(
        name=attachment.name or _("file"),
        size=attachment.size,
        url=reverse("openlines:file", args=[attachment.public_id]) if stored else "",
        words="" if stored else f"{words}: {attachment.failure}" if attachment.failure else words,
        fetch_url=(
            reverse("workspace:fetch_file", args=[message.dialog_id, attachment.public_id])
            if failed and attachment.reference and message.author == Message.Author.CLIENT
            else ""
        ),
        is_image=kind in ("image", "sticker") and shown.startswith("image/"),
        is_audio=kind in ("audio", "voice") and shown.startswith(("audio/", "video/")),
        is_video=kind == "video" and shown.startswith("video/"),
    )
