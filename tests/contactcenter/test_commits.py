"""Work for after a commit: its failure is nobody else's, and is made good within seconds."""

from __future__ import annotations

import logging
import time
from typing import Any

import pytest
from django.db import OperationalError, transaction
from django.db.utils import DataError
from django_q.models import OrmQ

from contactcenter.lib import commits
from contactcenter.lib.commits import after_commit, redo
from contactcenter.lib.passing import is_passing
from openlines.models import Connection
from tests.openlines.factories import make_connection, make_line, make_operator

pytestmark = pytest.mark.django_db(transaction=True)

done: list[Any] = []
errors: list[Exception] = []


@pytest.fixture(autouse=True)
def clean() -> None:
    done.clear()
    errors.clear()


def work(value: Any, *, more: Any = None) -> None:
    if errors:
        raise errors.pop(0)
    done.append((value, more))


def queued() -> list[dict[str, Any]]:
    return [row.task for row in OrmQ.objects.all()]


def test_it_waits_for_the_commit_and_for_nothing_where_there_is_none() -> None:
    with transaction.atomic():
        after_commit(work, 1)
        assert done == []
    after_commit(work, 2)
    assert done == [(1, None), (2, None)]


def test_what_the_database_refused_for_a_moment_is_done_again_at_once() -> None:
    errors.append(OperationalError("deadlock detected"))
    with transaction.atomic():
        after_commit(work, 1)
    assert done == [(1, None)]
    assert queued() == []


def test_what_failed_is_left_to_a_task_and_the_work_behind_it_is_done(
    caplog: pytest.LogCaptureFixture,
) -> None:
    errors.append(KeyError("x"))
    with transaction.atomic(), caplog.at_level(logging.ERROR):
        after_commit(work, 1, more="m")
        after_commit(work, 2)
    assert done == [(2, None)]
    assert "failed after the commit" in caplog.text
    [task] = queued()
    assert task["name"].startswith("after a commit:")
    assert redo(*task["args"])
    assert done[-1] == (1, "m")


def test_a_row_goes_by_its_number_and_its_secrets_stay_out_of_the_queue() -> None:
    connection = make_connection(make_line(make_operator()), "telegram", credentials={"token": "very-secret"})
    errors.append(KeyError("x"))
    after_commit(work, connection)
    [task] = queued()
    assert b"very-secret" not in repr(task).encode()
    redo(*task["args"])
    [(found, _more)] = done
    assert isinstance(found, Connection)
    assert found.pk == connection.pk


def test_the_task_waits_out_what_passes_and_fails_with_what_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    name = f"{__name__}.work"
    errors.extend([OperationalError("gone"), OperationalError("gone")])
    redo(name, [1], {})
    assert (done, waited) == ([(1, None)], list(commits.WAITS))
    errors.append(KeyError("x"))
    with pytest.raises(KeyError):
        redo(name, [1], {})


def test_what_no_task_can_do_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def inner() -> None:
        raise KeyError("x")

    with caplog.at_level(logging.ERROR):
        after_commit(inner)
    with pytest.raises(ImportError):
        redo(*queued()[0]["args"])


def test_a_trouble_of_the_content_does_not_pass() -> None:
    too_long = OperationalError("string is too long for tsvector")
    too_long.__cause__ = type("ProgramLimitExceeded", (Exception,), {"sqlstate": "54000"})()
    deadlock = OperationalError("deadlock detected")
    deadlock.__cause__ = type("DeadlockDetected", (Exception,), {"sqlstate": "40P01"})()
    assert is_passing(deadlock)
    assert not is_passing(too_long)
    assert not is_passing(DataError("x"))
