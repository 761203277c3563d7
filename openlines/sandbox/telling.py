"""The sandbox's story in words: what happened, and the rule that made it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from openlines import reasons
from openlines.explanations import dropped_because
from openlines.lifecycle import Event
from openlines.models import Dialog, LineText
from openlines.policies.facts import DeadlineKind, State
from openlines.sandbox.world import Entry, World

SPOKEN = ("client", "operator", "automatic")
"""What the customer sees; the rest is told beside."""
MOST_TOLD = 300
_PAGES = {
    "A": gettext_lazy("Automatic actions"),
    "B": gettext_lazy("Chatbots"),
    "C": gettext_lazy("CRM"),
    "K": gettext_lazy("Reaction times"),
    "L": gettext_lazy("Line"),
    "P": gettext_lazy("Consent"),
    "Q": gettext_lazy("Queue"),
    "R": gettext_lazy("Quality"),
    "W": gettext_lazy("Working time"),
}
"""The first letter of a rule's id → where an administrator sets it."""


@dataclass(frozen=True)
class Told:
    """``side``: ``client``, ``ours`` or empty (an event). ``rule``: its id; ``why``: further sentences."""

    at: datetime
    side: str
    who: str
    text: str
    rule: str
    why: tuple[str, ...] = ()
    buttons: tuple[tuple[str, str], ...] = ()
    times: int = 1
    """How often in a row the same happened: offers that went round and round."""
    until: datetime | None = None
    """When the last of several happened; ``at`` is the first, so that the story runs forwards."""

    @property
    def page(self) -> str:
        """The page of the line's settings that the rule stands on, in words."""
        return str(_PAGES.get(self.rule[:1], ""))

    def once_more(self, later: Told) -> Told:
        return replace(self, times=self.times + 1, until=later.at, why=later.why)


def tell(world: World, *, zone: ZoneInfo) -> list[Told]:
    """Newest last; events that repeat in a row are folded, and of very long stories the end is told."""
    found: list[Told] = []
    for entry in world.story[-20 * MOST_TOLD :]:
        one = _told(entry, world, zone=zone)
        last = found[-1] if found else None
        if last is not None and not one.side and not last.side and last.text == one.text:
            found[-1] = last.once_more(one)
        elif (
            len(found) > 1
            and not one.side
            and entry.kind == "offered"
            and (earlier := _round(found, one)) is not None
        ):
            found[earlier] = found[earlier].once_more(one)
        else:
            found.append(one)
    return found[-MOST_TOLD:]


def _round(found: list[Told], one: Told) -> int | None:
    """Where the same offer stands in an unbroken run of events: a round that goes on and on."""
    for index in range(len(found) - 1, max(len(found) - 12, -1), -1):
        if found[index].side:
            return None
        if found[index].text == one.text and found[index].times < 10_000:
            return index
    return None


def _told(entry: Entry, world: World, *, zone: ZoneInfo) -> Told:
    at = entry.at.astimezone(zone)
    if entry.kind == "client":
        return Told(at, "client", _("Customer"), entry.text, entry.rule)
    if entry.kind == "operator":
        return Told(at, "ours", _name(world, entry.person), entry.text, entry.rule)
    if entry.kind == "automatic":
        label = str(LineText.Trigger(entry.trigger).label)
        return Told(at, "ours", label, entry.text, entry.rule, buttons=entry.buttons)
    return Told(at, "", "", _event(entry, world), entry.rule, tuple(_why(entry, world)))


def _event(entry: Entry, world: World) -> str:
    data: dict[str, Any] = entry.data
    who = {"who": _name(world, entry.person), "number": data.get("number", "")}
    if entry.kind in ("offered", "waits"):
        chosen = data.get("chosen") or ([] if not data.get("stays") else _holders(world))
        words = reasons.decided(
            data.get("rule"),
            people=", ".join(_name(world, pk) for pk in chosen),
            stays=bool(data.get("stays")),
            new_round=bool(data.get("new_round")),
            obstacles=[one["obstacle"] for one in data.get("passed") or ()],
        )
        return words[:1].upper() + words[1:]
    if entry.kind == "text_dropped":
        label = LineText.Trigger(entry.trigger).label
        return _("“%(text)s” was not sent: %(why)s") % {
            "text": label,
            "why": dropped_because(str(data.get("reason"))),
        }
    if entry.kind == "consent":
        return {
            "given": _("Consent is given"),
            "refused": _("Consent is refused"),
        }.get(str(data.get("decision")), _("Consent is asked for"))
    if entry.kind == Event.FINISH and data.get("consent_refused"):
        return _("Finished without texts, because consent was refused")
    return {
        "created": _("A dialog begins (No. %(number)s)") % who,
        "marked_unanswered": _("Marked as unanswered"),
        "offer_held": _("The offer is held while an answer is written (by %(who)s)") % who,
        "rated": _("Rated: good") if data.get("value") else _("Rated: bad"),
        Event.CLIENT_WRITES: _("The dialog waits for the operator again"),
        Event.OPERATOR_LOST: _("Taken back from who is away"),
        Event.ACCEPT: _("Accepted by %(who)s") % who,
        Event.SKIP: _("Skipped by %(who)s") % who,
        Event.BACK_TO_QUEUE: _("Given back to the queue by %(who)s") % who,
        Event.FINISH: _("Finished by %(who)s") % who,
        Event.AUTO_CLOSE: _("Closes by itself: nothing was written for a long time"),
        Event.TIME_OVER: _("Fully closed: the time to rate or think again is over"),
        Event.RATED_AND_CLOSED: _("Closed by the rating"),
    }.get(entry.kind, entry.kind)


def _why(entry: Entry, world: World) -> list[str]:
    """Q11: who was passed over, and for what reason."""
    passed: Any = entry.data.get("passed") or ()
    return [
        f"{_name(world, one['employee_id'])}: {reasons.obstacle(one['obstacle'], one['detail'], near=entry.at)}"
        for one in passed
    ]


def coming(world: World, *, zone: ZoneInfo) -> list[tuple[datetime, str]]:
    """What is due in the open dialog, soonest first."""
    words = {
        DeadlineKind.OFFER: _("the offer goes on"),
        DeadlineKind.UNANSWERED: _("it is marked as unanswered"),
        DeadlineKind.AUTO_CLOSE: _("it closes by itself"),
        DeadlineKind.CLOSE: _("it is fully closed"),
        DeadlineKind.KPI: _("the reaction is overdue"),
        DeadlineKind.HAND_OVER: _("the bot hands over"),
        DeadlineKind.FINISH: _("it is finished"),
    }
    found = sorted((at, kind) for kind, at in world.next_deadlines().items())
    return [(at.astimezone(zone), words[kind]) for at, kind in found if kind in words]


def state_in_words(world: World) -> str:
    dialog = world.dialogs[-1] if world.dialogs else None
    if dialog is None:
        return _("No dialog yet: write something as a customer.")
    label = Dialog.State(dialog.facts.state).label
    marks = [str(label)]
    if dialog.facts.operator_id and dialog.facts.state not in (State.CLOSED, State.SPAM):
        marks.append(_name(world, dialog.facts.operator_id))
    if dialog.facts.is_unanswered:
        marks.append(_("unanswered"))
    return f"{_('Dialog No. %(number)s') % {'number': dialog.number}}: {', '.join(marks)}"


def refused(code: str) -> str:
    """Why a deed could not be done."""
    return {
        "closed": _("There is no open dialog. Write something as a customer first."),
        "consent": _(
            "Before anything can be written in the chat, the customer answers the request for consent."
        ),
        "lapsed": _("The dialog is not offered to this person."),
        "taken": _("Somebody holds this dialog already."),
        "no_offer": _("The dialog is not offered to this person."),
        "alone": _("Nobody else of the queue is free, so the dialog stays."),
        "not_yet": _("Nobody has answered yet, so there is nothing to rate."),
        "off": _("These settings let the customer rate only when the dialog is over."),
        "past": _("This time is over already. Choose a later one."),
        "not_allowed": _("This cannot be done with the dialog as it is now."),
    }.get(code, _("This cannot be done now."))


def _holders(world: World) -> list[int]:
    dialog = world.open_dialog()
    return [offer.employee_id for offer in dialog.standing] if dialog else []


def _name(world: World, pk: int | None) -> str:
    person = world.people.get(pk or 0)
    return person.name if person else _("somebody")
