"""L7 where it is stopped: what was asked for is done in the end, and what was to stay is there."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile

from openlines.models import Attachment, Connection, Dialog, LineDeletion, Message, OpenLine
from openlines.services import connections, line_deletion
from tests.openlines.factories import at, make_line, make_operator
from tests.openlines.rules.scene import Scene

pytestmark = pytest.mark.django_db(transaction=True)


class Stopped(Exception):
    """The process died here."""


def test_an_order_that_stops_while_a_connection_is_moved_deletes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene = Scene()
    scene.write()
    other = make_line(make_operator())

    def dies(*_args: object, **_options: object) -> None:
        raise Stopped

    monkeypatch.setattr(connections, "save", dies)
    with pytest.raises(Stopped):
        line_deletion.order(
            scene.line,
            typed_name=scene.line.name,
            fates={scene.connection.pk: str(other.pk)},
            by=scene.anna,
            now=at(5),
        )
    line = OpenLine.objects.get(pk=scene.line.pk)
    assert (line.is_active, line.deleting_since) == (False, None)
    assert line_deletion.sweep(now=at(10)) == 0
    assert Connection.objects.filter(pk=scene.connection.pk).exists()
    assert Dialog.objects.exists()


def test_a_deletion_that_stops_in_a_batch_goes_on_and_leaves_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene()
    message = scene.write()
    attachment = Attachment(message=message, name="a.txt", kind="file")
    attachment.file.save("a", ContentFile(b"abc"), save=False)
    attachment.save()
    storage, name = attachment.file.storage, attachment.file.name
    assert name is not None
    line_deletion.order(
        scene.line,
        typed_name=scene.line.name,
        fates={scene.connection.pk: "delete"},
        by=scene.anna,
        now=at(5),
    )
    counting = line_deletion._count

    def dies(*_args: object) -> None:
        raise Stopped

    monkeypatch.setattr(line_deletion, "_count", dies)
    assert line_deletion.sweep(now=at(10)) == 0
    assert "Stopped" in LineDeletion.objects.get().error
    assert Dialog.objects.exists()
    monkeypatch.setattr(line_deletion, "_count", counting)
    assert line_deletion.sweep(now=at(20)) == 1
    done = LineDeletion.objects.get()
    assert (done.error, done.deleted["files"], done.finished_at) == ("", 1, at(20))
    assert not storage.exists(name)
    assert not Message.objects.exists()
    assert not Connection.objects.filter(pk=scene.connection.pk).exists()


def test_two_at_once_delete_it_once() -> None:
    scene = Scene()
    scene.write()
    line_deletion.order(
        scene.line,
        typed_name=scene.line.name,
        fates={scene.connection.pk: "delete"},
        by=scene.anna,
        now=at(5),
    )
    assert line_deletion.go_on(scene.line.pk, now=at(10)) is True
    assert line_deletion.go_on(scene.line.pk, now=at(11)) is True
    assert LineDeletion.objects.get().finished_at == at(10)
