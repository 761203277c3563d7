"""What must not reach a line that is off (L4), whichever way it takes; ``rules/test_lines.py`` has the rule itself."""

from __future__ import annotations

import pytest

from openlines.models import Connection, Deadline, Dialog, Offer
from openlines.services import connections, dialogs, line_switch, lines, routing
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
