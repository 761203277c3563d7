"""Addresses that customers enter never lead into our own network."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from pytest_django import Settings

from contactcenter.lib import http
from openlines.connectors.api import outside
from openlines.connectors.api.fake import FakeCustomer
from openlines.connectors.base import Account, Media, MediaKind, MediaUnavailable
from openlines.connectors.loopback import Behaviour, Reply, bad_gateway
from tests.openlines.connectors.api.building import connector


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[fd00::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "localhost",
        "[fec0::1]",
        "[3fff::1]",
        "192.0.0.192",
        "192.0.0.8",
        "192.88.99.1",
        "198.18.0.1",
        "168.63.129.16",
        "[::ffff:0:7f00:1]",
        "[::7f00:1]",
        "[64:ff9b:1::1]",
        "[2001:0:7f00:1::]",
        "[2001:db8::1]",
        "[5f00::1]",
        "[ff02::1]",
    ],
)
def test_private_addresses_are_refused_however_they_are_written(host: str) -> None:
    with pytest.raises(outside.Blocked, match="private network"):
        outside.check(f"http://{host}:8000/x")
    with pytest.raises(http.NotSent):
        http.call("GET", f"http://{host}:8000/x", via=outside.client())


@pytest.mark.parametrize(
    "url", ["", "x", "file:///etc/passwd", "gopher://x/", "http://", "http://a:b:c/", "//x"]
)
def test_only_the_web(url: str) -> None:
    with pytest.raises(outside.Blocked, match="web address"):
        outside.check(url)


def test_public_ones_are_fine() -> None:
    for host in ("1.1.1.1", "[2606:4700::1111]"):
        outside.check(f"https://{host}/x")


def test_a_name_that_changes_between_the_look_and_the_call_leads_nowhere(
    customer: FakeCustomer, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.PRIVATE_ADDRESSES = []
    port = int(customer.url.rpartition(":")[2])
    answers = ["1.1.1.1", "127.0.0.1"]

    def resolve(host: str, port: int, **kinds: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers.pop(0), port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    url = f"http://rebinding.example:{port}/"
    outside.check(url)
    with pytest.raises(http.NotSent):
        http.call("GET", url, via=outside.client())
    assert answers == []
    assert customer.calls == []


@pytest.mark.parametrize("allowed", ["localhost", "127.0.0.1", "127.0.0.0/8"])
def test_a_setting_allows_hosts_addresses_and_networks(
    customer: FakeCustomer, settings: Settings, allowed: str
) -> None:
    settings.PRIVATE_ADDRESSES = [allowed, "::1"]
    port = customer.url.rpartition(":")[2]
    customer.files["a"] = b"x"
    host = "localhost" if allowed == "localhost" else "127.0.0.1"
    outside.check(f"http://{host}:{port}/files/a")
    answer = http.call("GET", f"http://{host}:{port}/files/a", via=outside.client())
    assert answer.body == b"x"


def media(reference: str, **more: Any) -> Media:
    return Media(MediaKind.FILE, reference, "a", **more)


def test_files_are_fetched_up_to_the_limit(customer: FakeCustomer, account: Account) -> None:
    customer.files["a"] = b"x" * 1000
    url = f"{customer.url}/files/a"
    assert connector.fetch(media(url), account, max_bytes=1000) == b"x" * 1000
    assert connector.fetch(media("", content=b"here"), account, max_bytes=10) == b"here"
    for refused in (media(url), media(url, size=1000), media(""), media("file:///etc/passwd")):
        with pytest.raises(MediaUnavailable) as failure:
            connector.fetch(refused, account, max_bytes=999)
        assert not failure.value.temporary
        assert len(str(failure.value)) > 20


def test_files_in_our_own_network_are_not_fetched(
    customer: FakeCustomer, account: Account, settings: Settings
) -> None:
    customer.files["a"] = b"x"
    elsewhere = Behaviour(Reply(302, headers={"Location": "http://127.0.0.2:1/x"}))
    customer.plan("file", elsewhere)
    with pytest.raises(MediaUnavailable, match="another host"):
        connector.fetch(media(f"{customer.url}/files/a"), account, max_bytes=10)
    settings.PRIVATE_ADDRESSES = []
    with pytest.raises(MediaUnavailable, match="private network"):
        connector.fetch(media(f"{customer.url}/files/a"), account, max_bytes=10)


def test_what_may_be_had_later_is_tried_later(customer: FakeCustomer, account: Account) -> None:
    customer.plan("file", bad_gateway())
    for temporary in (True, False):
        with pytest.raises(MediaUnavailable) as failure:
            connector.fetch(media(f"{customer.url}/files/gone"), account, max_bytes=10)
        assert failure.value.temporary is temporary


@pytest.mark.parametrize(
    "host",
    ["169.254.169.254", "0.0.0.0", "[fe80::1]", "[fd00:ec2::254]", "[::ffff:169.254.169.254]", "224.0.0.1"],
)
def test_a_server_that_is_named_is_never_the_machines_surroundings(host: str) -> None:
    with pytest.raises(outside.Blocked, match="surroundings"):
        outside.refuse_surroundings(host)


def test_a_server_that_is_named_may_stand_in_a_private_network() -> None:
    for host in ("10.1.2.3", "192.168.1.9", "127.0.0.1", "mail.invalid"):
        outside.refuse_surroundings(host)
