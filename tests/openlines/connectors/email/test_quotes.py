"""What a mail quotes is folded; what its writer wrote is never."""

from __future__ import annotations

import json
import time

import pytest

from openlines.connectors.email import markup, quotes
from tests.openlines.connectors.email.building import PAYLOADS

REPLIES = PAYLOADS.parent / "email_replies"

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
    "2026-11-23 10:15 GMT+01:00 Support <support@example.test>:",
    "Monday, 23 November 2026, 10:15 AM +0100 from support@example.test <support@example.test>:",
    "ma 23. marraskuuta 2026 klo 10.15 Support\n<support@example.test> kirjoitti:",
    "Em 23 de novembro de 2026 às 10:15:35, Support - Shop (\nsupport@example.test) escreveu:",
    '23.11.2026, 10.15, "The - Support" <support@example.test>:',
    "Support <support@example.test> schrieb am Mo., 23.\nNov. 2026, 10:15:",
    "---- On Mon, 23 Nov 2026 10:15:50 +0100 support@example.test wrote ----",
    "On Mon, 23 Nov 2026 10:15:43 +0100 Support <support@example.test> wrote",
    "On Nov 23, 2026, at 10:15 AM, Support\n<support@example.test>\nwrote:",
    "On Nov 23, 2026,\nat 10:15,\nSupport <support@example.test> wrote:",
    "On Nov 23,\n2026,\nat 10:15,\nSupport\n<support@example.test>\nwrote:",
    "W dniu pon., 23.11.2026 o 10:15 Support <support@example.test>\nnapisał(a):",
    "Dne po 23. lis. 2026 10:15 Support <support@example.test>\nnapsal(a):",
    "Il giorno lun 23 nov 2026 alle ore 10:15 Support <support@example.test>\nha scritto:",
    "Support <support@example.test> ezt írta (időpont: 2026. nov. 23., H 10:15):",
    "Support <support@example.test> 在 2026年11月23日 周一 10:15 写道：",
    "\u202aOn Mon, Nov 23, 2026 at 10:15 AM \u202aSupport\u202c <\u202asupport@example.test\u202c> wrote:\u202c",
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
        "------------------------------\n\n*Van:* Support <s@x.test>\n*Verzonden:* maandag\n*Aan:* Carl\n*Onderwerp:* x",
        "From: Human Resources\n<a-long-address@example.test>\nSent: Monday\nTo: Carl\nSubject: x",
        "      De : Support <s@x.test>\n À\xa0: Carl <c@x.test>\n Envoyé le : Lundi 23 novembre 2026 10h30\n Objet\xa0: Re: x",
        "-------- Oprindelig besked --------\nFra: Support <s@x.test>",
        "------ Saatja algne kiri ------\nSaatja: Support <s@x.test>",
        "Begin forwarded message:\n\nFrom: Support <s@x.test>\nSubject: x",
        "Télécharger Outlook pour iOS<https://aka.ms/o0ukef>\n________________________________\nFrom: Support <s@x.test>",
        "Gesendet von Outlook für Android<https://aka.ms/AAb9ysg>\n",
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
        "On the surface it looks like a head.\nOn the other hand, on 12 May at 10:30 we met\nand agreed on this:\nnothing",
        "I read mails that come from: a@x.test and from: b@x.test\nFrom: our database, not from others",
        "Times:\n2026-01-15 14:30:25\n15.01.2026 14:30\nJan 15, 2026 at 14:30",
        "Prices\n---- Shoes ----\n80 EUR",
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


OTHERS = {
    "crisp_email_1": ("Hi folks", "riak-users_lists.basho.com"),
    "crisp_email_6": ("I get proper", "torch of pixels"),
    "crisp_email_bullets": ("test 2", "- and another"),
    "crisp_email_customer_quote_header_3": ("bonjour,", "merci d'avance"),
    "crisp_email_emoji": ("🎉", "@pandaland"),
    "crisp_email_not_a_signature": ("Dear XXXXX:", ""),
    "crisp_email_thread": ("This is new", "from bellow."),
    "crisp_email_tricky_13_timestamp_variations": ("Here are", "not quote headers."),
    "crisp_email_tricky_18_inline_reply": ("On Dec 15", "our use case."),
    "crisp_sig_no_empty_line": ("this is", "line above."),
    "mpr_begins_with_signature": ("Thank you", ""),  # as it was encoded: its quote cannot be told
    "mpr_email_1_8": ("On Tue", ""),  # answered between the lines
    "mpr_email_ja_1_2": ("田中様", "よろしくお願いいたします"),
    "mpr_email_nl_1_2": ("Outlook", "een antwoord"),
    "mpr_email_pl_1_3": ("Od: Jan", "Jan"),  # nothing but a quote
    "mpr_email_swedish_1": ("Hej Person A", "Person B"),
    "mpr_greedy_on": ("On your remote host", "is not working."),
    "talon_ms_outlook_2003": ("Hi. I am fine.", "Alex"),
    "talon_windows_mail": ("Hi. I am fine.", "Alex"),
    "talon_yandex_ru": ("Hi. I am fine.", "Alex"),
}
"""Of texts that nobody here wrote: how what was written begins and ends. All others end with the same words."""


@pytest.mark.skipif(not REPLIES.is_dir(), reason="the shared payloads are not here")
@pytest.mark.parametrize("name", [path.stem for path in sorted(REPLIES.glob("*.json"))])
def test_answers_that_nobody_here_wrote(name: str) -> None:
    body = json.loads((REPLIES / f"{name}.json").read_text())
    text = body["body"].replace("\r\n", "\n")
    written, quoted = quotes.fold(markup.to_text(text)[0] if body["format"] == "text/html" else text)
    first, last = OTHERS.get(name, ("Fusce bibendum", "varius aliquet nec nec nibh."))
    assert written.startswith(first)
    assert written.rstrip().endswith(last)
    if name not in OTHERS:
        assert quoted


def test_a_text_made_for_it_takes_no_time() -> None:
    started = time.process_time()
    for line in ("On " * 80 + ":", "From: " * 40, "a: b", "> " * 100, "Am " + "x " * 110 + ":", "Le a 1:1:"):
        quotes.fold("\n".join(["start", *[line] * 20_000]))
    assert time.process_time() - started < 25  # of the processor: quadratic would be minutes
