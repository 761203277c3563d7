"""P1–P3 as they run live (spec §5); the live chat's gate: ``tests/openlines/widget``."""

from __future__ import annotations

from datetime import timedelta

import pytest

from openlines.connectors import base
from openlines.models import Client, ConsentRecord, ConsentVersion, Dialog, DialogEvent, Message, OutboxItem
from openlines.services import client_joins, consents, dialogs, lines, marks, outbound, outcomes
from openlines.services.automatic_actions import channel_of
from tests.openlines.factories import at, make_client, write
from tests.openlines.rules.scene import Scene, minutes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def scene() -> Scene:
    return Scene(
        "telegram", consent_enabled=True, consent_url="https://example.com/privacy", wrap_up=timedelta()
    )


def decisions(scene: Scene) -> list[str]:
    return list(scene.client.consents.order_by("pk").values_list("decision", flat=True))


@pytest.fixture
def by_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A channel without buttons."""
    from dataclasses import replace

    from openlines.connectors.telegram.connector import TelegramConnector

    monkeypatch.setattr(TelegramConnector, "features", replace(TelegramConnector.features, buttons=False))


@pytest.fixture
def by_buttons(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from openlines.connectors.telegram.connector import TelegramConnector

    monkeypatch.setattr(TelegramConnector, "features", replace(TelegramConnector.features, buttons=True))


def test_p1_asked_at_once_with_a_link_once_per_client_and_version(scene: Scene, by_writing: None) -> None:
    scene.write()
    asked = scene.last("consent")
    assert "https://example.com/privacy" in asked.text
    assert "By writing on you agree" in asked.text
    scene.write("my question", now=5)
    scene.answer(now=10)
    scene.finish(now=20)
    scene.write("later", now=30)
    assert Dialog.objects.count() == 2
    assert scene.said() == []
    assert Message.objects.filter(trigger="consent").count() == 1


def test_p1_a_new_version_is_asked_again_and_versions_are_kept(scene: Scene, by_writing: None) -> None:
    scene.write()
    scene.write("yes", now=1)
    scene.finish(now=2)
    lines.set_text(scene.line.pk, "consent", "en", "We have changed our rules. Do you agree?")
    assert list(ConsentVersion.objects.order_by("number").values_list("number", flat=True)) == [1, 2]
    scene.write("hello again", now=10)
    assert scene.last("consent").text.startswith("We have changed our rules")
    assert (
        ConsentRecord.objects.filter(decision="asked").values_list("version_number", flat=True).count() == 2
    )


def test_p1_asked_again_after_a_withdrawal(scene: Scene, by_writing: None) -> None:
    scene.write()
    scene.write("yes", now=1)
    scene.client.refresh_from_db()
    consents.withdraw(scene.client, by_id=scene.anna.pk, now=at(2))
    scene.finish(now=3)
    scene.write("again", now=10)
    assert scene.said() == ["consent"]
    assert decisions(scene) == ["asked", "given", "withdrawn", "asked"]


def test_p2_without_buttons_the_next_message_counts(scene: Scene, by_writing: None) -> None:
    scene.write()
    assert decisions(scene) == ["asked"]
    scene.write("my parcel", now=5)
    given = scene.client.consents.get(decision="given")
    assert (given.how, given.at, given.version_number) == ("writing", at(5), 1)
    assert consents.is_given(type(scene.client).objects.get(pk=scene.client.pk))


@pytest.mark.parametrize("how", ["refused", "told later", "too late", "forbidden"])
def test_p1_who_never_got_the_question_is_asked_again_and_has_not_answered_it(
    scene: Scene, by_writing: None, how: str
) -> None:
    if how == "forbidden":
        scene.write("out of office", is_automatic=True)
        assert scene.dropped() == [("consent", "machine")]
    else:
        scene.write()
        lose(scene, how)
    assert not consents.is_given(Client.objects.get(pk=scene.client.pk))
    assert asked(scene) == "unheard"
    scene.write("my parcel", now=minutes(60))
    assert Message.objects.filter(trigger="consent", created_at=at(minutes(60))).count() == 1
    assert (asked(scene), "given" in decisions(scene)) == ("asked", False)
    scene.write("yes", now=minutes(61))
    assert asked(scene) == "given"


def lose(scene: Scene, how: str) -> None:
    """The question does not reach the client."""
    question = scene.last("consent")
    item = OutboxItem.objects.select_related("connection", "message", "dialog__client").get(message=question)
    if how == "refused":
        outcomes.write(item, base.Failed("chat not found"), now=at(2))
    elif how == "told later":
        outcomes.write(item, base.Sent(("q1",)), now=at(2))
        told = base.StatusChanged("q1", base.DeliveryStatus.FAILED, at(3), "expired")
        marks.status(scene.connection, told, now=at(3))
    else:
        outbound.drain(scene.connection.pk, now=at(minutes(30)))


def asked(scene: Scene) -> str:
    return Client.objects.get(pk=scene.client.pk).consent_state


def test_p1_a_question_that_arrives_after_all_is_asked(scene: Scene, by_writing: None) -> None:
    scene.write()
    lose(scene, "told later")
    marks.status(scene.connection, base.StatusChanged("q1", base.DeliveryStatus.READ, at(4)), now=at(4))
    assert asked(scene) == "asked"


def test_p1_an_answer_is_not_undone_by_what_becomes_of_the_question(scene: Scene, by_writing: None) -> None:
    scene.write()
    scene.write("yes", now=1)
    lose(scene, "told later")
    assert asked(scene) == "given"


def test_p3_of_two_clients_who_are_one_the_newest_answer_holds() -> None:
    scene = Scene("whatsapp", consent_enabled=True, consent_url="https://example.com/privacy")
    other = make_client(scene.connection)
    write(other, "Hello", now=at(0))
    press_as(other, "agree", now=1)
    write(scene.client, "Hello", now=at(2))
    client_joins.join(keep=scene.client, gone=other, now=at(3))
    kept = Client.objects.get(pk=scene.client.pk)
    assert (kept.consent_state, kept.consent_version) == ("given", ConsentVersion.objects.get())


def press_as(client: Client, what: str, *, now: float) -> None:
    question = Message.objects.filter(dialog__client=client, trigger="consent").latest("pk")
    payload = question.extra["buttons"][0 if what == "agree" else 1]["payload"]
    client.refresh_from_db()
    write(client, what, now=at(now), kind=base.MessageKind.BUTTON, data={"payload": payload})


def test_p2_a_machine_does_not_consent(scene: Scene, by_writing: None) -> None:
    scene.write()
    scene.write("out of office", now=5, is_automatic=True)
    assert decisions(scene) == ["asked"]


def press(scene: Scene, payload: str, *, now: float) -> Message:
    return scene.write(
        "pressed", now=now, kind=base.MessageKind.BUTTON, data={"payload": payload}, external_id=f"b{now}"
    )


def test_p2_buttons_agree(scene: Scene, by_buttons: None) -> None:
    scene.write()
    asked = scene.last("consent")
    assert [button["text"] for button in asked.extra["buttons"]] == ["I agree", "I do not agree"]
    before = scene.dialog.facts()
    press(scene, asked.extra["buttons"][0]["payload"], now=5)
    assert decisions(scene) == ["asked", "given"]
    assert scene.dialog.facts() == before


def test_p2_other_messages_do_not_count_where_there_are_buttons(scene: Scene, by_buttons: None) -> None:
    scene.write()
    scene.write("never mind", now=5)
    assert decisions(scene) == ["asked"]


def test_p2_refusing_finishes_without_texts(scene: Scene, by_buttons: None) -> None:
    lines.save_block(scene.line.pk, {"finish_text_enabled": True, "rating_enabled": True}, now=at(0))
    scene.write()
    press(scene, scene.last("consent").extra["buttons"][1]["payload"], now=5)
    assert scene.dialog.state == "closed"
    assert scene.said() == ["consent"]
    assert decisions(scene) == ["asked", "refused"]


def test_p2_the_operator_notes_a_refusal_with_one_click(scene: Scene, by_writing: None) -> None:
    scene.write()
    scene.write("no, I do not want that", now=5)
    scene.answer("Understood", now=6)
    dialogs.refuse_consent(scene.dialog.pk, by=scene.anna, now=at(7))
    assert scene.dialog.state == "closed"
    assert decisions(scene) == ["asked", "given", "refused"]
    refusal = scene.client.consents.first()
    assert refusal is not None
    assert refusal.how == "operator"
    told = DialogEvent.objects.filter(dialog=scene.dialog, kind="consent").latest("pk")
    assert (told.actor, told.data["decision"]) == (scene.anna, "refused")


def test_p2_c2_and_c3_wait_for_it(scene: Scene, by_buttons: None) -> None:
    scene.write()
    scene.client.refresh_from_db()
    assert not consents.is_given(scene.client)


def test_p3_who_which_text_when_and_from_where_is_kept(scene: Scene, by_writing: None) -> None:
    scene.write()
    record = scene.client.consents.get()
    assert record.text == scene.last("consent").text
    assert (record.channel, record.at, record.url) == ("telegram", at(0), "https://example.com/privacy")


def test_off_by_default() -> None:
    scene = Scene("telegram")
    scene.write()
    assert not channel_of(scene.connection).is_chat
    assert decisions(scene) == []


def test_p2_the_next_message_counts_also_where_it_opens_a_dialog(scene: Scene, by_writing: None) -> None:
    scene.write()
    scene.answer(now=5)
    scene.finish(now=10)
    assert scene.dialog.state == "closed"
    scene.write("thank you, one thing more", now=100)
    assert Dialog.objects.count() == 2
    assert decisions(scene) == ["asked", "given"]


def test_p2_what_was_asked_before_a_new_version_is_no_consent_to_it(scene: Scene, by_writing: None) -> None:
    scene.write()
    scene.finish(now=10)
    lines.set_text(scene.line.pk, "consent", "en", "We have changed our rules. Do you agree?")
    scene.write("hello again", now=20)
    assert decisions(scene) == ["asked", "asked"]
    scene.write("yes", now=30)
    assert scene.client.consents.get(decision="given").version_number == 2


def test_p2_a_machine_does_not_consent_by_opening_a_dialog(scene: Scene, by_writing: None) -> None:
    scene.write()
    scene.finish(now=10)
    scene.write("out of office", now=20, is_automatic=True)
    assert decisions(scene) == ["asked"]


def test_p1_who_agreed_is_not_asked_again_who_refused_is(scene: Scene, by_buttons: None) -> None:
    scene.write()
    press(scene, scene.last("consent").extra["buttons"][0]["payload"], now=1)
    scene.finish(now=2)
    scene.write("later", now=10)
    assert scene.said() == []
    dialogs.refuse_consent(scene.dialog.pk, by=scene.anna, now=at(11))
    scene.write("much later", now=20)
    assert scene.said() == ["consent"]


def test_p1_who_has_not_answered_yet_is_not_asked_twice(scene: Scene, by_buttons: None) -> None:
    scene.write()
    scene.finish(now=2)
    scene.write("later", now=10)
    assert decisions(scene) == ["asked"]


def test_p2_a_button_of_another_version_is_no_answer_to_this_one(scene: Scene, by_buttons: None) -> None:
    scene.write()
    old = scene.last("consent").extra["buttons"]
    scene.finish(now=2)
    lines.set_text(scene.line.pk, "consent", "en", "We have changed our rules. Do you agree?")
    scene.write("again", now=10)
    for number, button in enumerate(old):
        scene.write(
            button["text"],
            now=20 + number,
            kind=base.MessageKind.BUTTON,
            data={"payload": button["payload"]},
            external_id=f"old{number}",
        )
    assert decisions(scene) == ["asked", "asked"]
    assert scene.dialog.is_open
