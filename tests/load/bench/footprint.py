"""``memory.idle``: what the whole product takes when nobody uses it. ``widget.gzip``: what a customer's page loads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import httpx

from tests.load.bench.figures import Figure
from tests.load.bench.processes import Families
from tests.load.bench.scene import Scene

_LINKS = re.compile(r"""(?:src|href)\s*=\s*["']([^"']+\.(?:js|css|svg|woff2)[^"']*)["']""")
_IMPORTS = re.compile(r"""(?:from|import)\s*\(?\s*["']([^"']+)["']""")
MOST_FILES = 100


def memory(families: Families) -> Iterator[Figure]:
    parts = families.memory()
    note = ", ".join(f"{name} {mib:.0f}" for name, mib in parts.items())
    yield Figure("memory.idle", sum(parts.values()), "MiB (PSS)", note=note)


def widget(scene: Scene) -> Iterator[Figure]:
    """kB over the wire: the loader, the chat's frame, and all that it loads of scripts, styles and pictures."""
    base = f"{scene.address}/chat/{scene.existing.public_id}"
    with httpx.Client(headers={"Accept-Encoding": "gzip"}, timeout=20, base_url=scene.address) as client:
        sizes = {"loader": _size(client, f"{base}/loader.js")[0]}
        waiting = [f"{base}/frame/"]
        seen: set[str] = set()
        while waiting and len(seen) < MOST_FILES:
            address = waiting.pop()
            if address in seen or urlsplit(address).netloc != scene.host:
                continue
            seen.add(address)
            size, text = _size(client, address)
            sizes[address] = size
            pattern = _IMPORTS if urlsplit(address).path.endswith(".js") else _LINKS
            waiting += [urljoin(address, link) for link in pattern.findall(text)]
    yield Figure(
        "widget.gzip",
        sum(sizes.values()) / 1000,
        "kB",
        note=f"{len(sizes)} files, loader {sizes['loader'] / 1000:.1f}",
    )


def _size(client: httpx.Client, address: str) -> tuple[int, str]:
    with client.stream("GET", address) as answer:
        body = answer.read()
        if answer.status_code != 200:
            raise AssertionError(f"{address}: {answer.status_code} {body[:300]!r}")
        return answer.num_bytes_downloaded, answer.text
