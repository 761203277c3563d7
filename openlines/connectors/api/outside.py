"""Calls to addresses that customers enter: never into our own network.

Names are resolved here and the very address that was judged is connected to, so a name that changes between the look
and the call leads nowhere. ``settings.PRIVATE_ADDRESSES`` names hosts, addresses and networks that are allowed.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpcore
import httpx
from django.conf import settings
from django.utils.translation import gettext as _

from contactcenter.lib import http

if TYPE_CHECKING:
    from httpcore._backends.base import SOCKET_OPTION

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_WRAPPED = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "::ffff:0:0:0/96", "::/96")))
"""IPv6 that ends in an IPv4 address, besides those Python unwraps: NAT64, translated, compatible."""
_NOT_PUBLIC = tuple(
    map(
        ipaddress.ip_network,
        (
            *("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4"),
            *("64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16"),
            *("fc00::/7", "fe80::/10", "fec0::/10"),
        ),
    )
)
"""Whatever this Python's ``is_global`` says: it differs between 3.11 and 3.13, and knows no site-local addresses."""
_NEVER = tuple(
    map(
        ipaddress.ip_network,
        (
            *("0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4", "fe80::/10", "ff00::/8", "::/128"),
            # what clouds tell a machine about itself, and the keys that come with it
            *("100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32", "fd00:ec2::/32"),
        ),
    )
)


class Blocked(Exception):
    """The address cannot be called. The text says why and what to do."""


def check(url: str) -> None:
    """Raises ``Blocked`` for what is no address of the web, and for one in a private network."""
    try:
        parsed = httpx.URL(url)
        port = parsed.port or (443 if parsed.scheme == "https" else 80)
        urlsplit(url)  # httpx lets an unfinished "[" pass
    except (httpx.InvalidURL, ValueError, UnicodeError) as error:
        raise Blocked(_("“%(url)s” is not a web address.") % {"url": url[:200]}) from error
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise Blocked(_("“%(url)s” is not a web address.") % {"url": url[:200]})
    try:
        addresses = _resolve(parsed.host, port)
    except OSError:
        return  # whoever calls now learns that nobody can be reached
    if not all(_allowed(parsed.host, address) for address in addresses):
        raise Blocked(
            _(
                "%(host)s is an address in a private network. "
                "Use a public one, or have it allowed in the setting PRIVATE_ADDRESSES."
            )
            % {"host": parsed.host}
        )


def client() -> httpx.Client:
    """This process's client for such addresses."""
    return _client(os.getpid())


@cache
def _client(pid: int) -> httpx.Client:
    return httpx.Client(transport=_Transport(), timeout=http.TIMEOUT, follow_redirects=False)


class _Transport(httpx.HTTPTransport):
    def __init__(self) -> None:
        super().__init__()
        self._pool.close()
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            max_connections=20,
            max_keepalive_connections=5,
            keepalive_expiry=15,
            network_backend=_PublicOnly(),
        )


class _PublicOnly(httpcore.SyncBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            addresses = _resolve(host, port)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        if not all(_allowed(host, address) for address in addresses):
            raise httpcore.ConnectError("a private address")
        failure: Exception = httpcore.ConnectError("no address")
        for address in addresses:
            try:
                return super().connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


def _resolve(host: str, port: int) -> list[IPAddress]:
    """Raises OSError."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError("not a host name") from error
    return [ipaddress.ip_address(str(address[4][0]).partition("%")[0]) for address in found]


def _allowed(host: str, address: IPAddress) -> bool:
    return _is_public(address) or _named(host, address)


def _named(host: str, address: IPAddress) -> bool:
    return any(
        host.lower() == entry.lower() or _covers(entry, address)
        for entry in getattr(settings, "PRIVATE_ADDRESSES", ())
    )


def _covers(entry: str, address: IPAddress) -> bool:
    try:
        return address in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False


def refuse_surroundings(host: str) -> None:
    """For servers that an administrator names: they may stand in a private network, but not be the link itself, nobody,
    everybody, or what a cloud tells its machines about themselves. Raises ``Blocked``.
    """
    try:
        addresses = _resolve(host, 443)
    except OSError:
        return  # whoever calls learns that nobody can be reached
    if any(_is_in(one, _NEVER) and not _named(host, one) for one in addresses):
        raise Blocked(
            _(
                "%(host)s cannot be used: it leads to this machine’s surroundings, not to a server. "
                "Enter the server’s own address."
            )
            % {"host": host}
        )


def _is_public(address: IPAddress) -> bool:
    """Also of an IPv4 address that is wrapped up in an IPv6 one."""
    inner = _inner(address)
    if inner is not None:
        return _is_public(inner)
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not _is_in(address, (*_NOT_PUBLIC, *_NEVER))
    )


def _inner(address: IPAddress) -> ipaddress.IPv4Address | None:
    if isinstance(address, ipaddress.IPv4Address):
        return None
    found = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
    if not found and any(address in network for network in _WRAPPED) and int(address) > 1:
        found = ipaddress.IPv4Address(address.packed[-4:])
    return found or None


def _is_in(address: IPAddress, networks: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    found = _inner(address) or address
    return any(found in network for network in networks if network.version == found.version)
