"""The REST interface and the plain hook: the same events, stored before they are read, answered in words."""

from __future__ import annotations

import base64
import json
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client as Http
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook

from openlines.connectors.api.fake import SECRET, FakeCustomer
from openlines.connectors.registry import get
from openlines.models import Client, Connection, InboundEvent, Message
from openlines.services import inbound
from tests.openlines.connectors.api.building import CONTACT, EVERY, event
from tests.openlines.factories import make_connection, make_line, make_operator

pytestmark = pytest.mark.django_db
KEY = "cck_of-the-tests"
MESSAGE = {"contact": CONTACT, "external_id": "m-1", "text": "Hello"}


@pytest.fixture
def shop() -> Connection:
    return make_connection(
        make_line(make_operator()),
        kind="api",
        credentials={"url": "https://shop.example/", "secret": SECRET, "api_key": KEY},
    )


def call(
    shop: Connection,
    what: str = "messages",
    body: object = MESSAGE,
    *,
    key: str = KEY,
    **headers: str,
) -> Any:
    found = {name.replace("_", "-"): value for name, value in headers.items()}
    if key:
        found["Authorization"] = f"Bearer {key}"
    return Http(enforce_csrf_checks=True).post(
        f"/api/v1/connections/{shop.public_id}/{what}",
        data=body if isinstance(body, bytes) else json.dumps(body).encode(),
        content_type="application/json",
        headers=found,
    )


def hook(shop: Connection, body: object, *, identifier: str = "", secret: str = SECRET) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = FakeCustomer(secret=secret).headers(raw, identifier=identifier)
    return Http(enforce_csrf_checks=True).post(
        reverse("openlines:hook", args=["api", shop.public_id]),
        data=raw,
        content_type=headers.pop("content-type"),
        headers=headers,
    )


def test_a_message_by_key_is_taken_once(shop: Connection) -> None:
    first = call(shop)
    assert (first.status_code, first.json()) == (
        200,
        {"ok": True, "kept": True, "repeated": False, "understood": True},
    )
    assert call(shop).json()["repeated"] is True
    message = Message.objects.get(author="client")
    assert (message.text, message.external_id) == ("Hello", "m-1")
    client = Client.objects.get()
    assert (client.external_id, client.name) == ("user-42", "Anna Nowak")


def test_what_is_stored_holds_the_callers_very_bytes_and_reads_the_same_again(shop: Connection) -> None:
    body = json.dumps(MESSAGE, indent=3, ensure_ascii=False).encode()
    call(shop, body=body)
    stored = InboundEvent.objects.get()
    assert body in bytes(stored.body)
    assert stored.key == "id:rest:m-1"
    Message.objects.all().delete()
    assert inbound.replay(stored, now=stored.received_at)
    assert Message.objects.get(author="client").text == "Hello"


def test_a_message_by_signature_as_the_reference_signs(shop: Connection) -> None:
    from django.utils import timezone

    body, now = json.dumps(MESSAGE), timezone.now()
    headers = {
        "webhook_id": "evt_1",
        "webhook_timestamp": str(int(now.timestamp())),
        "webhook_signature": Webhook(SECRET).sign("evt_1", now, body),
    }
    assert call(shop, body=body.encode(), key="", **headers).json()["repeated"] is False
    assert call(shop, body=body.encode(), key="", **headers).json()["repeated"] is True
    assert call(shop, body=body.encode() + b" ", key="", **headers).status_code == 401
    assert Message.objects.filter(author="client").count() == 1


def test_the_hook_takes_the_same_events(shop: Connection) -> None:
    assert hook(shop, event(external_id="m-1", text="By hook"), identifier="evt_1").status_code == 200
    assert hook(shop, event(external_id="m-1", text="By hook"), identifier="evt_1").status_code == 200
    assert InboundEvent.objects.count() == 1
    assert call(shop).json() == {"ok": True, "kept": True, "repeated": False, "understood": True}
    assert Message.objects.get(author="client").text == "By hook"  # the same message by its own id
    assert hook(shop, event(external_id="m-2", text="x"), secret="whsec_" + "A" * 44).status_code == 403
    assert InboundEvent.objects.count() == 2


def test_every_event_of_a_batch_goes_in(shop: Connection) -> None:
    assert hook(shop, {"events": EVERY}).status_code == 200
    assert InboundEvent.objects.get().state == InboundEvent.State.PROCESSED
    assert Message.objects.filter(author="client").count() == 7


def test_edits_deletions_reactions_and_reachability(shop: Connection) -> None:
    call(shop)
    call(shop, body=MESSAGE | {"external_id": "m-2"})
    who = {"contact": CONTACT}
    for what, body in (
        ("edits", who | {"external_id": "m-1", "text": "Hello!"}),
        ("deletions", who | {"external_ids": ["m-2"]}),
        ("reactions", who | {"external_id": "m-1", "emojis": ["👍"]}),
        ("reactions", who | {"external_id": "m-1", "emojis": []}),
        ("reactions", who | {"external_id": "m-1", "emojis": ["👍"]}),
        ("reachability", who | {"reachable": False}),
        ("statuses", {"external_id": "c-1", "status": "read"}),
    ):
        answer = call(shop, what, body)
        assert (answer.status_code, answer.json()["repeated"]) == (200, False)
    first, second = Message.objects.filter(author="client").order_by("seq")
    assert (first.text, first.earlier_texts[0]["text"]) == ("Hello!", "Hello")
    assert "👍" in json.dumps(first.extra, ensure_ascii=False)
    assert second.deleted_at is not None
    assert not Client.objects.get().is_reachable
    assert not InboundEvent.objects.filter(state=InboundEvent.State.PARKED).exists()


def test_a_repeated_webhook_id_changes_nothing(shop: Connection) -> None:
    call(shop)
    body = {"contact": CONTACT, "external_id": "m-1", "text": "A"}
    assert call(shop, "edits", body, webhook_id="e-1").json()["repeated"] is False
    assert call(shop, "edits", body | {"text": "B"}, webhook_id="e-1").json()["repeated"] is True
    assert Message.objects.get(author="client").text == "A"


def test_a_file_in_the_body_may_be_larger_than_djangos_own_limit(shop: Connection) -> None:
    content = base64.b64encode(bytes(3 * 1024 * 1024)).decode()
    body = MESSAGE | {"attachments": [{"content_b64": content, "name": "a.bin"}]}
    assert call(shop, body=body).status_code == 200
    attachment = Message.objects.get(author="client").attachments.get()
    assert (attachment.name, attachment.size) == ("a.bin", 3 * 1024 * 1024)
    answer = call(shop, body=b" " * (5 * 1024 * 1024 + 1))
    assert (answer.status_code, answer.json()["error"]) == (413, "too_large")


@pytest.mark.parametrize("key", ["", "wrong", "cck_of-the-test", "cck_of-the-tests2"])
def test_without_the_key_nothing_goes_in(shop: Connection, key: str) -> None:
    answer = call(shop, key=key)
    assert (answer.status_code, answer.json()["error"]) == (401, "not_authenticated")
    assert "Bearer" in answer.json()["message"]
    assert not InboundEvent.objects.exists()


def test_a_key_opens_only_its_own_connection(shop: Connection) -> None:
    other = make_connection(
        make_line(make_operator()), kind="api", credentials={"secret": SECRET, "api_key": "x"}
    )
    chat = make_connection(make_line(make_operator()), kind="livechat", credentials={"api_key": KEY})
    empty = make_connection(make_line(make_operator()), kind="api", credentials={})
    assert call(other).status_code == 401
    assert call(empty).status_code == 401
    answer = call(chat)
    assert (answer.status_code, answer.json()["error"]) == (404, "unknown")
    assert not InboundEvent.objects.exists()


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({}, "contact", "This field is needed."),
        (MESSAGE | {"text": 5.5, "external_id": ""}, "external_id", "This field is empty."),
        (MESSAGE | {"text": []}, "text", "This has to be text."),
        (MESSAGE | {"contact": "Anna"}, "contact", "This has to be an object."),
        (MESSAGE | {"contact": {}}, "contact.external_id", "This field is needed."),
        (MESSAGE | {"external_id": "x" * 201}, "external_id", "At most 200 characters."),
        (MESSAGE | {"attachments": [{}]}, "attachments[0]", "Give url or content_b64."),
        (
            MESSAGE | {"attachments": [{"content_b64": "?"}]},
            "attachments[0].content_b64",
            "This is not base64.",
        ),
        (
            MESSAGE | {"location": {"latitude": 91, "longitude": 0}},
            "location.latitude",
            "At most 90.0.",
        ),
        (MESSAGE | {"text": " "}, "", "The message is empty"),
        (MESSAGE | {"automatic": "perhaps"}, "automatic", "This has to be true or false."),
    ],
)
def test_what_is_wrong_is_told_in_words(shop: Connection, body: object, field: str, message: str) -> None:
    answer = call(shop, body=body)
    assert answer.status_code == 422
    said = answer.json()
    assert said["error"] == "invalid"
    assert any(wrong["field"] == field and message in wrong["message"] for wrong in said["fields"]), said
    assert message in said["message"]
    assert not InboundEvent.objects.exists()


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", "\ufeff{}".encode(), '{"a": 1}'.encode("utf-16"), b"[" * 100_000]
)
def test_what_is_no_json_is_told_so(shop: Connection, body: bytes) -> None:
    answer = call(shop, body=body)
    assert answer.status_code in {400, 422}
    assert answer.json()["message"]
    assert not InboundEvent.objects.exists()


def test_switched_off_it_says_so_and_keeps_nothing(shop: Connection) -> None:
    Connection.objects.update(is_active=False)
    assert call(shop).json()["kept"] is False
    assert not InboundEvent.objects.exists()


def test_is_the_key_good(shop: Connection) -> None:
    address = f"/api/v1/connections/{shop.public_id}"
    assert Http().get(address).status_code == 401
    answer = Http().get(address, headers={"Authorization": f"Bearer {KEY}"})
    assert answer.json() == {"name": shop.name, "active": True, "paused_because": ""}
    assert Http().get(f"{address}/messages").status_code == 405


def test_the_description_lists_every_call_and_needs_no_other_host() -> None:
    page = Http().get("/api/docs").content.decode()
    assert "swagger-ui" in page
    assert "http://" not in page
    assert "https://" not in page
    found = Http().get("/api/openapi.json").json()
    paths = {path.rpartition("/")[2] for path in found["paths"]}
    assert {"messages", "edits", "deletions", "reactions", "statuses", "reachability"} <= paths
    assert "message.written_outside" in found["info"]["description"]
    for listed in found["paths"].values():
        for operation in listed.values():
            assert operation["security"]


def test_every_example_of_the_description_is_true(shop: Connection) -> None:
    found = Http().get("/api/openapi.json").json()
    for path, listed in found["paths"].items():
        for method, operation in listed.items():
            refusals = {status for status in operation["responses"] if status != "200"}
            assert refusals >= {"401", "404"}
            for status in refusals:
                told = operation["responses"][status]["content"]["application/json"]
                assert told["schema"]["$ref"].endswith("/Refusal")
                assert set(told["example"]) == {"error", "message", "fields"}
                assert operation["responses"][status]["description"].endswith(".")
            if method == "post":
                example = operation["requestBody"]["content"]["application/json"]["example"]
                answer = call(shop, path.rpartition("/")[2], example)
                assert answer.json()["understood"], path
    unproved = found["paths"]["/api/v1/connections/{public_id}/messages"]["post"]["responses"]["401"]
    example = unproved["content"]["application/json"]["example"]
    assert example["message"] == call(shop, key="").json()["message"]


def test_the_description_tells_what_we_post() -> None:
    from openlines.connectors.api.fake import _NEEDED

    told = Http().get("/api/openapi.json").json()["webhooks"]
    assert set(told) == set(_NEEDED)
    for kind, listed in told.items():
        body = listed["post"]["requestBody"]["content"]["application/json"]["example"]
        assert body["type"] == kind
        assert set(_NEEDED[kind]) <= set(body["data"])
        assert {"2XX", "410", "4XX"} <= set(listed["post"]["responses"])


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data())
def test_nothing_makes_a_500(shop: Connection, data: st.DataObject) -> None:
    from tests.openlines.connectors.contract.mutations import mutated

    body = data.draw(mutated([json.dumps(MESSAGE | found["data"]).encode() for found in EVERY]))
    what = data.draw(
        st.sampled_from(["messages", "edits", "deletions", "reactions", "statuses", "reachability"])
    )
    assert call(shop, what, body).status_code in {200, 400, 422}


def test_the_generated_credentials_are_of_the_right_form(shop: Connection) -> None:
    from openlines.services.connections import _completed

    made = _completed("api", {"url": "https://shop.example/"}, public_id=uuid4())
    assert made["secret"].startswith("whsec_")
    assert made["api_key"].startswith("cck_")
    assert get("api").label
