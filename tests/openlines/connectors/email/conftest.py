from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests.fakes.mail_servers import MailServers, Sink, running
from tests.openlines.connectors.email.tokens import Tokens


@pytest.fixture(scope="package")
def mail_servers() -> Iterator[MailServers]:
    """Dovecot and Exim, for all tests of this folder."""
    with running() as servers:
        yield servers


@pytest.fixture
def servers(mail_servers: MailServers) -> MailServers:
    """With empty mailboxes."""
    mail_servers.empty()
    return mail_servers


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as running_sink:
        yield running_sink


@pytest.fixture
def tokens() -> Iterator[Tokens]:
    found = Tokens()
    thread = threading.Thread(target=found.server.serve_forever, daemon=True)
    thread.start()
    yield found
    found.server.shutdown()
    found.server.server_close()
