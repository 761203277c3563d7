"""The right column: who the client is, his other dialogs, the running clocks, and why the dialog came here (Q11)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf.locale import LANG_INFO
from django.utils.translation import gettext as _

from contactcenter.staff.models import Employee
from openlines.explanations import Explanation, explain
from openlines.models import Client, ConsentRecord, Dialog, DialogEvent, Rating
from openlines.permissions import visible_dialogs
from openlines.services import starting
from openlines.still_waiting import StillWaiting, still_waiting
from openlines.workspace import faces

OTHERS: Final = 10
EVENTS: Final = 100


@dataclass(frozen=True)
class Fact:
    label: str
    value: str
    url: str = ""


@dataclass(frozen=True)
class Clock:
    """``since``: it runs; else ``value`` is its result in words."""

    label: str
    value: str = ""
    since: datetime | None = None


@dataclass(frozen=True)
class Other:
    dialog_id: int
    number: int
    state: str
    state_label: str
    last_text: str
    created_at: datetime
    client_rating: int | None
    """1 good, 0 bad."""
    supervisor_rating: int | None
    """Stars."""


@dataclass(frozen=True)
class Start:
    """Writing to him again. ``why_not`` in words; empty: he may."""

    client_id: int
    why_not: str


@dataclass(frozen=True)
class Card:
    name: str
    initials: str
    tone: str
    channel_kind: str
    channel_name: str
    is_reachable: bool
    facts: tuple[Fact, ...]
    clocks: tuple[Clock, ...]
    decisions: tuple[Explanation, ...]
    waiting: StillWaiting | None
    others: tuple[Other, ...]
    others_count: int
    events: tuple[Explanation, ...]
    consent: str
    """P3: what is known of his consent, in words; empty where nothing was asked."""
    consents: tuple[ConsentRecord, ...]
    may_refuse: bool
    may_withdraw: bool
    ratings: tuple[Rating, ...]
    outcome: str
    start: Start | None
    """Of a dialog that is over, for who may start one."""


def card(dialog: Dialog, *, me: Employee, now: datetime) -> Card:
    events = explain(DialogEvent.objects.filter(dialog=dialog).order_by("-pk")[:EVENTS], me=me)
    others = list(
        visible_dialogs(me)
        .filter(client_id=dialog.client_id)
        .exclude(pk=dialog.pk)
        .order_by("-pk")[: OTHERS + 1]
    )
    client = dialog.client
    return Card(
        name=client.display_name,
        initials=faces.initials(client.display_name),
        tone=faces.tone(client.pk),
        channel_kind=dialog.connection.kind,
        channel_name=dialog.connection.name,
        is_reachable=client.is_reachable,
        facts=_facts(dialog),
        clocks=_clocks(dialog),
        decisions=tuple(event for event in events if event.is_routing),
        waiting=still_waiting(dialog, now=now, me=me),
        others=tuple(
            Other(
                dialog_id=other.pk,
                number=other.number,
                state=other.state,
                state_label=faces.state_label(other.state),
                last_text=other.last_text,
                created_at=other.created_at,
                client_rating=other.client_rating,
                supervisor_rating=other.supervisor_rating,
            )
            for other in others[:OTHERS]
        ),
        others_count=len(others),
        events=tuple(events),
        consent=_consent(client),
        consents=tuple(ConsentRecord.objects.filter(client=client).select_related("by")[:20]),
        may_refuse=dialog.is_open and dialog.operator_id == me.pk and bool(client.consent_state),
        may_withdraw=client.consent_state == ConsentRecord.Decision.GIVEN,
        ratings=tuple(Rating.objects.filter(dialog=dialog).select_related("by")),
        outcome=str(Dialog.Outcome(dialog.outcome).label) if dialog.outcome else "",
        start=_start(dialog, me=me, now=now),
    )


def _start(dialog: Dialog, *, me: Employee, now: datetime) -> Start | None:
    """His open dialog may be shown to ``me`` whatever the channel allows: it stands among the others."""
    if dialog.is_open or not starting.may_start(me):
        return None
    return Start(dialog.client_id, starting.why_not(dialog.client, by=me, now=now))


def _consent(client: Client) -> str:
    words: dict[str, str] = {
        "asked": _("Asked for; not answered yet"),
        "given": _("Given"),
        "refused": _("Refused"),
        "withdrawn": _("Withdrawn"),
    }
    return words.get(client.consent_state, "")


def _facts(dialog: Dialog) -> tuple[Fact, ...]:
    client = dialog.client
    page = client.page_url if client.page_url.startswith(("http://", "https://")) else ""
    language = LANG_INFO.get(client.language.split("-")[0].lower(), {}).get("name_local", client.language)
    facts = (
        Fact(_("User name"), f"@{client.username.removeprefix('@')}" if client.username else ""),
        Fact(_("Phone"), client.phone, f"tel:{client.phone}"),
        Fact(_("E-mail"), client.email, f"mailto:{client.email}"),
        Fact(_("Language"), language),
        Fact(_("Page"), client.page_url, page),
    )
    return tuple(fact for fact in facts if fact.value)


def _clocks(dialog: Dialog) -> tuple[Clock, ...]:
    """K2, K4: what runs, and what the runs before came to."""
    clocks = []
    is_first = dialog.reaction_count == 0
    if dialog.clock_started_at and dialog.is_open:
        label = _("First reaction") if is_first else _("Waits now")
        clocks.append(Clock(label, since=dialog.clock_started_at))
    if not (is_first and clocks):
        clocks.append(Clock(_("First reaction"), value=_duration(dialog.first_reaction)))
    if dialog.reaction_count:
        clocks.append(Clock(_("Average"), value=_duration(dialog.reaction_total / dialog.reaction_count)))
        clocks.append(Clock(_("Longest"), value=_duration(dialog.reaction_max)))
    return tuple(clocks)


def _duration(value: timedelta | None) -> str:
    """1:05:20 or 4:09; a dash for none."""
    if value is None:
        return "–"
    seconds = int(value.total_seconds())
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"
