"""``python -m openlines.connectors.telegram.fake --port 8081``: the fake as a program of its own."""

from __future__ import annotations

import argparse
import signal
import threading

from openlines.connectors.telegram.fake.server import TOKEN, FakeTelegram


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument(
        "--bot",
        action="append",
        default=[],
        metavar="TOKEN[=NAME]",
        help="a bot it knows, and its name; may be given several times",
    )
    parser.add_argument("--any-token", action="store_true", help="every other token makes a bot, too")
    parser.add_argument("--strict", action="store_true", help="refuse to write to customers it has not seen")
    options = parser.parse_args()
    fake = FakeTelegram(
        tokens=(),
        host=options.host,
        port=options.port,
        any_token=options.any_token,
        any_chat=not options.strict,
    )
    for told in options.bot or [TOKEN]:
        token, _, name = told.partition("=")
        fake.add_bot(token, name=name)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with fake:
        print(f"A Telegram that is none: {fake.url}", flush=True)
        ended.wait()


if __name__ == "__main__":
    main()
