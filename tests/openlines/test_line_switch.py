"""What must not reach a line that is off (L4), whichever way it takes; ``rules/test_lines.py`` has the rule itself."""

from __future__ import annotations

from uuid import uuid4

import pytest

from openlines.connectors import base
from openlines.models import Client, Connection, Deadline, Dialog, Offer, OpenLine
from openlines.services import (
    client_joins,
    connections,
    dialogs,
    line_switch,
    lines,
    marks,
    routing,
    short_way,
)
from openlines.services.errors import CommandRefused
from openlines.workspace import transfer
from tests.openlines.factories import at, make_client, make_connection, make_line, make_operator, write
from tests.openlines.rules.scene import Scene

pytestmark = pytest.mark.django_db(transaction=True)


def test_no_dialog_is_transferred_to_a_line_that_is_off() -> None:
    scene = Scene()
    scene.write()
    scene.answer(now=5)
    other = make_line(make_operator(), name="Night")
    lines.save_block(other.pk, {"is_active": False}, now=at(6))
    with pytest.raises(CommandRefused, match="Night"):
        dialogs.transfer_to_line(scene.dialog.pk, to=other, by=scene.anna, now=at(10))
    assert scene.dialog.line == scene.line
    choices = transfer.choices(scene.dialog, me=scene.anna, may_go_back=True)
    assert other not in choices.lines


def test_nobody_starts_a_dialog_on_it() -> None:
    scene = Scene()
    lines.save_block(scene.line.pk, {"is_active": False}, now=at(0))
    with pytest.raises(CommandRefused) as refused:
        dialogs.start(scene.client.pk, by=scene.anna, now=at(5))
    assert refused.value.code == "line_off"
    assert not Dialog.objects.exists()


def test_a_dialog_opened_in_the_moment_of_switching_off_is_not_offered_and_stands_still_by_the_net() -> None:
    scene = Scene()
    connection = Connection.objects.select_related("line").get(pk=scene.connection.pk)
    lines.save_block(scene.line.pk, {"is_active": False}, now=at(0))
    scene.client.connection = connection  # as a request that had read the line before
    write(scene.client, now=at(1))
    assert scene.dialog.frozen_at is None
    assert routing.distribute(scene.line.pk, now=at(2)) == 0
    assert not Offer.objects.exists()
    assert line_switch.sweep(now=at(60)) == 1
    assert scene.dialog.frozen_at == at(60)
    assert not Deadline.objects.filter(dialog=scene.dialog).exists()
    assert line_switch.sweep(now=at(120)) == 0


def test_deadlines_that_were_not_due_keep_their_time() -> None:
    scene = Scene()
    scene.write()
    lines.save_block(scene.line.pk, {"is_active": False}, now=at(60))
    lines.save_block(scene.line.pk, {"is_active": True}, now=at(120))
    assert Deadline.objects.get(dialog=scene.dialog, kind="unanswered").due_at == at(300)


def test_a_connection_moved_between_two_lines_that_are_off_keeps_what_waits() -> None:
    scene = Scene()
    scene.write()
    lines.save_block(scene.line.pk, {"is_active": False}, now=at(10))
    newcomer = make_client(scene.connection)
    newcomer.connection = Connection.objects.select_related("line").get(pk=scene.connection.pk)
    write(newcomer, now=at(20))
    other = make_line(make_operator(), name="Night")
    lines.save_block(other.pk, {"is_active": False}, now=at(25))
    connections.save(Connection.objects.select_related("line").get(pk=scene.connection.pk), {"line": other})
    moved = Dialog.objects.order_by("pk")
    assert [(d.state, d.line, d.is_kept, d.frozen_at is not None) for d in moved] == [
        ("returned", other, False, True),
        ("returned", other, True, True),
    ]
    assert not Offer.objects.filter(ended_at=None).exists()
    assert not Deadline.objects.filter(dialog__isnull=False).exists()


def test_a_move_where_the_line_has_one_of_the_kind_is_refused_in_words() -> None:
    scene = Scene()
    other = make_line(make_operator(), name="Night")
    make_connection(other)
    with pytest.raises(CommandRefused, match=r"Night.*already has"):
        connections.save(Connection.objects.get(pk=scene.connection.pk), {"line": other})
    assert Connection.objects.get(pk=scene.connection.pk).line == scene.line


def later(scene: Scene, text: str, *, now: float) -> Client:
    """A newcomer of the scene's connection writes."""
    newcomer = make_client(scene.connection)
    newcomer.connection = Connection.objects.select_related("line").get(pk=scene.connection.pk)
    write(newcomer, text, now=at(now))
    return newcomer


def test_a_line_that_is_being_deleted_shows_nothing_whoever_writes() -> None:
    scene = Scene()
    lines.save_block(scene.line.pk, {"is_active": False}, now=at(0))
    scene.write(now=10)
    OpenLine.objects.filter(pk=scene.line.pk).update(is_active=True, deleting_since=at(20))
    scene.write("again", now=30)
    assert (scene.dialog.is_kept, scene.dialog.frozen_at) == (True, at(10))


def test_whose_connection_has_moved_is_shown_where_the_kept_dialog_is() -> None:
    """The old line was on when the connection moved, so that dialog stays there."""
    scene = Scene()
    lines.save_block(scene.line.pk, {"is_active": False}, now=at(0))
    scene.write(now=10)
    lines.save_block(scene.line.pk, {"is_active": True}, now=at(20))
    other = make_line(make_operator(), name="Night")
    connections.save(Connection.objects.select_related("line").get(pk=scene.connection.pk), {"line": other})
    lines.save_block(other.pk, {"is_active": False}, now=at(30))
    scene.write("again", now=40)
    assert (scene.dialog.line, scene.dialog.is_kept, scene.dialog.frozen_at) == (scene.line, False, None)
    assert Offer.objects.filter(dialog=scene.dialog, ended_at=None).exists()


def test_what_moves_along_released_asks_for_consent_and_may_get_the_text_of_the_unanswered() -> None:
    scene = Scene("telegram")
    lines.save_block(scene.line.pk, {"is_active": False}, now=at(0))
    scene.write(now=10)
    other = make_line(make_operator(), name="Night", consent_enabled=True, consent_url="https://x.test/")
    connections.save(Connection.objects.select_related("line").get(pk=scene.connection.pk), {"line": other})
    assert scene.said() == ["consent"]
    dialog = scene.dialog
    assert (dialog.closed_notice_at, dialog.clock_started_at) == (None, dialog.released_at)


def test_who_turns_out_to_be_known_is_not_hidden_in_the_dialog_that_was_kept() -> None:
    scene = Scene("whatsapp")
    lines.save_block(scene.line.pk, {"is_active": False}, now=at(0))
    scene.write("kept", now=10)
    lines.save_block(scene.line.pk, {"is_active": True}, now=at(20))
    newcomer = later(scene, "shown", now=30)
    client_joins.join(keep=scene.client, gone=newcomer, now=at(40))
    shown = Dialog.objects.open().get()
    assert (shown.frozen_at, shown.is_kept) == (None, False)
    assert list(shown.messages.values_list("text", flat=True)) == ["shown", "kept"]
    assert line_switch.kept(scene.line.pk).dialogs == 0
    assert line_switch.release(scene.line.pk, now=at(50)) == 0, "what has ended is not begun again"
    assert Dialog.objects.exclude(pk=shown.pk).get().state == "closed"


def test_a_refused_consent_ends_what_was_kept_and_it_cannot_be_released() -> None:
    scene = Scene("telegram", consent_enabled=True, consent_url="https://x.test/")
    scene.write(now=0)
    scene.client.refresh_from_db()
    version = scene.client.consent_version_id
    dialogs.finish(scene.dialog.pk, by=scene.anna, now=at(5))
    lines.save_block(scene.line.pk, {"is_active": False}, now=at(10))
    scene.write("again", now=20)
    press = {"payload": f"consent:{version}:0"}
    scene.write("Refuse", now=30, kind=base.MessageKind.BUTTON, data=press)
    lines.save_block(scene.line.pk, {"is_active": True}, now=at(40))
    dialog = scene.dialog
    assert (dialog.state, dialog.is_kept, dialog.frozen_at) == ("closed", False, None)
    assert line_switch.release(scene.line.pk, now=at(50)) == 0


def test_who_starts_a_dialog_with_a_client_whose_dialog_was_kept_gets_that_one() -> None:
    scene = Scene("telegram")
    lines.save_block(scene.line.pk, {"is_active": False}, now=at(0))
    scene.write(now=10)
    with pytest.raises(CommandRefused) as refused:
        dialogs.start(scene.client.pk, by=scene.anna, now=at(15))
    assert refused.value.code == "line_off"
    lines.save_block(scene.line.pk, {"is_active": True}, now=at(20))
    started = dialogs.start(scene.client.pk, by=scene.anna, now=at(30))
    assert (started, started.is_kept, started.frozen_at) == (scene.dialog, False, None)
    assert Offer.objects.filter(dialog=started, ended_at=None).exists()


@pytest.mark.parametrize("what", ["edit", "delete", "reaction"])
def test_what_is_no_message_of_the_client_shows_nothing(what: str) -> None:
    """Nobody waits for an answer to it (§11)."""
    scene = Scene("telegram")
    lines.save_block(scene.line.pk, {"is_active": False}, now=at(0))
    scene.write("first", now=10, external_id="1")
    lines.save_block(scene.line.pk, {"is_active": True}, now=at(20))
    sender = base.Sender(external_id=scene.client.external_id)
    match what:
        case "edit":
            marks.edit(scene.connection, base.MessageEdited(sender, "1", at(30), "better"), now=at(30))
        case "delete":
            marks.delete(scene.connection, "1", at=at(30), now=at(30))
        case "reaction":
            marks.react(scene.connection, base.ReactionChanged(sender, "1", at(30), ("x",)), now=at(30))
    assert scene.dialog.is_kept
    assert not Offer.objects.exists()


def test_the_hot_path_of_the_live_chat_does_not_pass_a_kept_dialog_by() -> None:
    scene = Scene()
    lines.save_block(scene.line.pk, {"is_active": False}, now=at(0))
    scene.write(now=10)
    lines.save_block(scene.line.pk, {"is_active": True}, now=at(20))
    told = {"uuid": uuid4(), "text": "again", "now": at(30)}
    assert short_way.take_text(scene.connection.pk, scene.client.external_id, **told) is None  # type: ignore[arg-type]
    line_switch.release(scene.line.pk, now=at(40))
    assert short_way.take_text(scene.connection.pk, scene.client.external_id, **told) is None  # type: ignore[arg-type]
    scene.write("again", now=50)
    assert short_way.take_text(scene.connection.pk, scene.client.external_id, **told)  # type: ignore[arg-type]


def test_what_stands_still_on_a_line_that_is_on_goes_on_by_the_net() -> None:
    scene = Scene()
    scene.write()
    Dialog.objects.update(frozen_at=at(10))
    assert line_switch.sweep(now=at(60)) == 1
    assert (scene.dialog.frozen_at, scene.dialog.resumed_at) == (None, at(60))
    assert line_switch.sweep(now=at(120)) == 0
