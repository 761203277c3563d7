"""An empty database between tests that commit, quickly: only what was written goes, and what the migrations had put
there comes back by SQL.

Django's own way truncates every table and reads the migrations' rows in again from JSON: a third of a second a test.
"""

from __future__ import annotations

from typing import Any, Final

import pytest
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.test import TransactionTestCase

_PRISTINE: Final = "pristine"
"""The schema that keeps a copy of each table which the migrations have filled."""
_KEPT: Final = "django_migrations"

_TABLES: Final = """
SELECT c.relname::text,
       (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '')
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> %s ORDER BY c.relname
"""

_NO_RIGHT: Final = (
    "The tests' database user may not set session_replication_role: take a superuser, or "
    "GRANT SET ON PARAMETER session_replication_role TO that user."
)


class CleanSlate:
    """``columns``: table → its columns that can be written; ``filled``: those that the migrations have filled."""

    def __init__(self) -> None:
        self._columns: dict[str, str] = {}
        self._filled: set[str] = set()

    def remember(self) -> None:
        """Called once a database, right after its migrations."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT has_parameter_privilege('session_replication_role', 'SET')")
            if cursor.fetchone() != (True,):
                raise pytest.UsageError(_NO_RIGHT)
            cursor.execute(_TABLES, [_KEPT])
            self._columns = dict(cursor.fetchall())
            cursor.execute(
                self._ask("SELECT {literal} WHERE EXISTS (SELECT FROM public.{table})", self._columns)
            )
            self._filled = {table for (table,) in cursor.fetchall()}
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {_PRISTINE}")
            for table in self._filled:
                cursor.execute(f'CREATE TABLE IF NOT EXISTS {_PRISTINE}."{table}" AS TABLE public."{table}"')

    def wipe(self) -> None:
        with connection.cursor() as cursor:
            written = self._written(cursor)
            if not written:
                return
            statements = [
                "BEGIN",
                "SET LOCAL session_replication_role = replica",
            ]  # no triggers, no order of keys
            statements += [f'DELETE FROM public."{table}"' for table in written]
            statements += [
                f'INSERT INTO public."{table}" ({self._columns[table]}) OVERRIDING SYSTEM VALUE '
                f'SELECT {self._columns[table]} FROM {_PRISTINE}."{table}"'
                for table in written
                if table in self._filled
            ]
            cursor.execute("; ".join([*statements, "COMMIT"]))

    def _written(self, cursor: CursorWrapper) -> list[str]:
        """Tables with a row, and those with other rows than the migrations had left."""
        empty = [table for table in self._columns if table not in self._filled]
        cursor.execute(
            self._ask("SELECT {literal} WHERE EXISTS (SELECT FROM public.{table})", empty)
            + " UNION ALL "
            + self._ask(
                "SELECT {literal} WHERE (SELECT md5(string_agg(r::text, '|' ORDER BY r::text)) FROM public.{table} r) "
                f"IS DISTINCT FROM (SELECT md5(string_agg(r::text, '|' ORDER BY r::text)) FROM {_PRISTINE}.{{table}} r)",
                self._filled,
            )
        )
        return [table for (table,) in cursor.fetchall()]

    def _ask(self, question: str, tables: Any) -> str:
        return " UNION ALL ".join(
            question.format(table=f'"{table}"', literal=f"'{table}'") for table in sorted(tables)
        )


slate = CleanSlate()


def instead_of_flush() -> None:
    """From now on tests that commit are cleaned up by the slate."""

    def teardown(self: TransactionTestCase) -> None:
        slate.wipe()

    TransactionTestCase._fixture_teardown = teardown  # type: ignore[attr-defined]
