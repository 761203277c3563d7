"""Whose request it is, behind proxies of ours and without."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import RequestFactory

from contactcenter.lib import addresses


@pytest.mark.parametrize(
    ("remote", "forwarded", "found"),
    [
        ("203.0.113.5", "198.51.100.1", "203.0.113.5"),  # a stranger may claim anything
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),  # only the end was written by the proxy
        ("10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.1"),  # through two of ours
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, unknown", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        ("::ffff:10.0.0.1", '"[2001:db8::1]:4711"', "2001:db8::1"),
        ("fd00::1", "::ffff:198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),  # everybody is ours: the farthest
        ("", "198.51.100.1", ""),
    ],
)
def test_only_what_a_trusted_proxy_says_is_believed(
    remote: str, forwarded: str, found: str, settings: Any
) -> None:
    settings.TRUSTED_PROXIES = ["10.0.0.0/8", "fd00::/8"]
    request = RequestFactory().get("/", REMOTE_ADDR=remote, HTTP_X_FORWARDED_FOR=forwarded)
    assert addresses.of_request(request) == found
    headers = [(b"x-forwarded-for", part.encode()) for part in forwarded.split(", ")]
    assert addresses.of_scope({"client": (remote, 1), "headers": headers}) == found


def test_without_trusted_proxies_nobody_is_believed(settings: Any) -> None:
    settings.TRUSTED_PROXIES = []
    request = RequestFactory().get("/", HTTP_X_FORWARDED_FOR="198.51.100.1")
    assert addresses.of_request(request) == "127.0.0.1"


def test_a_household_shares_its_ipv6_network() -> None:
    assert addresses.household("2001:db8:1:2:aaaa::1") == addresses.household("2001:db8:1:2:bbbb::2")
    assert addresses.household("2001:db8:1:3::1") != addresses.household("2001:db8:1:2::1")
    assert addresses.household("198.51.100.1") == "198.51.100.1"
