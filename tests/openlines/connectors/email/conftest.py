from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.mail_servers import MailServers, Sink, running


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
