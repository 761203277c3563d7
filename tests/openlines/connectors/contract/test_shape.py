"""What a connector says of itself is whole, readable, and true of its code."""

from __future__ import annotations

import ast
import inspect
from datetime import timedelta
from pathlib import Path

from django.utils.functional import Promise

from openlines.connectors import base, registry
from openlines.connectors.base import Connector
from openlines.models import Connection
from tests.openlines.connectors.contract.cases import CASES

_FORBIDDEN = ("openlines.models", "openlines.services", "django.db", "django.http")


def test_every_kind_is_known_everywhere() -> None:
    assert set(CASES) == set(registry.kinds())
    assert set(registry.kinds()) == set(Connection.Kind.values) - {Connection.Kind.LIVECHAT}


def test_names(kind: str, connector: Connector) -> None:
    assert connector.kind == kind
    assert str(connector.label).strip()
    assert isinstance(connector.registers_webhook, bool)


def test_the_guide_can_be_followed_and_translated(connector: Connector) -> None:
    assert len(connector.guide) >= 3
    for step in connector.guide:
        assert isinstance(step, Promise)
        assert str(step).endswith((".", ")"))


def test_credentials_have_names_and_words(connector: Connector) -> None:
    fields = connector.credential_fields
    names = [field.name for field in fields]
    assert len(set(names)) == len(names)
    for field in fields:
        assert field.name.isidentifier()
        assert isinstance(field.label, Promise)
        assert str(field.label).strip()
        assert isinstance(field.help_text, Promise) or not field.help_text
        assert not (field.generated and field.required)
        assert not (field.secret and field.default)
        assert not field.choices or field.default in dict(field.choices)
        assert field.make is None or (field.generated and field.make() != field.make())


def test_features_are_true_of_the_code(connector: Connector) -> None:
    can = connector.features
    assert can.max_text > 0
    assert (can.edits or can.deletes) is isinstance(connector, base.Editing)
    assert can.templates is isinstance(connector, base.Templated)
    assert not can.read_marks or isinstance(connector, base.Courteous)
    assert not can.typing_reads or can.read_marks
    assert can.chat_pause is None or can.chat_pause > timedelta()
    assert can.buttons is (can.max_buttons > 0)
    assert can.late_window is None or (can.window is not None and can.late_window > can.window)
    assert can.address in {"", "email", "phone"}
    assert can.can_start is isinstance(connector, base.Addressable)
    assert not can.can_start or can.address
    assert not can.templates or can.window is not None
    assert can.per_second >= 0


def test_files_come_from_named_hosts(connector: Connector) -> None:
    for host in connector.allowed_media_hosts:
        assert host == host.strip().lower()
        assert "/" not in host
        assert "." in host


def test_it_knows_the_channel_and_nothing_of_dialogs(connector: Connector) -> None:
    folder = Path(inspect.getfile(type(connector))).parent
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name.startswith(_FORBIDDEN)], path
