"""Mail servers on loopback: a real Dovecot and a real Exim (Debian's packages) for the way there and back, and an
SMTP server that refuses on demand. Each is a throwaway in a folder of its own; a missing one skips the test.
"""

from __future__ import annotations

import base64
import contextlib
import datetime
import imaplib
import ipaddress
import os
import pwd
import shutil
import smtplib
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.waiting import wait_until

DOVECOT = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin")
EXIM = shutil.which("exim4") or shutil.which("exim4", path="/usr/sbin")
WITHOUT_DOVECOT = "no Dovecot found: `apt-get install dovecot-imapd`"
WITHOUT_EXIM = "no Exim found: `apt-get install exim4-daemon-light`"
PASSWORD = "s3cret-öäü"
ASCII_PASSWORD = "s3cret"
TOKEN = "an-access-token"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass(frozen=True)
class Certificates:
    ca: Path
    certificate: Path
    key: Path


def certificates(folder: Path) -> Certificates:
    """A certificate authority of our own and a certificate of it for 127.0.0.1."""
    now = datetime.datetime.now(datetime.UTC)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])

    def build(name: x509.Name, public: Any, *, is_ca: bool) -> x509.Certificate:
        names = x509.SubjectAlternativeName(
            [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        )
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(ca_name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=2))
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        )
        return (builder if is_ca else builder.add_extension(names, critical=False)).sign(
            ca_key, hashes.SHA256()
        )

    ca = build(ca_name, ca_key.public_key(), is_ca=True)
    own = build(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]), key.public_key(), is_ca=False
    )
    found = Certificates(folder / "ca.pem", folder / "cert.pem", folder / "key.pem")
    found.ca.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    found.certificate.write_bytes(own.public_bytes(serialization.Encoding.PEM))
    found.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    found.key.chmod(0o644)
    return found


@dataclass
class MailServers:
    """``folder`` holds the mailboxes ``support`` (ours) and ``carl`` (a client's)."""

    folder: Path
    imap_port: int
    imaps_port: int
    smtp_port: int
    certificates: Certificates
    user: str
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def credentials(self, **more: str) -> dict[str, str]:
        """Of a connection that reads and sends as support@example.test."""
        return {
            "address": "support@example.test",
            "username": "support",
            "password": ASCII_PASSWORD,
            "imap_host": "127.0.0.1",
            "imap_port": str(self.imap_port),
            "imap_security": "none",
            "smtp_host": "127.0.0.1",
            "smtp_port": str(self.smtp_port),
            "smtp_security": "none",
            **more,
        }

    @contextlib.contextmanager
    def mailbox(self, user: str = "support", folder: str = "INBOX") -> Iterator[imaplib.IMAP4]:
        box = imaplib.IMAP4("127.0.0.1", self.imap_port, timeout=10)
        box.login(user, ASCII_PASSWORD)
        box.select(f'"{folder}"')
        try:
            yield box
        finally:
            box.logout()

    def put(self, raw: bytes, *, user: str = "support", folder: str = "INBOX", flags: str = "") -> None:
        with self.mailbox(user) as box:
            status, said = box.append(folder, flags, "", raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
            assert status == "OK", said

    def mails(self, user: str = "support", folder: str = "INBOX") -> list[bytes]:
        with self.mailbox(user, folder) as box:
            _status, data = box.uid("SEARCH", "ALL")
            found = []
            for uid in data[0].split():
                _status, parts = box.uid("FETCH", uid.decode(), "(BODY.PEEK[])")
                found.append(parts[0][1])
            return found

    def flags(self, folder: str = "INBOX") -> list[str]:
        with self.mailbox(folder=folder) as box:
            _status, data = box.uid("FETCH", "1:*", "(FLAGS)")
            return [one.decode() for one in data if one]

    def create(self, folder: str) -> None:
        with self.mailbox() as box:
            box.create(f'"{folder}"')

    def empty(self) -> None:
        """Every mailbox as new, with other numbers (a new UIDVALIDITY)."""
        for user in ("support", "carl"):
            shutil.rmtree(self.folder / "mail" / user, ignore_errors=True)

    def arrived(self, user: str, count: int = 1) -> list[bytes]:
        """Exim delivers in the background: waits for so many mails."""
        wait_until(lambda: len(self.mails(user)) >= count, step=0.1)
        return self.mails(user)


def start_dovecot(servers: MailServers, *, token_url: str = "") -> None:
    assert DOVECOT
    root = servers.folder
    own = pwd.getpwnam(servers.user)
    is_root = os.geteuid() == 0
    (root / "users").write_text(
        "".join(f"{user}:{{PLAIN}}{ASCII_PASSWORD}::::::\n" for user in ("support", "carl"))
        + f"jürgen:{{PLAIN}}{PASSWORD}::::::\n"
    )
    users = (
        ""
        if is_root
        else f"default_internal_user = {servers.user}\n"
        f"default_login_user = {servers.user}\ndefault_internal_group = {own.pw_gid}\n"
    )
    oauth = ""
    if token_url:
        (root / "oauth2.conf").write_text(f"tokeninfo_url = {token_url}\nusername_attribute = email\n")
        oauth = f"passdb {{\n  driver = oauth2\n  mechanisms = xoauth2 oauthbearer\n  args = {root}/oauth2.conf\n}}\n"
    (root / "dovecot.conf").write_text(
        f"""\
protocols = imap
listen = 127.0.0.1
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/dovecot.log
ssl = yes
ssl_cert = <{servers.certificates.certificate}
ssl_key = <{servers.certificates.key}
disable_plaintext_auth = no
auth_mechanisms = plain login{" xoauth2" if token_url else ""}
auth_username_chars =
auth_failure_delay = 0
first_valid_uid = 1
mail_location = maildir:{root}/mail/%u
{users}
{oauth}
passdb {{
  driver = passwd-file
  mechanisms = plain login
  args = {root}/users
}}
userdb {{
  driver = static
  args = uid={own.pw_uid} gid={own.pw_gid} home={root}/mail/%u
}}
service imap-login {{
  process_min_avail = 1
  {"" if is_root else "chroot ="}
  inet_listener imap {{
    port = {servers.imap_port}
  }}
  inet_listener imaps {{
    port = {servers.imaps_port}
    ssl = yes
  }}
}}
service anvil {{
  {"" if is_root else "chroot ="}
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""
    )
    servers.processes.append(
        subprocess.Popen(
            [DOVECOT, "-F", "-c", str(root / "dovecot.conf")],
            stdout=subprocess.DEVNULL,
            stderr=(root / "dovecot.err").open("wb"),
        )
    )
    _wait_for(servers.imap_port, root / "dovecot.err")


def start_exim(servers: MailServers) -> None:
    """Takes mails for example.test and client.test, refuses some at once and bounces ``later@client.test``."""
    assert EXIM
    root = servers.folder
    (root / "local").write_text("support: support\ncarl: carl\n")
    (root / "exim.conf").write_text(
        f"""\
primary_hostname = mail.example.test
spool_directory = {root}/spool
log_file_path = {root}/exim.%slog
pid_file_path = {root}/exim.pid
daemon_smtp_ports = {servers.smtp_port}
local_interfaces = 127.0.0.1
tls_advertise_hosts = *
tls_certificate = {servers.certificates.certificate}
tls_privatekey = {servers.certificates.key}
message_size_limit = 2M
deliver_drop_privilege = true
never_users =
keep_environment =
acl_smtp_rcpt = recipients
begin acl
recipients:
  deny    recipients = nobody@client.test
          message = 5.1.1 No such mailbox here
  defer   recipients = busy@client.test
          message = 4.2.1 Try again later
  accept
begin routers
bounces:
  driver = redirect
  local_parts = later
  allow_fail
  data = :fail: 5.1.1 no such mailbox after all
boxes:
  driver = accept
  local_parts = lsearch;{root}/local
  local_part_suffix = +*
  local_part_suffix_optional
  transport = maildir
begin transports
maildir:
  driver = appendfile
  directory = {root}/mail/$local_part_data
  maildir_format
  create_directory
  delivery_date_add
  envelope_to_add
  return_path_add
begin retry
* * F,1h,1m
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{support}}}}{{eq{{$auth3}}{{{ASCII_PASSWORD}}}}}}}}}
  server_set_id = $auth2
"""
    )
    (root / "spool").mkdir(exist_ok=True)
    for path in (root, root / "spool"):
        _give(path, servers.user)
    own = pwd.getpwnam(servers.user)
    arguments: dict[str, Any] = {}
    if os.geteuid() == 0:
        arguments = {"user": own.pw_uid, "group": own.pw_gid, "extra_groups": []}
    servers.processes.append(
        subprocess.Popen(
            [EXIM, "-bdf", "-q1m", "-C", str(root / "exim.conf")],
            stdout=subprocess.DEVNULL,
            stderr=(root / "exim.err").open("wb"),
            **arguments,
        )
    )
    _wait_for(servers.smtp_port, root / "exim.err")


def _give(path: Path, user: str) -> None:
    if os.geteuid() == 0:
        own = pwd.getpwnam(user)
        os.chown(path, own.pw_uid, own.pw_gid)


def _wait_for(port: int, errors: Path) -> None:
    def answers() -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2) as found:
            return bool(found.recv(10))
        return False

    try:
        wait_until(answers, seconds=15)
    except AssertionError:
        pytest.skip(f"the mail server does not start: {errors.read_text()[-500:]}")


@contextlib.contextmanager
def running(*, exim: bool = True, token_url: str = "") -> Iterator[MailServers]:
    if DOVECOT is None:
        pytest.skip(WITHOUT_DOVECOT)
    if exim and EXIM is None:
        pytest.skip(WITHOUT_EXIM)
    user = pwd.getpwuid(os.geteuid()).pw_name
    if user == "root":
        user = "Debian-exim" if EXIM else "mail"
    # not pytest's folder: the servers' own users have to get in, and socket paths must stay short
    with tempfile.TemporaryDirectory(prefix="mail-", ignore_cleanup_errors=True) as name:
        root = Path(name)
        root.chmod(0o755)
        (root / "mail").mkdir()
        _give(root / "mail", user)
        servers = MailServers(root, free_port(), free_port(), free_port(), certificates(root), user)
        try:
            start_dovecot(servers, token_url=token_url)
            if exim:
                start_exim(servers)
            yield servers
        finally:
            for process in servers.processes:
                process.terminate()
            for process in servers.processes:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(10)
                process.kill()


# -- an SMTP server that refuses on demand ------------------------------------------------------------------------

DIES = "dies"


class Sink:
    """aiosmtpd's, with answers laid down: ``at["RCPT"] = "451 4.2.1 busy"``; ``DIES`` closes the connection there.

    ``DATA`` is asked when the whole mail has arrived.
    """

    def __init__(
        self,
        *,
        login: tuple[str, str] | None = None,
        certificates: Certificates | None = None,
        tls_from_the_start: bool = False,
    ) -> None:
        from aiosmtpd.controller import Controller
        from aiosmtpd.smtp import AuthResult, LoginPassword

        self.at: dict[str, str] = {}
        self.mails: list[bytes] = []
        self.tokens: list[str] = []
        self.login = login
        sink = self

        def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
            known = isinstance(data, LoginPassword) and sink.login == (
                data.login.decode(),
                data.password.decode(),
            )
            return AuthResult(success=known, handled=False)

        class Handler:
            async def handle_MAIL(  # noqa: N802 - aiosmtpd's
                self, server: Any, session: Any, envelope: Any, address: str, options: Any
            ) -> str:
                envelope.mail_from = address
                return sink._answer(server, "MAIL")

            async def handle_RCPT(  # noqa: N802 - aiosmtpd's
                self, server: Any, session: Any, envelope: Any, address: str, options: Any
            ) -> str:
                answer = sink._answer(server, "RCPT")
                if answer.startswith("250"):
                    envelope.rcpt_tos.append(address)
                return answer

            async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
                sink.mails.append(envelope.content)
                return sink._answer(server, "DATA")

            async def auth_XOAUTH2(self, server: Any, args: list[str]) -> AuthResult:  # noqa: N802
                said = base64.b64decode(args[1]).decode() if len(args) > 1 else ""
                sink.tokens.append(said)
                known = said == f"user=support@example.test\1auth=Bearer {TOKEN}\1\1"
                return AuthResult(success=known, handled=False)

        context = None
        if certificates is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificates.certificate, certificates.key)
        self.port = free_port()
        self._controller = Controller(
            Handler(),
            hostname="127.0.0.1",
            port=self.port,
            tls_context=None if tls_from_the_start else context,
            ssl_context=context if tls_from_the_start else None,
            authenticator=authenticate,
            auth_required=login is not None,
            auth_require_tls=False,
            data_size_limit=200_000,
        )

    def _answer(self, server: Any, step: str) -> str:
        answer = self.at.get(step, "250 OK")
        if answer == DIES:
            server.transport.abort()
        return answer if answer != DIES else "421 gone"

    def __enter__(self) -> Sink:
        self._controller.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._controller.stop()

    def credentials(self, **more: str) -> dict[str, str]:
        login = {"smtp_login": "none"}
        if self.login is not None:
            login = {"username": self.login[0], "password": self.login[1], "smtp_login": "same"}
        return {
            "address": "support@example.test",
            "smtp_host": "127.0.0.1",
            "smtp_port": str(self.port),
            "smtp_security": "none",
            **login,
            **more,
        }


@contextlib.contextmanager
def smtp_to(port: int) -> Iterator[smtplib.SMTP]:
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as session:
        yield session
