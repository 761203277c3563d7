"""A delivery's fields. Twilio posts forms; a key may stand there more than once, and new ones appear without notice.

What is verified is what is read: both go through ``read``, which decides by the content type alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qsl

from openlines.connectors import fields
from openlines.connectors.base import RawRequest, Unreadable
from openlines.connectors.fields import decode

MAX_FIELDS = 1000


class Form:
    """``getlist`` is what Twilio's own validator asks for."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def getlist(self, name: str) -> list[str]:
        return self._values.get(name, [])

    def text(self, name: str, *, limit: int | None = None) -> str:
        """The last value, storable; empty where there is none."""
        values = self._values.get(name)
        return fields.text(values[-1], limit=limit) if values else ""

    def count(self, name: str) -> int | None:
        said = self.text(name, limit=12).strip()
        return int(said) if said.isascii() and said.isdecimal() else None


def is_json(request: RawRequest) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"


def read(request: RawRequest) -> Form:
    """Raises ``Unreadable``."""
    if is_json(request):
        body = decode(request.body)
        if not isinstance(body, dict):
            raise Unreadable("the body is not an object")
        return Form(
            [(name, str(value)) for name, value in body.items() if isinstance(value, str | int | float)]
        )
    try:
        pairs = parse_qsl(
            request.body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MAX_FIELDS
        )
    except ValueError as error:
        raise Unreadable("too many fields") from error
    if not pairs:
        raise Unreadable("not a form")
    return Form(pairs)
