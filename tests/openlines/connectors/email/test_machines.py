"""Whether a machine wrote a mail, and whether it answers one: by its headers and by its subject in many languages."""

from __future__ import annotations

import base64

import pytest

from tests.openlines.connectors.email.building import OURS, mail, received


def told(**headers: str) -> tuple[bool, bool]:
    item = received(mail("I am away.", **headers))
    return item.is_automatic, item.is_answer


def subject(words: str) -> str:
    return f"=?utf-8?B?{base64.b64encode(words.encode()).decode()}?="


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("auto-replied; owner=carl@client.test", (True, True)),
        ("(a comment) Auto-Replied (vacation)", (True, True)),
        ('"auto-replied"', (True, True)),
        ("auto-generated; owner-email=a@b.test", (True, False)),
        ("No", (False, False)),
        ("no (a person)", (False, False)),
        ("no; x=y", (False, False)),
    ],
)
def test_auto_submitted_with_parameters_and_comments(value: str, wanted: tuple[bool, bool]) -> None:
    assert told(Auto_Submitted=value) == wanted


AWAY = (
    "Automatic reply: A question",
    "Out of Office: A question",
    "I am out of the office until 9 December",
    "Automatische Antwort: Frage",
    "Abwesend: Frage",
    "Ich bin im Urlaub",
    "Odpowiedź automatyczna: Pytanie",
    "Nie ma mnie w biurze",
    "Réponse automatique : Question",
    "En congés du 2 au 9",
    "Risposta automatica: Domanda",
    "Respuesta automática: Pregunta",
    "Resposta automática: Pergunta",
    "Automatisch antwoord: Vraag",
    "Autosvar: Fråga",
    "Automatsvar: Spørsmål",
    "Automatická odpověď: Dotaz",
    "Αυτόματη απάντηση: Ερώτηση",
    "Automatski odgovor: Pitanje",
    "Automatinis atsakymas: Klausimas",
    "תגובה אוטומטית: שאלה",
    "Я в отпуске",
    "自动答复: 问题",
)


@pytest.mark.parametrize("words", AWAY)
def test_a_programs_subject_with_a_reference_to_ours_is_an_answer(words: str) -> None:
    assert told(Subject=subject(words), In_Reply_To=OURS) == (True, True)
    assert told(Subject=subject(words), Precedence="bulk") == (True, True)


@pytest.mark.parametrize("words", AWAY)
def test_a_subject_alone_is_a_persons(words: str) -> None:
    assert told(Subject=subject(words)) == (False, False)


@pytest.mark.parametrize(
    "words",
    [
        "Re: Automatic reply: A question",
        "Out of office hours again?",
        "Absence of my parcel",
        "Absence de colis",
        "Ausente en la entrega",
        "Abwesend bei Lieferung",
        "Automatic reply does not work",
        "OOO gauge trains",
        "Vacation reply cards",
    ],
)
def test_a_persons_subject_that_begins_like_a_programs(words: str) -> None:
    assert told(Subject=subject(words), In_Reply_To=OURS) == (False, False)
