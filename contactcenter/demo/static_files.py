"""Whether `collectstatic` has anything to do: it takes longer than all the rest of a start."""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders


def are_up_to_date() -> bool:
    stamp = _stamp()
    return stamp.exists() and stamp.read_text() == _fingerprint()


def remember() -> None:
    _stamp().write_text(_fingerprint())


def _stamp() -> Path:
    """Within the collected files, so that it goes with them."""
    return Path(settings.STATIC_ROOT) / ".collected"


def _fingerprint() -> str:
    """Of every file's name, size and time of change."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            found = Path(storage.path(name)).stat()
            digest.update(f"{name}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
    return digest.hexdigest()
