"""A connection's credentials as what they mean: addresses, servers, ways to log in."""

from __future__ import annotations

import re
from dataclasses import dataclass

from openlines.connectors.base import Account
from openlines.connectors.email.headers import clean_address

SECURITY_PORTS = {
    "imap": {"ssl": 993, "starttls": 143, "none": 143},
    "smtp": {"ssl": 465, "starttls": 587, "none": 25},
}


@dataclass(frozen=True)
class Server:
    host: str
    port: int
    security: str
    """``ssl``, ``starttls`` or ``none``."""
    ca_file: str = ""


@dataclass(frozen=True)
class Options:
    address: str
    own: frozenset[str]
    """All addresses of ours: what comes from them is no client's."""
    username: str
    password: str
    imap: Server
    smtp: Server
    smtp_username: str
    smtp_password: str
    """Both empty: the server takes mails without a login."""
    folder: str
    after_reading: str
    """Empty, ``seen`` or ``move``."""
    done_folder: str
    sent_folder: str
    reply_token: bool
    """Answers come to ``name+token@domain``."""
    uses_oauth: bool
    client_id: str
    client_secret: str
    refresh_token: str
    token_url: str

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2] or "localhost"

    def is_own(self, address: str) -> bool:
        """Ours, also with a token after its name."""
        local, _at, domain = address.partition("@")
        return address in self.own or f"{local.partition('+')[0]}@{domain}" in self.own

    def token_of(self, address: str) -> str:
        """The token in an address of ours, as ``Reply-To`` carried it out."""
        local, _at, _domain = address.partition("@")
        return local.partition("+")[2] if "+" in local and self.is_own(address) else ""

    def with_token(self, token: str) -> str:
        local, _at, domain = self.address.partition("@")
        return f"{local}+{token}@{domain}"


def read(account: Account) -> Options:
    """Never raises: what is missing is empty."""
    given = {name: str(value).strip() for name, value in account.credentials.items()}
    address = clean_address(given.get("address", ""))
    others = [clean_address(one) for one in re.split(r"[\s,;]+", given.get("other_addresses", ""))]
    uses_oauth = given.get("login") == "oauth"
    username = given.get("username") or address
    own_login = given.get("smtp_login") or "same"
    same = own_login == "same"
    return Options(
        address=address,
        own=frozenset(one for one in (address, *others) if one),
        username=username,
        password=account.credentials.get("password", ""),
        imap=_server(given, "imap"),
        smtp=_server(given, "smtp"),
        smtp_username=username if same else given.get("smtp_username", "") if own_login == "own" else "",
        smtp_password=(
            account.credentials.get("password", "")
            if same
            else account.credentials.get("smtp_password", "")
            if own_login == "own"
            else ""
        ),
        folder=given.get("folder") or "INBOX",
        after_reading=given.get("after_reading", "").replace("nothing", ""),
        done_folder=given.get("done_folder", ""),
        sent_folder=given.get("sent_folder", ""),
        reply_token=given.get("reply_token") == "yes",
        uses_oauth=uses_oauth,
        client_id=given.get("client_id", ""),
        client_secret=given.get("client_secret", ""),
        refresh_token=given.get("refresh_token", ""),
        token_url=given.get("token_url", ""),
    )


def smtp_uses_oauth(options: Options, account: Account) -> bool:
    return options.uses_oauth and (account.credentials.get("smtp_login") or "same") == "same"


def _server(given: dict[str, str], which: str) -> Server:
    security = given.get(f"{which}_security") or ("ssl" if which == "imap" else "starttls")
    if security not in SECURITY_PORTS[which]:
        security = "ssl"
    port = given.get(f"{which}_port", "")
    number = int(port) if port.isascii() and port.isdecimal() and 0 < int(port[:6]) < 65536 else 0
    return Server(
        host=given.get(f"{which}_host", ""),
        port=number or SECURITY_PORTS[which][security],
        security=security,
        ca_file=given.get("ca_file", ""),
    )
