"""Through our address: each body with a true signature is stored once and answered 2xx, spoilt ones too."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client as Http
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import Settings

from openlines.connectors import base
from openlines.connectors.base import Connector, RawRequest
from openlines.models import Connection, InboundEvent, Message
from openlines.services import inbound
from openlines.services.addresses import webhook_url
from openlines.services.connections import _account_key
from tests.openlines.connectors.contract.cases import Case
from tests.openlines.connectors.contract.mutations import examples, mutated
from tests.openlines.factories import make_connection, make_line, make_operator

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection(case: Case, settings: Settings) -> Connection:
    settings.PUBLIC_URL = "https://desk.example"
    found = make_connection(make_line(make_operator()), kind=case.kind, credentials=dict(case.credentials))
    found.account_key = _account_key(found)
    found.save()
    return found


def become(connection: Connection, case: Case, body: bytes) -> None:
    """The connection of the account that the payload names."""
    connection.credentials = {**case.credentials, **case.credentials_for(body)}
    connection.account_key = _account_key(connection)
    connection.save()


def deliver(connection: Connection, case: Case, body: bytes) -> Any:
    assert case.sign is not None
    signed = case.sign(body, connection.credentials, webhook_url(connection), timezone.now())
    return Http(enforce_csrf_checks=True).generic(
        "POST",
        reverse("openlines:hook", args=[case.kind, connection.public_id]),
        data=body,
        content_type=case.content_type,
        headers=signed,
    )


def take(connection: Connection, case: Case, body: bytes) -> int:
    """As it comes in for this kind: our address, or the poll's way in. HTTP's status."""
    if case.sign:
        return int(deliver(connection, case, body).status_code)
    raw = RawRequest({"content-type": case.content_type}, body, received_at=timezone.now())
    inbound.receive(connection, raw, now=timezone.now())
    return 200


def test_each_body_is_stored_once_however_often_it_comes(case: Case, connection: Connection) -> None:
    bodies = {"text": case.texts([("1", "Hello")]), "unknown": case.unknown, **case.payloads()}
    bodies |= {str(number): body for number, body in enumerate(case.samples)}
    for name, body in bodies.items():
        InboundEvent.objects.all().delete()  # examples of one page share their ids
        become(connection, case, body)
        for _time in range(2):
            assert 200 <= take(connection, case, body) < 300, name
            assert InboundEvent.objects.count() == 1, name
            assert bytes(InboundEvent.objects.get().body) == body, name


def test_well_formed_bodies_are_not_parked(case: Case, connection: Connection) -> None:
    bodies = [case.texts([("1", "Hello")]), case.unknown, *case.samples]
    for body in bodies:
        take(connection, case, body)
    assert not InboundEvent.objects.filter(state=InboundEvent.State.PARKED).exists()


def test_a_bad_element_parks_the_delivery_and_its_neighbours_are_taken(
    case: Case, connection: Connection
) -> None:
    if not case.batches:
        pytest.skip("one message a delivery")
    body = case.texts([("1", "first"), ("2", "lost"), ("3", "last")]).replace(b'"lost"', b'{"a": 1}')
    body = re.sub(rb'"(mid|id|external_id)": "(?:m_|m-|wamid.)2"', rb'"\1": {}', body)
    assert take(connection, case, body) == 200
    event = InboundEvent.objects.get()
    assert event.state == InboundEvent.State.PARKED
    assert event.reason
    written = Message.objects.filter(author=Message.Author.CLIENT).order_by("pk")
    assert list(written.values_list("text", flat=True)) == ["first", "last"]
    assert not inbound.replay(event, now=timezone.now())
    assert written.count() == 2


def test_an_unsigned_delivery_leaves_nothing(case: Case, connection: Connection) -> None:
    answer = Http().post(
        reverse("openlines:hook", args=[case.kind, connection.public_id]),
        data=case.texts([("1", "Hello")]),
        content_type=case.content_type,
    )
    assert answer.status_code == 403
    assert not InboundEvent.objects.exists()


def test_every_stored_body_can_be_read_again(case: Case, connection: Connection) -> None:
    take(connection, case, case.texts([("1", "Hello")]))
    event = InboundEvent.objects.get()
    assert inbound.replay(event, now=timezone.now())


@settings(
    max_examples=examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_a_spoilt_body_is_kept_and_never_a_500(
    case: Case, connection: Connection, connector: Connector, data: st.DataObject
) -> None:
    bodies = [case.texts([("1", "Hello")]), case.unknown, *case.samples, *case.payloads().values()]
    body = data.draw(mutated(bodies))
    status = take(connection, case, body)
    if status == 403:
        assert case.kind == "sms"  # a spoilt form cannot be signed
        return
    assert status == 200
    signed = case.sign(body, connection.credentials, "", timezone.now()) if case.sign else {}
    key = connector.key(RawRequest({"content-type": case.content_type, **signed}, body))
    assert InboundEvent.objects.filter(key=key[:200]).count() == 1


def test_the_optional_parts_are_callable(connector: Connector) -> None:
    for protocol, names in (
        (base.Editing, ("edit", "delete")),
        (base.Courteous, ("show_typing", "mark_read")),
        (base.Templated, ("templates",)),
        (base.Polling, ("poll", "skip_to_now")),
        (base.Shared, ("account_key", "account_keys")),
    ):
        has = [callable(getattr(connector, name, None)) for name in names]
        assert all(has) is isinstance(connector, protocol)
        assert all(has) or not any(has), (protocol, names)
