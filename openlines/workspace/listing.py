"""The left column: tabs, offers to the person who looks, and the rows of the chosen tab."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, cast

from django.db.models import F, IntegerField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from contactcenter.staff.models import Employee, Right, Scope
from contactcenter.staff.roles import scope
from openlines import search
from openlines.models import Dialog, Offer, Seen
from openlines.permissions import IS_SHOWN, visible_dialogs, waiting_for
from openlines.policies.names import readable
from openlines.services import dialog_notices
from openlines.workspace import faces
from openlines.workspace.gone import Gone, gone

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
    """One dialog; strings are ready to print, for two hundred rows are drawn at once. Times are ISO, or empty.

    ``waiting_since``: the client's unanswered message; ``offer_id``: offered to the person who looks.
    """

    dialog_id: str
    url: str
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
    last_at: str
    waiting_since: str
    is_unanswered: bool
    unread: int
    is_pinned: bool
    """By the person who looks: it is his."""
    aside_until: str
    """Until when he has put it aside, in words; empty where he has not."""
    offer_id: str = ""
    offer_until: str = ""
    is_held: bool = False
    """The offer lasts longer, for the person is writing."""
    handed: str = ""
    """Who has transferred it to the person who looks, with the note; until they have read so."""
    version: str = ""
    """Changes with anything of the row that is seen."""
    is_same: bool = False
    """The page shows this version already: only its place in the order is told."""

    @property
    def key(self) -> str:
        return f"o{self.dialog_id}" if self.offer_id else self.dialog_id


@dataclass(frozen=True)
class Listing:
    tabs: tuple[Tab, ...]
    offers: tuple[Row, ...]
    rows: tuple[Row, ...]
    gone: tuple[Gone, ...]
    """What the page shows and what is not here any more, with the reason."""
    more: int
    """Rows that did not fit."""
    query: str
    current: str
    """The id of the open dialog, or empty."""
    tab: str
    has_rows_tab: bool
    """The tab has rows to choose from (that of the offers has none)."""
    only_unanswered: bool
    comes_back_at: str
    """When the next of those put aside is due among one's own again; ISO, or empty."""
    unread: int
    """Client messages unread in one's own dialogs."""
    empty_title: str
    empty_text: str


def listing(
    employee: Employee,
    *,
    tab: str = "",
    query: str = "",
    current: str = "",
    only_unanswered: bool = False,
    had: Mapping[str, str] | None = None,
) -> Listing:
    """``had``: the rows that the page shows, key → version; those are not drawn again."""
    now = timezone.now()
    wanted = search.read(query)
    tabs = _tabs_of(employee)
    chosen = tab if tab in tabs else tabs[0]
    offers = list(
        Offer.objects.filter(employee=employee, ended_at__isnull=True).order_by("offered_at", "pk")[:ROWS]
    )
    offered = {
        row["pk"]: row
        for row in _facts(Dialog.objects.filter(pk__in=[o.dialog_id for o in offers]), employee)
    }
    own = Dialog.objects.open().filter(IS_SHOWN, operator=employee)
    aside = own.filter(snoozed_until__gt=now)
    mine = own.exclude(pk__in=aside.values("pk"))
    comes_back = aside.order_by("snoozed_until").values_list("snoozed_until", flat=True).first()
    if comes_back is not None:
        tabs = (*tabs, "aside")
        chosen = tab if tab in tabs else tabs[0]
    waiting = Dialog.objects.filter(waiting_for(employee))
    rows: list[dict[str, Any]] = []
    total = 0
    if chosen != "offered":
        source = {
            "mine": mine,
            "waiting": waiting,
            "all": visible_dialogs(employee).open(),
            "aside": aside,
        }[chosen]
        if only_unanswered:
            source = source.filter(is_unanswered=True)
        if not wanted.is_empty:
            source = source.filter(wanted.in_dialog(last_words=True))
        rows, total = _page(_ordered(source, chosen), employee)
    counts = {"offered": len(offers)}
    for key, source in (("mine", mine), ("waiting", waiting), ("aside", aside)):
        if key not in tabs:
            continue
        counts[key] = total if key == chosen and not (query or only_unanswered) else source.count()
    title, text = _nothing(chosen)
    shown = [
        offer
        for offer in offers
        if offer.dialog_id in offered and _is_found(offered[offer.dialog_id], wanted)
    ]
    had = had or {}
    handed = dialog_notices.handed_to(employee.pk)
    offer_rows = [
        _known(_row(offered[offer.dialog_id], employee, now=now, offer=offer), had, handed) for offer in shown
    ]
    other_rows = [_known(_row(row, employee, now=now), had, handed) for row in rows]
    return Listing(
        tab=chosen,
        has_rows_tab=chosen != "offered",
        only_unanswered=only_unanswered,
        comes_back_at=comes_back.isoformat() if comes_back else "",
        tabs=tuple(
            Tab(key=key, label=_label(key), count=counts.get(key), is_current=key == chosen) for key in tabs
        ),
        offers=tuple(offer_rows),
        rows=tuple(other_rows),
        gone=gone(
            employee,
            had.keys() - {row.key for row in (*offer_rows, *other_rows)},
            only_unanswered=only_unanswered,
        ),
        more=total - len(rows),
        query=query,
        current=current,
        unread=_unread(mine, employee),
        empty_title=title,
        empty_text=text,
    )


def _row(row: dict[str, Any], employee: Employee, *, now: datetime, offer: Offer | None = None) -> Row:
    name = (
        readable(row["client__name"])
        or readable(row["client__username"])
        or _("Visitor %(number)s") % {"number": row["client_id"]}
    )
    own = row["operator_id"] == employee.pk
    unread = max(row["client_message_count"] - row["seen_messages"], 0)
    last_at = row["last_message_at"] or row["created_at"]
    operator = " ".join(filter(None, [row["operator__first_name"], row["operator__last_name"]]))
    return Row(
        dialog_id=str(row["pk"]),
        url=reverse("workspace:dialog", args=[row["pk"]]),
        client_name=name,
        initials=faces.initials(name),
        tone=faces.tone(row["client_id"]),
        channel_kind=row["connection__kind"],
        channel_label=faces.channel_label(row["connection__kind"]),
        line_name=row["line__name"],
        operator_name="" if own else operator or row["operator__username"] or "",
        state=row["state"],
        state_label=_("Finishing…") if row["finish_at"] else faces.state_label(row["state"]),
        last_prefix=_prefix(row["last_author"]),
        last_text=row["last_text"]
        or (_("a file, or something without text") if row["message_count"] else ""),
        last_at=last_at.isoformat(),
        waiting_since=row["clock_started_at"].isoformat() if row["clock_started_at"] else "",
        is_unanswered=row["is_unanswered"],
        unread=unread if own or offer else 0,
        is_pinned=own and row["pinned_at"] is not None,
        aside_until=_aside(row["snoozed_until"], now=now) if own else "",
        offer_id=str(offer.pk) if offer else "",
        offer_until=offer.until.isoformat() if offer and offer.until else "",
        is_held=offer is not None and row["offer_held_from"] is not None,
    )


def _known(row: Row, had: Mapping[str, str], handed: Mapping[str, str]) -> Row:
    """``row`` with its version; ``is_same`` where the page has it."""
    row = replace(row, handed=handed.get(row.url, ""))
    version = f"{zlib.crc32(f'{get_language()} {row}'.encode('utf-8', 'replace')):08x}"
    return replace(row, version=version, is_same=had.get(row.key) == version)


def _aside(until: datetime | None, *, now: datetime) -> str:
    return date_format(timezone.localtime(until), "j M H:i") if until is not None and until > now else ""


def _tabs_of(employee: Employee) -> tuple[str, ...]:
    """All: for those who may read more than their own (§12)."""
    reads_more = scope(employee, Right.DIALOGS_HISTORY) >= Scope.DEPARTMENT
    return TABS if reads_more else TABS[:-1]


def _is_found(row: dict[str, Any], wanted: search.Search) -> bool:
    return wanted.is_empty or wanted.finds_dialog(
        number=row["pk"], client=row["client__search_text"], last_text=row["last_text"]
    )


def _ordered(dialogs: QuerySet[Dialog], tab: str) -> QuerySet[Dialog]:
    """Who waits longest comes first; then what was touched last. What one has pinned leads one's own."""
    if tab == "waiting":
        return dialogs.order_by(Coalesce("clock_started_at", "queued_at", "created_at"), "pk")
    if tab == "aside":
        return dialogs.order_by("snoozed_until", "pk")
    return dialogs.order_by(
        *((F("pinned_at").asc(nulls_last=True),) if tab == "mine" else ()),
        F("clock_started_at").asc(nulls_last=True),
        F("last_message_at").desc(nulls_last=True),
        "-pk",
    )


_COLUMNS: Final = (
    "pk",
    "state",
    "client_id",
    "client__name",
    "client__username",
    "client__search_text",
    "connection__kind",
    "line__name",
    "operator_id",
    "operator__first_name",
    "operator__last_name",
    "operator__username",
    "created_at",
    "clock_started_at",
    "is_unanswered",
    "pinned_at",
    "snoozed_until",
    "finish_at",
    "offer_held_from",
    "message_count",
    "client_message_count",
    "last_message_at",
    "last_text",
    "last_author",
    "seen_messages",
)


def _facts(dialogs: QuerySet[Dialog], employee: Employee) -> QuerySet[Dialog, dict[str, Any]]:
    """Plain columns: whole rows would bring (and decrypt) the credentials of each connection."""
    return cast(
        "QuerySet[Dialog, dict[str, Any]]",
        dialogs.annotate(seen_messages=_seen_by(employee)).values(*_COLUMNS),
    )


def _seen_by(employee: Employee) -> Coalesce:
    """Client messages he has had before his eyes."""
    seen = Seen.objects.filter(dialog=OuterRef("pk"), employee=employee).values("client_messages")
    return Coalesce(Subquery(seen, output_field=IntegerField()), Value(0))


def _page(dialogs: QuerySet[Dialog], employee: Employee) -> tuple[list[dict[str, Any]], int]:
    """The rows that fit, and how many there are. Counted only where they do not fit."""
    rows = list(_facts(dialogs, employee)[: ROWS + 1])
    return rows[:ROWS], len(rows) if len(rows) <= ROWS else dialogs.count()


def _unread(mine: QuerySet[Dialog], employee: Employee) -> int:
    counts = mine.annotate(unread=F("client_message_count") - _seen_by(employee)).filter(unread__gt=0)
    return sum(counts.values_list("unread", flat=True)[:ROWS])


def _prefix(author: str) -> str:
    return {
        "operator": _("Reply:"),
        "bot": _("Bot:"),
        "automatic": _("Automatic:"),
        "outside": _("Outside:"),
    }.get(author, "")


def _label(tab: str) -> str:
    return {
        "mine": _("Mine"),
        "offered": _("Offered"),
        "waiting": _("Waiting"),
        "all": _("All"),
        "aside": _("Put aside"),
    }[tab]


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
        "aside": (_("Nothing is put aside"), _("What you put aside comes back by itself.")),
        "all": (_("No open dialogs"), _("When a client writes, the dialog appears here by itself.")),
    }[tab]
