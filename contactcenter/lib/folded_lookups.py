"""`name__folded="zielinski"` and `phone__digits="601 234 567"` for querysets and the admin's `search_fields`."""

from __future__ import annotations

from typing import Any

from django.db.models import CharField, Field, Func, Lookup, TextField
from django.db.models.sql.compiler import SQLCompiler

from contactcenter.lib.folding import fold, phone_spellings


class Folded(Func):
    """The text in small letters without marks, as ``folding.fold`` writes it."""

    function = "folded"
    output_field = TextField()


class FoldedContains(Lookup[str]):
    """The column contains the text; case, accents and the like do not count."""

    lookup_name = "folded"
    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        column, params = self.process_lhs(compiler, connection)
        return f"strpos(folded({column}), %s) > 0", (*params, fold(str(self.rhs)))


class DigitsContain(Lookup[str]):
    """The column is a phone number that has the digits typed, in whatever spelling either stands."""

    lookup_name = "digits"
    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        column, params = self.process_lhs(compiler, connection)
        spellings = phone_spellings(str(self.rhs))
        if not spellings:
            return "FALSE", ()
        digits = f"regexp_replace({column}, '[^0-9]', '', 'g')"
        parts = [f"strpos({digits}, %s) > 0" for _ in spellings]
        values = tuple(value for spelling in spellings for value in (*params, spelling))
        return f"({' OR '.join(parts)})", values


def register() -> None:
    fields: tuple[type[Field[Any, Any]], ...] = (CharField, TextField)
    for field in fields:
        field.register_lookup(FoldedContains)
        field.register_lookup(DigitsContain)
