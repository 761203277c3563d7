"""``list.*``: milliseconds for a page of the dialog list over a hundred thousand closed dialogs, as an administrator.

The reference: the page's SQL by bare psycopg.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module

import psycopg
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.test import Client as Browser

from tests.load.bench import bare, capture, load
from tests.load.bench.figures import Figure
from tests.load.bench.scene import Scene


@dataclass(frozen=True)
class Size:
    closed: int = 100_000
    far_page: int = 1000
    rounds: int = 4
    requests: int = 6
    """A round."""


def measure(scene: Scene, *, size: Size) -> Iterator[Figure]:
    key = _session(scene)
    for name, page in (("list.first", 1), (f"list.page{size.far_page}", size.far_page)):
        path = f"/dialogs/?period=all&page={page}"
        browser = Browser(headers={"Host": scene.host})
        browser.cookies[settings.SESSION_COOKIE_NAME] = key
        browser.get(path)
        with capture.captured(given={}) as script:
            answer = browser.get(path)
        assert answer.status_code == 200, answer.status_code
        request = load.get(scene.host, path, f"Cookie: {settings.SESSION_COOKIE_NAME}={key}")
        load.run(scene.address, [[request] * 4])
        pages, queries, statements = [], [], script()
        with psycopg.connect(scene.dsn, autocommit=True) as connection:
            for _ in range(size.rounds):
                run = load.run(scene.address, [[request] * size.requests])
                if run.bodies[0].count(b"dialogs__client") < 50:
                    raise AssertionError(f"{path} shows no dialogs")
                pages += run.latencies
                for _ in range(size.requests):
                    began = time.perf_counter()
                    bare.send(connection, statements, {})
                    queries.append(time.perf_counter() - began)
        note = f"{len(statements.statements)} statements, {len(run.bodies[0]) / 1000:.0f} kB"
        yield Figure(name, statistics.median(pages) * 1000, "ms", statistics.median(queries) * 1000, note)


def _session(scene: Scene) -> str:
    """The administrator is logged in."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(scene.administrator.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[1]
    session[HASH_SESSION_KEY] = scene.administrator.get_session_auth_hash()
    session.save()
    return str(session.session_key)
