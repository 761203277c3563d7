"""A delivery's body as a person can read it: JSON indented, a form's fields one a line, a mail taken apart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import parse_qsl

from django.utils.translation import gettext as _

from openlines.connectors.email import mime
from openlines.models import Connection

MOST_FIELDS = 1000
SHOWN_HEADERS = (
    "From",
    "To",
    "Cc",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "Auto-Submitted",
)


def readable(kind: str, headers: Mapping[str, str], body: bytes) -> str:
    """Never raises; what is nothing of these is shown as it is, with � for what is no text."""
    if kind == Connection.Kind.EMAIL:
        return _mail(body)
    if "form-urlencoded" in headers.get("content-type", ""):
        found = _form(body)
        if found:
            return found
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return plain(body)


def plain(body: bytes) -> str:
    return body.decode("utf-8", "replace").replace("\x00", "�")


def _form(body: bytes) -> str:
    try:
        pairs = parse_qsl(plain(body), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return ""
    return "\n".join(f"{name}: {value}" for name, value in pairs)


def _mail(body: bytes) -> str:
    root = mime.parse(body)
    shown = mime.body(root)
    heads = [(name, root.headers.text(name.lower())) for name in SHOWN_HEADERS]
    files = [
        _("%(name)s (%(size)d bytes)") % {"name": part.file_name, "size": len(part.content)}
        for part in shown.files
    ]
    parts = [
        "\n".join(f"{name}: {value}" for name, value in heads if value),
        "\n".join(part.text for part in shown.text or shown.html).strip(),
        "\n".join([_("Files:"), *files]) if files else "",
    ]
    return "\n\n".join(filter(None, parts)) or plain(body)
