"""The left column: tabs, offers to the person who looks, and the rows of the chosen tab."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from contactcenter.staff.models import Employee, Right, Scope
from contactcenter.staff.roles import scope
from openlines.models import Dialog, Offer, Seen
from openlines.permissions import visible_dialogs, waiting_for
from openlines.workspace import faces

ROWS: Final = 200
TABS: Final = ("mine", "offered", "waiting", "all")


@dataclass(frozen=True)
class Tab:
    key: str
    label: str
    count: int | None
    """None: not counted (everything one may see could be very many)."""
    is_current: bool


@dataclass(frozen=True)
class Row:
    """One dialog. ``waiting_since``: the client's unanswered message; ``offer_id``: offered to the person who looks."""

    dialog_id: int
    number: int
    client_name: str
    initials: str
    tone: str
    channel_kind: str
    channel_label: str
    line_name: str
    operator_name: str
    state: str
    state_label: str
    last_prefix: str
    last_text: str
    last_at: datetime | None
    waiting_since: datetime | None
    is_unanswered: bool
    unread: int
    offer_id: int | None = None
    offer_until: datetime | None = None


@dataclass(frozen=True)
class Listing:
    tabs: tuple[Tab, ...]
    offers: tuple[Row, ...]
    rows: tuple[Row, ...]
    more: int
    """Rows that did not fit."""
    query: str
    current: int | None
    """The open dialog."""
    unread: int
    """Client messages unread in one's own dialogs."""
    empty_title: str
    empty_text: str


def listing(employee: Employee, *, tab: str = "", query: str = "", current: int | None = None) -> Listing:
    tabs = _tabs_of(employee)
    chosen = tab if tab in tabs else tabs[0]
    offers = _offers(employee)
    mine = Dialog.objects.open().filter(operator=employee)
    waiting = Dialog.objects.filter(waiting_for(employee))
    rows: list[Dialog] = []
    total = 0
    if chosen != "offered":
        source = {"mine": mine, "waiting": waiting, "all": visible_dialogs(employee).open()}[chosen]
        rows, total = _page(_ordered(_matching(source, query), chosen), employee)
    counts = {"offered": len(offers)}
    for key, source in (("mine", mine), ("waiting", waiting)):
        if key in tabs:
            counts[key] = total if key == chosen and not query else source.count()
    title, text = _nothing(chosen)
    return Listing(
        tabs=tuple(
            Tab(key=key, label=_label(key), count=counts.get(key), is_current=key == chosen) for key in tabs
        ),
        offers=tuple(
            row_of(offer.dialog, employee, offer=offer) for offer in offers if _has(offer.dialog, query)
        ),
        rows=tuple(row_of(dialog, employee) for dialog in rows),
        more=total - len(rows),
        query=query,
        current=current,
        unread=_unread(mine, employee),
        empty_title=title,
        empty_text=text,
    )


def row_of(dialog: Dialog, employee: Employee, *, offer: Offer | None = None) -> Row:
    """``dialog`` with line, connection, client and operator at hand, and ``seen_messages`` where unread ones count."""
    name = dialog.client.display_name
    own = dialog.operator_id == employee.pk
    seen = getattr(dialog, "seen_messages", dialog.client_message_count)
    return Row(
        dialog_id=dialog.pk,
        number=dialog.number,
        client_name=name,
        initials=faces.initials(name),
        tone=faces.tone(dialog.client_id),
        channel_kind=dialog.connection.kind,
        channel_label=faces.channel_label(dialog.connection.kind),
        line_name=dialog.line.name,
        operator_name="" if own or dialog.operator is None else dialog.operator.display_name,
        state=dialog.state,
        state_label=faces.state_label(dialog.state),
        last_prefix=_prefix(dialog.last_author),
        last_text=dialog.last_text
        or (_("a file, or something without text") if dialog.message_count else ""),
        last_at=dialog.last_message_at or dialog.created_at,
        waiting_since=dialog.clock_started_at if dialog.is_open else None,
        is_unanswered=dialog.is_unanswered,
        unread=max(dialog.client_message_count - seen, 0) if own or offer else 0,
        offer_id=offer.pk if offer else None,
        offer_until=offer.until if offer else None,
    )


def _tabs_of(employee: Employee) -> tuple[str, ...]:
    """All: for those who may read more than their own (§12)."""
    reads_more = scope(employee, Right.DIALOGS_HISTORY) >= Scope.DEPARTMENT
    return TABS if reads_more else TABS[:-1]


def _offers(employee: Employee) -> list[Offer]:
    return list(
        Offer.objects.filter(employee=employee, ended_at__isnull=True)
        .select_related("dialog__client", "dialog__line", "dialog__connection", "dialog__operator")
        .order_by("offered_at", "pk")[:ROWS]
    )


def _matching(dialogs: QuerySet[Dialog], query: str) -> QuerySet[Dialog]:
    if not query:
        return dialogs
    words = (
        Q(client__name__icontains=query)
        | Q(client__username__icontains=query)
        | Q(client__phone__icontains=query)
        | Q(client__email__icontains=query)
        | Q(last_text__icontains=query)
    )
    number = query.removeprefix("#")
    if number.isascii() and number.isdigit() and len(number) < 18:
        words |= Q(pk=int(number))
    return dialogs.filter(words)


def _has(dialog: Dialog, query: str) -> bool:
    """As ``_matching``, for the few offers that are at hand already."""
    client = dialog.client
    fields = (client.name, client.username, client.phone, client.email, dialog.last_text)
    return any(query.lower() in text.lower() for text in fields) or query.removeprefix("#") == str(dialog.pk)


def _ordered(dialogs: QuerySet[Dialog], tab: str) -> QuerySet[Dialog]:
    """Who waits longest comes first; then what was touched last."""
    if tab == "waiting":
        return dialogs.order_by(Coalesce("clock_started_at", "queued_at", "created_at"), "pk")
    return dialogs.order_by(
        F("clock_started_at").asc(nulls_last=True), F("last_message_at").desc(nulls_last=True), "-pk"
    )


def _page(dialogs: QuerySet[Dialog], employee: Employee) -> tuple[list[Dialog], int]:
    """The rows that fit, and how many there are. Counted only where they do not fit."""
    seen = Seen.objects.filter(dialog=OuterRef("pk"), employee=employee).values("client_messages")
    rows: list[Dialog] = list(
        dialogs.select_related("client", "line", "connection", "operator").annotate(
            seen_messages=Coalesce(Subquery(seen, output_field=IntegerField()), Value(0))
        )[: ROWS + 1]
    )
    return rows[:ROWS], len(rows) if len(rows) <= ROWS else dialogs.count()


def _unread(mine: QuerySet[Dialog], employee: Employee) -> int:
    seen = Seen.objects.filter(dialog=OuterRef("pk"), employee=employee).values("client_messages")
    counts: Sequence[int] = list(
        mine.annotate(
            unread=F("client_message_count") - Coalesce(Subquery(seen, output_field=IntegerField()), Value(0))
        )
        .filter(unread__gt=0)
        .values_list("unread", flat=True)[:ROWS]
    )
    return sum(counts)


def _prefix(author: str) -> str:
    return {
        "operator": _("Reply:"),
        "bot": _("Bot:"),
        "automatic": _("Automatic:"),
        "outside": _("Outside:"),
    }.get(author, "")


def _label(tab: str) -> str:
    return {"mine": _("Mine"), "offered": _("Offered"), "waiting": _("Waiting"), "all": _("All")}[tab]


def _nothing(tab: str) -> tuple[str, str]:
    return {
        "mine": (
            _("You hold no dialogs"),
            _("What is offered to you appears here by itself; what waits for anybody is under Waiting."),
        ),
        "offered": (_("Nothing is offered to you"), _("A new offer appears here by itself, with a sound.")),
        "waiting": (
            _("Nobody waits"),
            _("Dialogs that nobody has been offered stand here; you may accept them."),
        ),
        "all": (_("No open dialogs"), _("When a client writes, his dialog appears here by itself.")),
    }[tab]
