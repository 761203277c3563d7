"""`python -m contactcenter.serve [granian's options]`: the web server, with the options the product needs.

--backpressure          bounds the requests a process has open at once, and each event stream is one
--http 1                granian does not pass on the host of an HTTP/2 request; a proxy in front may take them
--workers-kill-timeout  a browser that no longer reads would hold up a stop for ever
"""

from __future__ import annotations

import os
import sys

OPTIONS = (
    *("--interface", "asgi"),
    *("--http", "1"),
    "--no-ws",
    *("--backpressure", "8192"),
    *("--workers-kill-timeout", "10"),
    "--respawn-failed-workers",
)


def command(*further: str) -> list[str]:
    """The command line; of an option given twice granian takes the last."""
    return [sys.executable, "-m", "granian", *OPTIONS, *further, "contactcenter.asgi:application"]


if __name__ == "__main__":
    os.execv(sys.executable, command(*sys.argv[1:]))  # noqa: S606 - our own command, no shell
