"""What a process had in hand is known when it is gone, and costs the living nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from contactcenter.lib.in_hand import SLOTS, InHand

DIES = """
import os, signal, sys
from pathlib import Path
from contactcenter.lib.in_hand import InHand
mine = InHand(Path(sys.argv[1]))
with mine.noted("done"):
    pass
with mine.noted("a"), mine.noted("b"):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_leaves_its_notes_and_they_are_told_once(tmp_path: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", DIES, str(tmp_path)], check=False)
    assert ended.returncode == -signal.SIGKILL
    other = InHand(tmp_path)
    assert sorted(other.left_behind()) == ["a", "b"]
    assert other.left_behind() == []


def test_a_living_process_is_left_alone(tmp_path: Path) -> None:
    mine, other = InHand(tmp_path), InHand(tmp_path)
    assert mine.is_new
    with mine.noted("a"):
        assert other.left_behind() == []
    assert not mine.is_new


def test_a_fork_has_notes_of_its_own(tmp_path: Path) -> None:
    mine = InHand(tmp_path)
    with mine.noted("the parent's"):
        pid = os.fork()
        if not pid:
            with mine.noted("the child's"):
                os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(pid, 0)
        assert InHand(tmp_path).left_behind() == ["the child's"]


def test_without_room_or_disk_work_goes_on_unnoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = InHand(tmp_path)
    notes = [mine.noted(str(number)) for number in range(SLOTS + 1)]
    for note in notes:
        note.__enter__()
    for note in notes:
        note.__exit__(None, None, None)
    nowhere = tmp_path / "file"
    nowhere.touch()
    with InHand(nowhere).noted("x"):
        pass
