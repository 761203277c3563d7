"""What goes into the Docker image: what is named, and nothing secret or big."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def is_sent(path: str) -> bool:
    """As Docker reads ``.dockerignore``: the last line that matches the path, or a folder above it, decides."""
    sent = True
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        parts = path.split("/")
        above = ["/".join(parts[: depth + 1]) for depth in range(len(parts))]
        if any(re.fullmatch(pattern(line.lstrip("!")), one) for one in above):
            sent = line.startswith("!")
    return sent


def pattern(line: str) -> str:
    wild = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    pieces = re.split(r"(\*\*/|\*\*|\*|\?)", line.strip("/"))
    return "".join(wild.get(piece, re.escape(piece)) for piece in pieces)


@pytest.mark.parametrize(
    "path",
    [
        *(".env", ".env.local", "contactcenter/.env", ".git/config", ".venv/bin/python", ".ci/run"),
        *("var/secret-key", "var/media/a.png", "secrets.txt", "dump.sql", "backup/all.sql"),
        *(
            "tests/conftest.py",
            "docs/decisions.md",
            "node_modules/x.js",
            "compose.yaml",
            "compose.override.yaml",
        ),
        *("openlines/__pycache__/x.pyc", "static/private.key", "contactcenter/server.pem"),
    ],
)
def test_nothing_secret_or_unneeded_goes_into_the_image(path: str) -> None:
    assert not is_sent(path)


@pytest.mark.parametrize(
    "path",
    [
        *("manage.py", "pyproject.toml", "requirements.lock", "contactcenter/serve.py"),
        *("openlines/connectors/email/parse.py", "static/ui/base.css", "templates/base.html"),
        *("locale/pl/LC_MESSAGES/django.po", "crm/apps.py", "kpi/apps.py"),
    ],
)
def test_what_runs_goes_into_the_image(path: str) -> None:
    assert is_sent(path)


def test_every_package_that_is_installed_goes_into_the_image() -> None:
    packages = [path.parent.name for path in ROOT.glob("*/__init__.py") if path.parent.name != "tests"]
    assert packages
    assert all(is_sent(f"{name}/__init__.py") for name in packages)
