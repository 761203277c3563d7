"""What a mail quotes is folded; what its writer wrote is never."""

from __future__ import annotations

import time

import pytest

from openlines.connectors.email import quotes

HEADS = [
    "On Mon, Nov 23, 2026 at 10:15 AM Support <support@example.test> wrote:",
    "On Mon, Nov 23, 2026 at 10:15 AM Support\n<support@example.test> wrote:",
    "Am 23.11.2026 um 10:15 schrieb Support:",
    "Le lun. 23 nov. 2026 à 10:15, Support <support@example.test> a écrit :",
    "W dniu 23.11.2026 o 10:15, Support pisze:",
    "pon., 23 lis 2026 o 10:15 Support <support@example.test> napisał(a):",
    "Dnia 23 listopada 2026 10:15 Support napisał(a):",
    "пн, 23 нояб. 2026 г. в 10:15, Support <support@example.test>:",
    "23 ноября 2026 г. 10:15 пользователь Support <support@example.test> написал:",
    "23.11.2026 10:15, Support пишет:",
    "понеділок, 23 листопада 2026 р. Support пише:",
    "El lun, 23 nov 2026 a las 10:15, Support (<support@example.test>) escribió:",
]


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("mark", ["> ", ""])
def test_a_quote_is_folded(head: str, mark: str) -> None:
    text, quoted = quotes.fold(f"Thank you!\n\n{head}\n\n{mark}Good morning,\n{mark}it is sent.\n")
    assert text == "Thank you!"
    assert quoted.startswith(head)
    assert quoted.endswith("it is sent.")


@pytest.mark.parametrize(
    "head",
    [
        "-----Original Message-----\nFrom: Support",
        "________________________________\nFrom: Support",
        "From: Support <support@example.test>\nSent: Monday\nTo: Carl\nSubject: Re: x",
        "Od: Support <support@example.test>\nWysłano: poniedziałek\nDo: Carl\nTemat: Re: x",
        "Von: Support\nGesendet: Montag\nAn: Carl\nBetreff: x",
        "От: Support\nОтправлено: понедельник\nКому: Carl\nТема: x",
        "*From:* Support\n*Sent:* Monday\n*To:* Carl",
    ],
)
def test_outlooks_way(head: str) -> None:
    assert quotes.fold(f"Thank you!\n\n{head}\n\nGood morning")[0] == "Thank you!"


@pytest.mark.parametrize(
    "text",
    [
        "Hello:\nthis is a list\nTo: nobody in particular",
        "Data: 12 maja\nproszę o termin",
        "From: Berlin\nI would like a ticket",
        "I wrote:\nnothing",
        "Point 1: a\nPoint 2: b",
        "> quoted first\n> and more\nanswer below",
        "On Mon, Nov 23, 2026 at 10:15 Support <s@example.test> wrote:\n> Red or blue?\nBlue.\n> When?\nToday.",
        "a -- b\nc",
        "- one\n- two",
    ],
)
def test_what_was_written_stays(text: str) -> None:
    assert quotes.fold(text) == (text, "")


def test_signatures_are_folded() -> None:
    assert quotes.fold("1\n\n-- \nCarl\n+48 22 000") == ("1", "-- \nCarl\n+48 22 000")
    assert quotes.fold("1\n\nSent from my iPhone") == ("1", "Sent from my iPhone")
    assert quotes.fold("1\n\nWysłane z iPhone'a\n\n> Was it good?") == (
        "1",
        "Wysłane z iPhone'a\n\n> Was it good?",
    )


def test_a_text_made_for_it_takes_no_time() -> None:
    started = time.process_time()
    for line in ("On " * 80 + ":", "From: " * 40, "a: b", "> " * 100, "Am " + "x " * 110 + ":", "Le a 1:1:"):
        quotes.fold("\n".join(["start", *[line] * 20_000]))
    assert time.process_time() - started < 25  # of the processor: quadratic would be minutes
