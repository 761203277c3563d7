"""What a mail has besides its text: subject, who wrote it, who else got it, its quote, its formatted view.

And what stands over the composer: under which subject an answer goes, to whom, and who will not get it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.urls import reverse

from openlines.connectors import registry
from openlines.connectors.email import options
from openlines.models import Dialog, Message
from openlines.services import outgoing

MOST_SHOWN: Final = 8
"""Addresses of a header line; the others are counted."""


@dataclass(frozen=True)
class Mail:
    """``written_by``: set where another address than the client's wrote it. ``to`` and ``cc``: only where others than
    we got it. ``formatted_url`` empty: it has no HTML."""

    subject: str
    written_by: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    more: int
    """Addresses that are not shown."""
    quoted: str
    formatted_url: str


@dataclass(frozen=True)
class Answer:
    """``left_out``: who wrote or got the client's last mail and does not get the answer."""

    subject: str
    to: str
    left_out: tuple[str, ...]
    more: int


def is_mail(dialog: Dialog) -> bool:
    kind = dialog.connection.kind
    return registry.has(kind) and registry.get(kind).features.address == "email"


def mail(message: Message, dialog: Dialog, *, has_html: bool) -> Mail | None:
    """None for what is no mail of the client's: ours have the thread's subject, told over the composer."""
    extra = message.extra
    if message.is_note or message.deleted_at or not is_mail(dialog):
        return None
    to, cc = _addresses(extra, "to"), _addresses(extra, "cc")
    if not _others([*to, *cc], dialog):
        to, cc = [], []
    shown_cc = cc[: max(MOST_SHOWN - len(to), 1)]
    found = Mail(
        subject=str(extra.get("subject") or ""),
        written_by=str(extra.get("from") or ""),
        to=tuple(to[:MOST_SHOWN]),
        cc=tuple(shown_cc),
        more=max(len(to) - MOST_SHOWN, 0) + len(cc) - len(shown_cc),
        quoted=str(extra.get("quoted") or ""),
        formatted_url=reverse("workspace:mail", args=[message.pk]) if has_html else "",
    )
    return found if any((found.subject, found.written_by, to, cc, found.quoted, has_html)) else None


def answer(dialog: Dialog) -> Answer | None:
    """One statement, for e-mail alone. None where nothing can be written to him by mail."""
    if not is_mail(dialog):
        return None
    last = (
        Message.objects.filter(dialog=dialog, external_id__isnull=False)
        .from_client()
        .order_by("-seq")
        .values_list("extra__subject", "extra__from", "extra__to", "extra__cc")
        .first()
    )
    subject, written_by, to, cc = last or ("", "", [], [])
    got = {"from": [written_by] if written_by else [], "to": to, "cc": cc}
    others = _others([one for name in got for one in _addresses(got, name)], dialog)
    others = [one for one in dict.fromkeys(others) if one != dialog.client.external_id]
    return Answer(
        subject=outgoing.answering_subject(str(subject or ""), dialog, answers=last is not None),
        to=dialog.client.external_id,
        left_out=tuple(others[:MOST_SHOWN]),
        more=max(len(others) - MOST_SHOWN, 0),
    )


def _addresses(extra: dict[str, Any], name: str) -> list[str]:
    found = extra.get(name)
    return [str(one) for one in found if one] if isinstance(found, list) else []


def _others(addresses: list[str], dialog: Dialog) -> list[str]:
    """Those that are not ours. The connection's settings are read only where there is somebody to ask about."""
    if not addresses:
        return []
    own = options.read(dialog.connection.account())
    return [one for one in addresses if not own.is_own(one)]
