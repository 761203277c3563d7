"""Start, join and stop the embedded PostgreSQL. No Django in here: the settings and the Makefile use it.

A process *joins* by connecting; it never believes `postmaster.pid` alone, for after `kill -9` the process
named there may be a zombie or, with the number reused, a stranger. Starting happens under a file lock: two
processes at once start one server. A process starts or joins once (`EmbeddedServer.join`): when the server is
stopped later, no left-over process brings it up again.
"""

import contextlib
import fcntl
import hashlib
import logging
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

from contactcenter.embedded import programs
from contactcenter.embedded.programs import Account, EmbeddedPostgresError

logger = logging.getLogger(__name__)

ROLE = "postgres"
PORT = 5432  # names the socket's file only: the server listens on no address
DATABASE = "contactcenter"
LONGEST_SOCKET_PATH = 100  # bytes; the system's limit is 107 on Linux and 103 on macOS
START_SECONDS = 60
PARAMETERS = {
    "max_connections": "200",
    "shared_buffers": "128MB",
    "jit": "off",  # compiles for longer than our queries run
    "timezone": "UTC",
    "wal_level": "minimal",  # nobody replicates from here
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "unix_socket_permissions": "0700",
}
THROWAWAY_PARAMETERS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# The same order and the same upper and lower case on every machine, whatever its locale.
LOCALE = ["--locale=C.UTF-8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8"]
_joined: set[Path] = set()  # the data of the servers that this process, or the one it was forked from, joined


@dataclass(frozen=True)
class EmbeddedServer:
    """One server with its data in the folder `data`; a `throwaway` one (tests) never waits for the disk."""

    data: Path
    throwaway: bool = False

    @property
    def host(self) -> str:
        """The folder of the server's socket: the data folder, or a short one where its path is too long."""
        data = self.data.absolute()
        if len(os.fsencode(data / f".s.PGSQL.{PORT}")) <= LONGEST_SOCKET_PATH:
            return str(data)
        digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
        # Not TMPDIR: every process must find the same. A folder of somebody else's is refused.
        return f"/tmp/contactcenter-{digest}"  # noqa: S108

    @property
    def log(self) -> Path:
        return self.data / "server.log"

    def settings(self, database: str) -> dict[str, object]:
        """The entry of Django's `DATABASES`; the engine (`base.py`) joins this server before it connects."""
        return {
            "ENGINE": "contactcenter.embedded",
            "NAME": database,
            "USER": ROLE,
            "HOST": self.host,
            "PORT": str(PORT),
            "SERVER": self,
        }

    def url(self, database: str) -> str:
        """The address in the form of `DATABASE_URL`, for psql and other programs."""
        return f"postgresql://{ROLE}@/{quote(database)}?host={quote(self.host)}&port={PORT}"

    def connect(self, database: str = ROLE) -> psycopg.Connection:
        """A bare autocommit connection; raises psycopg.OperationalError when the server does not answer."""
        return psycopg.connect(
            host=self.host, port=PORT, user=ROLE, dbname=database, autocommit=True, connect_timeout=10
        )

    def join(self, *, database: str | None = None) -> None:
        """Start the server unless it answers, and create `database` unless it is there; once a process.

        Raises EmbeddedPostgresError where the server cannot be started.
        """
        if self.data in _joined:
            return
        if not self._answers():
            with self._locked():
                if not self._answers():
                    self._start()
        if database:
            self._ensure_database(database)
        _joined.add(self.data)

    def stop(self) -> bool:
        """Stop the server, whoever started it; False when none was running."""
        _joined.discard(self.data)
        if not (self.data / "postmaster.pid").exists():
            return False
        with self._locked():
            if self._postmaster() is None:
                return False
            for mode, seconds in (("fast", 30), ("immediate", 15)):
                if self._control("stop", "-m", mode, seconds=seconds).code == 0:
                    return True
        raise EmbeddedPostgresError(f"it does not stop; see {self.log}.")

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep the server for the length of the block; the last holder to leave stops it.

        Holding is a shared lock on a file, which the system drops when a holder is killed.
        """
        self.data.parent.mkdir(parents=True, exist_ok=True)
        with open(self.data.with_suffix(".holders"), "w") as holders:
            fcntl.flock(holders, fcntl.LOCK_SH)
            try:
                yield
            finally:
                with contextlib.suppress(BlockingIOError):
                    fcntl.flock(holders, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    self.stop()

    # -- the inside ------------------------------------------------------------------------------------------

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.data.parent.mkdir(parents=True, exist_ok=True)
        with open(self.data.with_suffix(".lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _answers(self) -> bool:
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _ensure_database(self, name: str) -> None:
        with self.connect() as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                return
            # Another process may be first.
            with contextlib.suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def _start(self) -> None:
        account = programs.account_for(self.data)
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        if account.switch:
            os.chown(self.data, account.uid, account.gid)
            programs.let_pass(self.data)
            programs.let_pass(programs.programs())
            programs.let_read(programs.programs())
        self._initialise(account)
        if self._comes_up():
            return
        self._prepare_socket_folder(account)
        parameters = PARAMETERS | (THROWAWAY_PARAMETERS if self.throwaway else {})
        options = " ".join(["-h ''", f"-k '{self.host}'", *(f"-c {k}={v}" for k, v in parameters.items())])
        logger.info("Starting the embedded PostgreSQL in %s (`make stop` stops it)", self.data)
        outcome = self._control("start", "-l", str(self.log), "-o", options, seconds=START_SECONDS)
        if outcome.code != 0 or not self._answers():
            raise EmbeddedPostgresError(f"it does not start.\n{_tail(self.log) or outcome.output}")

    def _initialise(self, account: Account) -> None:
        version_file = self.data / "PG_VERSION"
        if version_file.exists():
            version = version_file.read_text().strip()
            if version != programs.VERSION:
                raise EmbeddedPostgresError(
                    f"{self.data} was written by PostgreSQL {version}, and this is {programs.VERSION}: "
                    "dump it with the old one, load it into a new folder."
                )
            return
        if any(self.data.iterdir()):
            raise EmbeddedPostgresError(f"{self.data} is not empty and no data folder: remove it.")
        arguments = ["-D", str(self.data), "-U", ROLE, "--auth=trust", *LOCALE]
        if self.throwaway:
            arguments.append("--no-sync")
        outcome = programs.run("initdb", arguments, data=self.data, account=account, seconds=180)
        if outcome.code != 0:
            raise EmbeddedPostgresError(f"its data folder cannot be made.\n{outcome.output}")

    def _postmaster(self) -> int | None:
        """Our running server's process id; None when `postmaster.pid` names none, a zombie, a stranger."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().partition("\n")[0])
            return pid if self._is_ours(psutil.Process(pid)) else None
        except (OSError, ValueError, psutil.Error):
            return None

    def _is_ours(self, process: psutil.Process) -> bool:
        """Whether it is alive and works in our data folder, as all processes of PostgreSQL do."""
        try:
            return process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()) == self.data.resolve()
        except (OSError, psutil.Error):
            return False

    def _comes_up(self) -> bool:
        """Wait for a server that is on its way up; False when there is none, and its lock files are removed.

        PostgreSQL itself refuses to start while the process id in one of them is taken, by whomever. They go
        only when the last backend of a killed server is gone too.
        """
        locks = [self.data / "postmaster.pid", Path(self.host) / f".s.PGSQL.{PORT}.lock"]
        if not any(lock.exists() for lock in locks):
            return False
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if not any(self._is_ours(process) for process in psutil.process_iter()):
                for lock in locks:
                    lock.unlink(missing_ok=True)
                return False
            if self._postmaster() is not None and self._answers():
                return True
            time.sleep(0.05)
        raise EmbeddedPostgresError(f"a server works in {self.data} but does not answer; see {self.log}.")

    def _prepare_socket_folder(self, account: Account) -> None:
        folder = Path(self.host)
        if folder == self.data.absolute():
            return
        try:
            folder.mkdir(mode=0o700)
            if account.switch:
                os.chown(folder, account.uid, account.gid)
        except FileExistsError:
            found = folder.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid:
                raise EmbeddedPostgresError(f"{folder}, made for its socket, is somebody else's.") from None

    def _control(self, verb: str, *arguments: str, seconds: int) -> programs.Outcome:
        account = programs.account_for(self.data)
        command = [verb, "-D", str(self.data), "-w", "-t", str(seconds), *arguments]
        return programs.run("pg_ctl", command, data=self.data, account=account, seconds=seconds + 15)


def main_server(var: Path) -> EmbeddedServer:
    """The server of an installation whose data lies in the folder `var`."""
    return EmbeddedServer(var / "postgres")


def test_server(var: Path) -> EmbeddedServer:
    """The server of the tests: apart from the installation's, and careless of its data."""
    return EmbeddedServer(var / "test-postgres", throwaway=True)


def database_url(var: Path) -> str:
    """Start or join the server of `var` and tell its address."""
    server = main_server(var)
    server.join(database=DATABASE)
    return server.url(DATABASE)


def stop(var: Path) -> bool:
    """Stop the server of `var`; False when none was running."""
    return main_server(var).stop()


def _tail(path: Path) -> str:
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-15:])
    except OSError:
        return ""
