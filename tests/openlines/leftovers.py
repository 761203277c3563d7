"""Where a text still is: every column of every table, and every file on the disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection


def places(secret: str) -> list[str]:
    """``table.column`` and names of files, each once; empty: it is nowhere."""
    found = set()
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        known = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
        for table in sorted(known & set(tables)):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            names = [column.name for column in cursor.description]
            for row in cursor.fetchall():
                found |= {
                    f"{table}.{name}"
                    for name, value in zip(names, row, strict=True)
                    if secret in _text(value)
                }
    for path in Path(settings.MEDIA_ROOT).rglob("*"):
        if path.is_file() and secret.encode() in path.read_bytes():
            found.add(path.name)
    return sorted(found)


def _text(value: Any) -> str:
    if isinstance(value, memoryview | bytes | bytearray):
        return bytes(value).decode(errors="replace")
    return str(value)
