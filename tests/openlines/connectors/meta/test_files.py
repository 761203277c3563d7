"""Files of Meta's hosts: led on from one to another, never with the token, never elsewhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from openlines.connectors.base import Account, MediaUnavailable
from openlines.connectors.loopback import Call, LoopbackServer, Reply
from openlines.connectors.meta import files

NOBODY = Account(connection_id=1, kind="messenger", credentials={})


class Host(LoopbackServer):
    leads_to = ""

    def route(self, call: Call) -> tuple[str, Callable[[], Reply]]:
        if self.leads_to:
            return "file", lambda: Reply(302, headers={"Location": self.leads_to})
        return "file", lambda: Reply(200, b"content", "image/png")


@pytest.fixture
def theirs(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The hosts that count as Meta's."""
    known: set[str] = set()

    def allowed(url: str, account: Account, hosts: object) -> tuple[str, ...]:
        return tuple(known)

    monkeypatch.setattr(files, "_allowed", allowed)
    return known


def test_a_file_on_another_of_metas_hosts_is_had_without_the_token(theirs: set[str]) -> None:
    with Host() as first, Host() as second:
        first.leads_to = f"{second.url}/file.png"
        theirs |= {host.url.removeprefix("http://") for host in (first, second)}
        headers = {"authorization": "Bearer token"}
        assert files.download(f"{first.url}/x", NOBODY, max_bytes=100, headers=headers) == b"content"
        assert first.calls[0].headers["authorization"] == "Bearer token"
        assert "authorization" not in second.calls[0].headers


def test_nobody_is_led_to_other_hosts_or_round_and_round(theirs: set[str]) -> None:
    with Host() as first, Host() as second:
        first.leads_to = f"{second.url}/file.png"
        theirs.add(first.url.removeprefix("http://"))
        with pytest.raises(MediaUnavailable):
            files.download(f"{first.url}/x", NOBODY, max_bytes=100)
        assert second.calls == []
        theirs.add(second.url.removeprefix("http://"))
        second.leads_to = f"{first.url}/file.png"
        with pytest.raises(MediaUnavailable):
            files.download(f"{first.url}/x", NOBODY, max_bytes=100)


@pytest.mark.parametrize(
    "url",
    [
        "http://lookaside.fbsbx.com/x",
        "https://lookaside.fbsbx.com:8443/x",
        "https://fbcdn.net.evil.example/x",
        "https://scontent.fbcdn.net@evil.example/x",
        "https://evil.example/?scontent.fbcdn.net",
        "https://[",
    ],
)
def test_what_only_looks_like_metas_is_not_asked(url: str) -> None:
    with pytest.raises(MediaUnavailable):
        files.download(url, NOBODY, max_bytes=100)
