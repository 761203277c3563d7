"""`python -m contactcenter.embedded start|stop|url`: the embedded server by hand. `make stop` stops it too."""

import argparse
import logging
import os
import sys
from pathlib import Path

import environ

from contactcenter.embedded.programs import EmbeddedPostgresError
from contactcenter.embedded.server import database_url, main_server, test_server


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m contactcenter.embedded", description=__doc__)
    parser.add_argument("verb", choices=["start", "stop", "url"])
    verb = parser.parse_args().verb
    root = Path(__file__).resolve().parents[2]
    environ.Env.read_env(root / ".env")
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    var = Path(os.environ.get("CONTACTCENTER_VAR") or root / "var").absolute()
    try:
        if verb == "stop":
            for name, server in {"server": main_server(var), "test server": test_server(var)}.items():
                print(f"The embedded PostgreSQL {name}: {'stopped' if server.stop() else 'was not running'}.")
        else:
            print(database_url(var))
    except EmbeddedPostgresError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
