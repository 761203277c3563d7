"""The embedded PostgreSQL: real servers in folders of their own, killed and confused in every way we met."""

import logging
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from contactcenter.embedded import EmbeddedPostgresError, EmbeddedServer
from contactcenter.embedded.programs import WAY_OUT
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
STARTED = "SELECT pg_postmaster_start_time()"
JOIN = f"server.join(database='shop'); print(server.connect().execute({STARTED!r}).fetchone())"
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root makes PostgreSQL run as somebody else")


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not tmp_path: pytest closes its folders to others, time and again."""
    made = Path(tempfile.mkdtemp(prefix="contactcenter-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def server(folder: Path) -> Iterator[EmbeddedServer]:
    one = EmbeddedServer(folder / "postgres", throwaway=True)
    yield one
    one.stop()


def elsewhere(server: EmbeddedServer, code: str) -> "subprocess.Popen[str]":
    """Run `code` in a process of its own, with `server` at hand."""
    prepare = (
        "from pathlib import Path; from contactcenter.embedded import EmbeddedServer; "
        f"server = EmbeddedServer(Path({str(server.data)!r}), throwaway=True); "
    )
    return subprocess.Popen(
        [sys.executable, "-c", prepare + code],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def said(process: "subprocess.Popen[str]") -> str:
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    return output


def postmaster(server: EmbeddedServer) -> psutil.Process:
    return psutil.Process(int((server.data / "postmaster.pid").read_text().split("\n")[0]))


def a_new_owner_of_the_process_id(server: EmbeddedServer, *command: str) -> "subprocess.Popen[bytes]":
    """Leave the lock files of a killed server, its process id now that of `command`.

    The command runs as the server's user: of others PostgreSQL knows that they cannot be the server.
    """
    server.join()
    locks = [server.data / "postmaster.pid", Path(server.host) / ".s.PGSQL.5432.lock"]
    contents = [lock.read_text().split("\n") for lock in locks]
    owner = server.data.stat()
    server.stop()
    process = subprocess.Popen(command, user=owner.st_uid)
    for lock, lines in zip(locks, contents, strict=True):
        lock.write_text("\n".join([str(process.pid), *lines[1:]]))
        os.chown(lock, owner.st_uid, owner.st_gid)
    return process


def answers(server: EmbeddedServer) -> bool:
    try:
        server.connect().close()
    except psycopg.OperationalError:
        return False
    return True


def test_the_first_to_join_makes_the_server_and_the_database(server: EmbeddedServer) -> None:
    server.join(database="shop")
    with psycopg.connect(server.url("shop")) as connection:
        row = connection.execute("SELECT upper('zażółć'), current_database(), inet_server_addr()").fetchone()
    assert row == ("ZAŻÓŁĆ", "shop", None)


def test_the_data_is_still_there_after_a_stop(server: EmbeddedServer) -> None:
    server.join(database="shop")
    with server.connect("shop") as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
    assert server.stop()
    assert not answers(server)
    assert not server.stop()
    server.join(database="shop")
    with server.connect("shop") as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (1,)


def test_processes_that_start_at_once_share_one_server_and_one_database(server: EmbeddedServer) -> None:
    processes = [elsewhere(server, JOIN) for _ in range(3)]
    assert len({said(process) for process in processes}) == 1


def test_the_server_outlives_the_process_that_started_it(server: EmbeddedServer) -> None:
    said(elsewhere(server, JOIN))
    assert answers(server)


def test_a_killed_server_comes_back_with_the_next_process(server: EmbeddedServer) -> None:
    server.join(database="shop")
    with server.connect("shop"):  # a backend that is still there when its server dies
        postmaster(server).kill()
        assert said(elsewhere(server, JOIN))
    assert answers(server)


def test_a_server_that_is_slow_to_come_up_is_waited_for(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    said(elsewhere(server, JOIN))
    before = postmaster(server).pid
    replies = iter([False, False, False])  # as while it recovers from a crash
    really = EmbeddedServer._answers
    monkeypatch.setattr(EmbeddedServer, "_answers", lambda self: next(replies, True) and really(self))
    server.join()
    assert postmaster(server).pid == before


def test_a_zombie_does_not_pass_for_the_server(server: EmbeddedServer) -> None:
    zombie = a_new_owner_of_the_process_id(server, "true")
    wait_until(lambda: psutil.Process(zombie.pid).status() == psutil.STATUS_ZOMBIE)
    server.join()
    assert answers(server)
    zombie.wait()


def test_a_stranger_with_the_same_process_id_does_not_pass_for_the_server(server: EmbeddedServer) -> None:
    stranger = a_new_owner_of_the_process_id(server, "sleep", "60")
    try:
        server.join()
        assert answers(server)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_process_left_over_does_not_revive_a_stopped_server(server: EmbeddedServer) -> None:
    server.join()
    said(elsewhere(server, "server.stop()"))
    server.join()
    assert not answers(server)


def test_the_last_holder_stops_the_server(server: EmbeddedServer) -> None:
    with server.held():
        server.join()
        said(elsewhere(server, "\nwith server.held(): server.join()"))
        assert answers(server)
    assert not answers(server)


def test_a_killed_holder_holds_nothing(server: EmbeddedServer) -> None:
    with server.held():
        server.join()
        holder = elsewhere(server, "\nwith server.held(): print('held', flush=True); input()")
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        holder.send_signal(signal.SIGKILL)
        holder.communicate()
    assert not answers(server)


def test_a_long_path_gets_its_socket_in_a_short_one(folder: Path) -> None:
    server = EmbeddedServer(folder / ("long" * 30) / "postgres", throwaway=True)
    try:
        server.join()
        assert answers(server)
        assert not server.host.startswith(str(folder))
        assert stat.S_IMODE(os.stat(server.host).st_mode) == 0o700
    finally:
        server.stop()
        shutil.rmtree(server.host)


@as_root
def test_a_socket_folder_made_by_somebody_else_is_refused(folder: Path) -> None:
    server = EmbeddedServer(folder / ("long" * 30) / "postgres", throwaway=True)
    Path(server.host).mkdir()
    os.chown(server.host, 12345, 12345)
    try:
        with pytest.raises(EmbeddedPostgresError, match="somebody else's"):
            server.join()
    finally:
        shutil.rmtree(server.host)


def test_data_of_another_version_is_left_alone(server: EmbeddedServer) -> None:
    server.data.mkdir()
    (server.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(EmbeddedPostgresError, match="PostgreSQL 9") as caught:
        server.join()
    assert WAY_OUT in str(caught.value)


def test_a_folder_with_other_things_in_it_is_left_alone(server: EmbeddedServer) -> None:
    server.data.mkdir()
    (server.data / "letters").mkdir()
    with pytest.raises(EmbeddedPostgresError, match="no data folder"):
        server.join()
    assert [path.name for path in server.data.iterdir()] == ["letters"]


def test_a_server_that_cannot_start_says_why_and_names_the_way_out(server: EmbeddedServer) -> None:
    server.join()
    server.stop()
    with open(server.data / "postgresql.conf", "a") as file:
        file.write("\nno_such_parameter = on\n")
    with pytest.raises(EmbeddedPostgresError, match="no_such_parameter") as caught:
        server.join()
    assert WAY_OUT in str(caught.value)


@as_root
def test_root_opens_closed_folders_for_passing_only_and_says_so(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    closed = folder / "home"
    closed.mkdir(mode=0o700)
    server = EmbeddedServer(closed / "postgres", throwaway=True)
    try:
        with caplog.at_level(logging.WARNING):
            server.join()
        assert answers(server)
    finally:
        server.stop()
    assert stat.S_IMODE(closed.stat().st_mode) == 0o701
    assert str(closed) in caplog.text
    assert server.data.stat().st_uid != 0


def test_importing_the_settings_starts_nothing(folder: Path) -> None:
    environment = {**os.environ, "CONTACTCENTER_VAR": str(folder), "DATABASE_URL": ""}
    command = [
        sys.executable,
        "-c",
        "import contactcenter.settings as s; print(s.DATABASES['default']['ENGINE'])",
    ]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "contactcenter.embedded\n"
    assert not (folder / "postgres").exists()


def test_whoever_asks_django_how_to_connect_finds_the_server_running(folder: Path) -> None:
    code = (
        "import django, psycopg; django.setup(); from django.db import connection; "
        "own = psycopg.connect(**connection.get_connection_params()); "
        "print(own.execute('SELECT current_database()').fetchone())"
    )
    environment = {
        **os.environ,
        "CONTACTCENTER_VAR": str(folder),
        "DATABASE_URL": "",
        "DJANGO_SETTINGS_MODULE": "contactcenter.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    try:
        assert done.stdout == "('contactcenter',)\n", done.stderr
    finally:
        assert EmbeddedServer(folder / "postgres").stop()
