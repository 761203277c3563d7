"""Whose request it is: the client's network address, also behind proxies of ours.

``X-Forwarded-For`` is a list that anybody may begin; only what a trusted proxy appended is true. So it is read from
its end, as long as the speaker is one of ``settings.TRUSTED_PROXIES``.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest

from contactcenter.lib.asgi import Scope

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def of_request(request: HttpRequest) -> str:
    """Empty where the server knows none (a socket file without a proxy's header)."""
    return find(str(request.META.get("REMOTE_ADDR", "")), request.META.get("HTTP_X_FORWARDED_FOR", ""))


def of_scope(scope: Scope) -> str:
    client = scope.get("client")
    said = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return find(str(client[0]) if client else "", ",".join(said))


def find(remote: str, forwarded_for: str) -> str:
    """``remote``: who connected to us."""
    trusted = _networks(tuple(getattr(settings, "TRUSTED_PROXIES", ())))
    speaker = read(remote)
    if not trusted or not forwarded_for or not _is_one_of(speaker, trusted):
        return str(speaker or remote)
    for said in reversed(forwarded_for.split(",")):
        named = read(said)
        if named is None:  # a proxy that hides its client; whoever speaks for the client is all we know
            break
        speaker = named
        if not _is_one_of(speaker, trusted):
            break
    return str(speaker or remote)


def is_trusted_proxy(remote: str) -> bool:
    return _is_one_of(read(remote), _networks(tuple(getattr(settings, "TRUSTED_PROXIES", ()))))


def read(text: str) -> IPAddress | None:
    """With a port, in brackets, or as IPv6 writes an IPv4 address: some proxies do so."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def household(address: str) -> str:
    """What counts as one address where strangers are limited: everybody gets a whole /64 of IPv6."""
    found = read(address)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found or address)


def networks(entries: Iterable[str]) -> Sequence[Network]:
    """Raises ValueError, which names the entry, for what is no address and no network."""
    return [ipaddress.ip_network(entry.strip(), strict=False) for entry in entries if entry.strip()]


@lru_cache(maxsize=8)
def _networks(entries: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(networks(entries))


def _is_one_of(address: IPAddress | None, trusted: Sequence[Network]) -> bool:
    return address is not None and any(
        address in network for network in trusted if network.version == address.version
    )
