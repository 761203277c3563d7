"""P1–P3 as they run live (spec §5); the live chat's gate: ``tests/openlines/widget``."""

from __future__ import annotations

from datetime import timedelta

import pytest

from openlines.connectors import base
from openlines.models import ConsentRecord, ConsentVersion, Dialog, DialogEvent, Message
from openlines.services import consents, dialogs, lines
from openlines.services.automatic_actions import channel_of
from tests.openlines.factories import at
from tests.openlines.rules.scene import Scene

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
