"""A journey told from rows alone: no database, no clock."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from contactcenter.staff.models import Employee
from openlines.connectors import base, registry
from openlines.journey.rows import Look, Rows
from openlines.journey.steps import Journey, Tone
from openlines.journey.story import build
from openlines.models import (
    Attachment,
    Client,
    Connection,
    Dialog,
    InboundEvent,
    Message,
    MessageMark,
    MessagePart,
    OpenLine,
    OutboxItem,
)
from tests.openlines.factories import at

UUID_ = UUID("0b1d6b1e-0000-4000-8000-000000000001")
ANNA = Employee(pk=1, username="anna", first_name="Anna", last_name="Nowak")
BERT = Employee(pk=2, username="bert", first_name="Bert", last_name="Lis")


def message(kind: str = "telegram", author: str = "client", **fields: Any) -> Message:
    line = OpenLine(pk=1, name="Shop")
    connection = Connection(
        pk=1, kind=kind, name="Bot", line=line, **{"is_active": True, **fields.pop("connection", {})}
    )
    dialog = Dialog(
        pk=12,
        line=line,
        connection=connection,
        client=Client(pk=1, name="Carl", connection=connection),
        **{"state": "waiting", **fields.pop("dialog", {})},
    )
    values: dict[str, Any] = {
        "pk": 5,
        "seq": 3,
        "uuid": UUID_,
        "created_at": at(2),
        "delivery": "" if author == "client" else "queued",
        "operator": ANNA if author == "operator" else None,
    }
    return Message(dialog=dialog, connection=connection, author=author, **{**values, **fields})


def item(of: Message, **fields: Any) -> OutboxItem:
    values: dict[str, Any] = {"pk": 1, "state": "queued", "created_at": at(2), "next_attempt_at": at(2)}
    return OutboxItem(message=of, dialog=of.dialog, connection=of.connection, **{**values, **fields})


def entry(second: float, outcome: str, **more: Any) -> dict[str, Any]:
    return {"at": at(second).isoformat(), "outcome": outcome, "detail": "", **more}


def mark(of: Message, status: str, heard: float, told: float | None = None, detail: str = "") -> MessageMark:
    told_at = at(heard if told is None else told)
    return MessageMark(message=of, status=status, at=told_at, heard_at=at(heard), detail=detail)


def told(rows: Rows, *, now: float = 60) -> Journey:
    return build(rows, now=at(now))


def titles(journey: Journey) -> list[str]:
    return [step.title for step in journey.steps]


# -- incoming


def test_a_clients_message_is_sent_received_found_genuine_stored_and_shown() -> None:
    event = InboundEvent(pk=77, key="update:9", received_at=at(2), headers={"user-agent": "x"})
    got = message(sent_at=at(0), external_id="m9", inbound=event)
    journey = told(Rows(message=got, looks=(Look(ANNA, at(10)), Look(BERT, at(30)))))
    assert titles(journey) == [
        "Carl sent it",
        "Received from Telegram, Bot",
        "Found genuine",
        "Stored as message 3 of dialog No. 12",
        "On the screen of Anna Nowak",
        "On the screen of Bert Lis",
    ]
    sent, received, proof, stored, anna, bert = journey.steps
    assert (sent.at, sent.by_channel) == (at(0), True)
    assert (received.delivery_id, received.ids[0].value) == (77, "update:9")
    assert "secret" in proof.detail
    assert [one.value for one in stored.ids] == [str(UUID_), "m9"]
    assert [step.since for step in (received, anna, bert)] == [
        timedelta(seconds=2),
        timedelta(seconds=8),
        timedelta(seconds=20),
    ]
    assert journey.verdict == "Received; 2 people have had it on the screen."
    assert journey.waits == ()


@pytest.mark.parametrize("kind", registry.kinds())
def test_every_channel_says_how_a_message_was_found_genuine(kind: str) -> None:
    assert isinstance(registry.get(kind), base.Proven)
    event = InboundEvent(pk=1, key="k", received_at=at(2), headers={"user-agent": "x"})
    proof = next(step for step in told(Rows(message(kind, inbound=event))).steps if step.detail)
    assert proof.title in ("Found genuine", "Read from the mailbox Bot")


def test_a_mail_was_fetched_and_carries_no_proof() -> None:
    event = InboundEvent(pk=1, key="k", received_at=at(2), headers={})
    journey = told(Rows(message("email", inbound=event)))
    assert titles(journey)[:2] == ["Read from the mailbox Bot", "Found genuine"]
    assert "no signature" in journey.steps[1].detail


def test_an_sms_that_twilio_never_delivered_says_that_we_found_it() -> None:
    lost = InboundEvent(pk=1, key="k", received_at=at(2), headers={})
    assert "had not come by itself" in told(Rows(message("sms", inbound=lost))).steps[1].detail


def test_a_chat_page_has_no_clock_of_its_own() -> None:
    journey = told(Rows(message("livechat", sent_at=at(2))))
    assert titles(journey) == [
        "Came from the chat page",
        "Found genuine",
        "Stored as message 3 of dialog No. 12",
    ]
    assert journey.notes == ()


def test_what_could_not_be_read_at_first_says_so() -> None:
    event = InboundEvent(pk=1, key="k", received_at=at(2), headers={"a": "b"})
    stored = told(Rows(message(inbound=event, created_at=at(3600)))).steps[-1]
    assert stored.since == timedelta(seconds=3598)
    assert (stored.tone, "read again later" in stored.detail) == (Tone.DOUBT, True)


def test_a_channels_clock_that_is_ahead_does_not_turn_the_story_round() -> None:
    event = InboundEvent(pk=1, key="k", received_at=at(2), headers={})
    journey = told(Rows(message(sent_at=at(500), inbound=event)))
    assert titles(journey)[0] == "Carl sent it"
    assert journey.steps[1].since is None


def test_a_raw_log_that_is_gone_by_now_is_no_mystery() -> None:
    day = 86_400
    assert "is gone by now" in told(Rows(message()), now=31 * day).notes[0]
    assert "not in the inbound log" in told(Rows(message()), now=day).notes[0]


def test_a_status_that_came_first_is_told_with_its_own_time_and_its_delivery() -> None:
    got = message(created_at=at(9))
    event = InboundEvent(pk=8, key="s", received_at=at(4))
    journey = told(Rows(got, marks=(mark(got, "edited", 4, told=1),), deliveries=(event,)))
    edited = next(step for step in journey.steps if step.title == "The client changed it")
    assert (edited.at, edited.told_at, edited.delivery_id) == (at(4), at(1), 8)
    assert "before the message was known" in edited.detail


def test_two_deliveries_of_one_moment_are_not_confused() -> None:
    got = message()
    events = tuple(InboundEvent(pk=pk, key=str(pk), received_at=at(4)) for pk in (8, 9))
    assert told(Rows(got, marks=(mark(got, "reaction", 4),), deliveries=events)).steps[-1].delivery_id is None


def test_files_tell_when_they_came_and_why_not() -> None:
    got = message()
    files = (
        Attachment(pk=1, name="bill.pdf", state="stored"),
        Attachment(pk=2, name="photo.jpg", state="failed", failure="It is gone at the provider."),
        Attachment(pk=3, name="film.mp4", state="pending", next_attempt_at=at(90), failure="busy"),
    )
    marks = (mark(got, "fetched", 5, detail="1"), mark(got, "not_fetched", 6, detail="2"))
    journey = told(Rows(got, attachments=files, marks=marks))
    assert titles(journey)[-2:] == ["File fetched: bill.pdf", "File not to be had: photo.jpg"]
    assert journey.steps[-1].detail == "It is gone at the provider."
    assert journey.waits[0].words.startswith("The file film.mp4 is still being fetched.")
    assert journey.waits[0].until == at(90)


@pytest.mark.parametrize(
    ("dialog", "words"),
    [
        ({"state": "new"}, "waits in the queue of “Shop”"),
        ({"state": "waiting", "operator": ANNA}, "Anna Nowak holds the dialog, but"),
        ({"state": "new", "frozen_at": at(1)}, "is switched off"),
        ({"state": "closed"}, "Nobody has had it on the screen yet."),
    ],
)
def test_a_message_that_nobody_saw_says_what_stands_before(dialog: dict[str, Any], words: str) -> None:
    (wait,) = told(Rows(message(dialog=dialog))).waits
    assert words in wait.words


def test_an_erased_dialog_keeps_its_figures() -> None:
    erased = message(dialog={"log_erased_at": at(50), "state": "closed"}, text="")
    journey = told(Rows(erased, looks=(Look(ANNA, at(10)),)))
    assert any("erased" in note for note in journey.notes)
    assert "On the screen of Anna Nowak" in titles(journey)


def test_a_reply_to_something_unknown_says_so() -> None:
    journey = told(Rows(message("livechat", reply_to_external_id="m1")))
    assert "not known here (id at the provider: m1)" in journey.notes[0]


# -- outgoing


def test_a_reply_is_written_queued_tried_accepted_delivered_and_read() -> None:
    ours = message("whatsapp", "operator", delivery="read", external_id="wamid.1")
    log = [
        entry(3, "TryLater", detail="WhatsApp is busy.", ms=120, http=[500]),
        entry(8, "Sent", ms=90, http=[200], ids=["wamid.1", "wamid.2"]),
    ]
    done = item(ours, state="done", log=log)
    marks = (mark(ours, "delivered", 11, told=10), mark(ours, "read", 15, told=14))
    journey = told(Rows(ours, items=(done,), marks=marks))
    assert titles(journey) == [
        "Written by Anna Nowak",
        "Put into the outbox",
        "Attempt 1: WhatsApp did not take it for now",
        "Attempt 2: accepted by WhatsApp",
        "Delivered to the client's device",
        "The client has read it",
    ]
    first, second = journey.steps[2:4]
    assert first.detail == "WhatsApp is busy. HTTP status: 500."
    assert first.took == timedelta(milliseconds=120)
    assert [one.value for one in second.ids] == ["wamid.1", "wamid.2"]
    assert second.since == timedelta(seconds=5)
    assert (journey.verdict, journey.tone, journey.waits) == ("The client has read it.", Tone.GOOD, ())


def test_an_automatic_text_names_its_rule_and_why_it_was_dropped() -> None:
    ours = message(author="automatic", trigger="greeting", delivery="failed")
    dropped = item(ours, state="done", log=[entry(999, "Failed", detail="Not sent: too late.")])
    journey = told(Rows(ours, items=(dropped,)))
    assert (journey.steps[0].title, journey.steps[0].detail) == (
        "Automatic text of the line Shop",
        "Greeting",
    )
    last = journey.steps[-1]
    assert last.title == "Not sent: decided here, Telegram was not asked"
    assert (last.detail, last.tone) == ("Not sent: too late.", Tone.BAD)


def test_a_worker_that_died_and_a_person_who_tried_again() -> None:
    ours = message(author="operator", delivery="sent")
    log = [
        entry(3, "Begun"),
        entry(300, "Unknown", detail="Sending was interrupted."),
        entry(400, "Again", by=2),
        entry(401, "Sent", ms=10, ids=["9"]),
    ]
    journey = told(Rows(ours, items=(item(ours, state="done", log=log),), people={2: "Bert Lis"}))
    assert titles(journey)[2:] == [
        "Attempt 1: begun, but the worker ended before Telegram answered",
        "The answer of Telegram is not known",
        "Bert Lis had it sent again",
        "Attempt 2: accepted by Telegram",
    ]


def test_changes_of_a_sent_message_are_told_like_the_message() -> None:
    ours = message(author="operator", delivery="sent")
    sent = item(ours, state="done", log=[entry(3, "Sent", ms=10)])
    change = item(ours, pk=2, action="edit", state="done", created_at=at(20), log=[entry(21, "Sent", ms=10)])
    journey = told(Rows(ours, items=(sent, change), marks=(mark(ours, "edited", 21),)))
    assert titles(journey)[3:] == [
        "A change of its text was asked for",
        "Attempt 1: accepted by Telegram",
        "The new text stands",
    ]


def test_what_its_author_withdrew_never_left() -> None:
    ours = message(author="operator", delivery="", deleted_at=at(4))
    journey = told(Rows(ours, items=(item(ours, state="done", log=[entry(4, "Withdrawn")]),)))
    assert titles(journey)[-1] == "Withdrawn by its author before it left"
    assert (journey.verdict, journey.waits) == ("Taken back.", ())


def test_a_note_never_leaves() -> None:
    journey = told(Rows(message(author="operator", is_note=True, delivery="")))
    assert titles(journey) == ["Note by Anna Nowak"]
    assert journey.waits == ()


def test_what_was_written_outside_came_in() -> None:
    event = InboundEvent(pk=3, key="k", received_at=at(2), headers={"a": "b"})
    journey = told(Rows(message("whatsapp", "outside", delivery="sent", sent_at=at(1), inbound=event)))
    assert titles(journey)[0] == "Written by one of us in the provider's own app"
    assert journey.verdict == "Written outside, not through us."


def test_an_outcome_of_a_later_version_breaks_nothing() -> None:
    ours = message(author="operator")
    journey = told(Rows(ours, items=(item(ours, log=[{"outcome": "Teleported"}]),)))
    assert "no words for" in titles(journey)[-1]


# -- what it waits for


@pytest.mark.parametrize(
    ("connection", "words", "since", "until"),
    [
        (
            {
                "paused_reason": "The token is refused",
                "last_error": "The token is refused",
                "last_error_at": at(1),
            },
            "is paused: The token is refused. An administrator has been told",
            at(1),
            None,
        ),
        (
            {
                "paused_reason": "The token is refused.",
                "last_error": "Something else",
                "last_error_at": at(9),
            },
            "is paused: The token is refused. An",
            None,
            None,
        ),
        ({"held_until": at(90)}, "asked us to slow down", None, at(90)),
        ({"is_active": False}, "The connection “Bot” is switched off", None, None),
    ],
)
def test_the_connection_that_holds_it_says_why(
    connection: dict[str, Any], words: str, since: object, until: object
) -> None:
    ours = message(author="operator", connection=connection)
    (wait,) = told(Rows(ours, items=(item(ours),))).waits
    assert words in wait.words
    assert (wait.since, wait.until) == (since, until)


def test_each_thing_that_holds_it_is_named() -> None:
    ours = message(author="operator", connection={"is_active": False}, dialog={"frozen_at": at(1)})
    before = item(message(author="operator", pk=4, seq=2), pk=0)
    journey = told(Rows(ours, items=(item(ours),), ahead=before))
    assert [wait.words.split(":")[0] for wait in journey.waits] == [
        "The line “Shop” is switched off",
        "The connection “Bot” is switched off",
        "Message 2 of this dialog has to leave first",
    ]
    assert journey.waits[2].behind == 4


@pytest.mark.parametrize(
    ("fields", "ahead", "words"),
    [
        ({"next_attempt_at": at(90), "log": [entry(3, "TryLater", ms=1)]}, 0, "The next attempt."),
        ({"next_attempt_at": at(90)}, 0, "Held back for a moment"),
        ({}, 0, "It is next"),
        ({}, 12, "12 messages of this connection are before it."),
        ({"state": "sending"}, 0, "is being called at this moment"),
    ],
)
def test_its_turn(fields: dict[str, Any], ahead: int, words: str) -> None:
    ours = message(author="operator")
    (wait,) = told(Rows(ours, items=(item(ours, **fields),), ahead_on_connection=ahead)).waits
    assert words in wait.words


def test_a_chat_page_that_is_closed_has_it_to_come() -> None:
    ours = message("livechat", "operator", delivery="sent")
    assert "has not fetched it yet" in told(Rows(ours)).waits[0].words
    read = message("livechat", "operator", delivery="read")
    journey = told(Rows(read, marks=(mark(read, "delivered", 3), mark(read, "read", 4))))
    assert journey.waits == ()
    assert titles(journey)[-2:] == [
        "The client's chat page has fetched it",
        "Shown on the client's chat page",
    ]


def test_what_a_channel_never_tells_is_said() -> None:
    assert told(Rows(message(author="operator", delivery="sent"))).notes == (
        "Telegram tells nothing after it has accepted a message.",
    )
    assert "has not told yet" in told(Rows(message("whatsapp", "operator", delivery="sent"))).notes[0]


def test_parts_have_their_ids() -> None:
    got = message("livechat", external_id="a")
    parts = (MessagePart(external_id="b", message=got),)
    assert [one.value for one in told(Rows(got, parts=parts)).steps[-1].ids] == [str(UUID_), "a", "b"]
