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

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


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
    return _is_public(address) or any(
        host.lower() == entry.lower() or _covers(entry, address)
        for entry in getattr(settings, "PRIVATE_ADDRESSES", ())
    )


def _covers(entry: str, address: IPAddress) -> bool:
    try:
        return address in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False


def _is_public(address: IPAddress) -> bool:
    """Also of an IPv4 address that is wrapped up in an IPv6 one."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
        if not inner and address in _NAT64:
            inner = ipaddress.IPv4Address(address.packed[-4:])
        if inner:
            return _is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved
