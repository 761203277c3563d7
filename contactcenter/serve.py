"""`python -m contactcenter.serve [granian's options]`: the web server, with the options the product needs.

--workers 2             when one is killed the other answers; they share what is loaded before the fork
--backpressure          bounds the connections a process has open at once, event streams among them: more than all
                        streams and uploads that may be open (`live/stream.py`, `lib/uploads.py`), so requests find room
--http1-header-read-timeout   milliseconds for a request's head, also for the next one on a connection kept open
--http 1                granian does not pass on the host of an HTTP/2 request; a proxy in front may take them
--workers-kill-timeout  a browser that no longer reads would hold up a stop for ever

The application is loaded once, before the workers are forked from this process: a worker starts, and one that died is
replaced, in milliseconds, and what they only read exists once in memory (docs/decisions.md has the figures).
"""

from __future__ import annotations

import gc
import multiprocessing
import resource
import socket
import sys
from contextlib import suppress
from typing import Any, Final

TARGET: Final = "contactcenter.asgi:application"
OPTIONS: Final = (
    *("--interface", "asgi"),
    *("--http", "1"),
    "--no-ws",
    *("--workers", "2"),
    *("--backpressure", "8192"),
    *("--http1-header-read-timeout", "10000"),
    *("--workers-kill-timeout", "10"),
    "--respawn-failed-workers",
)
UNREAD_MS: Final = 60_000
"""How long data may wait for a client that takes nothing, before the system closes the connection."""


def command(*further: str) -> list[str]:
    """The command line; of an option given twice granian takes the last."""
    return [sys.executable, "-m", "contactcenter.serve", *further]


def main(*further: str) -> None:
    _allow_many_files()
    _close_unread_connections()
    multiprocessing.set_start_method("fork")  # else each worker loads everything for itself
    _load()
    from granian.cli import entrypoint

    sys.argv = ["granian", *OPTIONS, *further, TARGET]
    entrypoint()  # type: ignore[no-untyped-call]


def _load() -> None:
    """Everything a request needs, the addresses' views too; no connection and no thread may outlive it."""
    from importlib import import_module

    import_module("contactcenter.asgi")
    from django.db import connections
    from django.urls import get_resolver

    get_resolver().url_patterns  # noqa: B018 - imports the views
    connections.close_all()
    gc.collect()
    gc.freeze()  # a collection in a worker would write to, and thereby copy, every page of it


def _allow_many_files() -> None:
    """Each open connection is one; the usual limit of 1024 is meant for programs that use select()."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else hard
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(wanted, 65_536)), hard))


def _close_unread_connections() -> None:
    """Accepted connections inherit the option from the socket that listens, which granian makes."""
    from granian.server import mp

    make: Any = mp.MPServer._init_shared_socket

    def make_with_option(server: Any) -> None:
        make(server)
        listening = server._sso
        if (
            listening is not None
            and listening.family != socket.AF_UNIX
            and hasattr(socket, "TCP_USER_TIMEOUT")
        ):
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MS)

    mp.MPServer._init_shared_socket = make_with_option  # type: ignore[method-assign]


if __name__ == "__main__":
    main(*sys.argv[1:])
