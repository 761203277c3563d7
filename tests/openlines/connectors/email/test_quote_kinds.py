"""Heads, footers and signatures of many mail programs and languages."""

from __future__ import annotations

import pytest

from openlines.connectors.email import markup, quotes
from tests.openlines.connectors.email.building import mail, received

# -- what stands below a quote ------------------------------------------------------------------------------------

BELOW = [
    "_______________________________________________\nshop mailing list\nshop@lists.test\nhttps://lists.test/listinfo/shop",
    "-- \nYou received this message because you are subscribed to the group.",
    "This e-mail and any files are confidential and intended solely for the addressee.",
    "Diese E-Mail enthält vertrauliche Informationen.\n\nAmtsgericht Köln, HRB 1",
    "Ta wiadomość jest poufna.",
    "This email has been checked for viruses by Avast.\nwww.avast.com",
    "______________\nFrom: Carl <c@client.test>\nSent: Monday, 23 November 2026\nTo: Desk\nSubject: x\n\nShall we meet?",
    "From: Carl <carl@client.test>\nSent: Monday, 23 November 2026 9:00\nTo: Desk\nSubject: Shall we?\n\nShall we meet?",
    "Sent from my iPhone",
    "https://shop.test/unsubscribe",
]


@pytest.mark.parametrize("below", BELOW)
@pytest.mark.parametrize("gap", ["\n", ""])
def test_footers_below_a_quote_do_not_unfold_it(below: str, gap: str) -> None:
    head = "On Mon, Nov 23, 2026 at 10:15 AM Desk <desk@example.test> wrote:"
    text = f"Yes.\n\n{head}\n> Shall we?\n{gap}{below}"
    written, quoted = quotes.fold(text)
    assert written == "Yes."
    assert quoted.endswith(below.split("\n")[-1])
    html = f"<p>Yes.</p><blockquote type=cite>Shall we?</blockquote><p>{below.replace(chr(10), '<br>')}</p>"
    if "From:" not in below:
        assert markup.to_text(html)[0] == "Yes."


def test_a_quoted_line_that_was_wrapped_without_a_mark_does_not_unfold_it() -> None:
    head = "On Mon, Nov 23, 2026 at 10:15 AM Desk <desk@example.test> wrote:"
    long = "> Shall we meet on Tuesday at the office in the old town, or would you rather"
    for rest in (
        f"{long}\ncome on Friday?\n> Regards",
        f"{long}\ncome?",
        f"{long}\ncome?\n\n> Regards\n> Desk",
    ):
        assert quotes.fold(f"Yes.\n\n{head}\n{rest}") == ("Yes.", f"{head}\n{rest}")


@pytest.mark.parametrize(
    "answer", ["Blue.", "And by when?", "No", "I will come on Friday, and my wife too.\nIs that fine?", "1"]
)
def test_an_answer_below_or_between_is_never_hidden(answer: str) -> None:
    head = "On Mon, Nov 23, 2026 at 10:15 AM Desk <desk@example.test> wrote:"
    for text in (
        f"Hello,\n\n{head}\n> Which colour?\n{answer}",
        f"Hello,\n\n{head}\n> Which colour?\n\n{answer}\n\n> Regards",
        f"Hello,\n\n{head}\n> Which colour?\n{answer}\n> Regards\n\n-- \nCarl",
        f"Hello,\n\n{head}\n> Which colour?\n\n{answer}\n\n_____________\nThe mailing list",
    ):
        assert answer in quotes.fold(text)[0]


@pytest.mark.parametrize(
    "head",
    [
        "tir. 18. apr. 2026 kl. 13:09 skrev Desk <desk@x.test\n>:",
        "On Mon, Nov 23, 2026 at 10:15 AM Desk <desk@x.test\n> wrote:",
        "On Mon, Nov 23, 2026 at 10:15 AM Desk of the whole Shop\n<desk@x.test\n> wrote:",
        "pon., 23 lis 2026 o 10:15 Desk <desk@x.test\n> napisał(a):",
        "Le lun. 23 nov. 2026 à 10:15, Desk <desk@x.test\n> a écrit :",
        "Am Mo., 23. Nov. 2026 um 10:15 Uhr schrieb Desk <desk@x.test\n>:",
    ],
)
def test_a_head_broken_before_the_end_of_its_address(head: str) -> None:
    for body in ("> Shall we?", "\n> Shall we?\n> Regards"):
        assert quotes.fold(f"Yes.\n\n{head}\n{body}") == ("Yes.", f"{head}\n{body}")


MORE_HEADS = [
    "Den mån 23 nov. 2026 kl 10:15 skrev Desk <desk@x.test>:",
    "man. 23. nov. 2026 kl. 10.15 skrev Desk <desk@x.test>:",
    "Op ma 23 nov. 2026 om 10:15 schreef Desk <desk@x.test>:",
    "El lun, 23 nov 2026 a las 10:15, Desk (<desk@x.test>) escribió:",
    "Em seg., 23 de nov. de 2026 às 10:15, Desk <desk@x.test> escreveu:",
    "Il giorno lun 23 nov 2026 alle ore 10:15 Desk <desk@x.test> ha scritto:",
    "po 23. 11. 2026 v 10:15 odesílatel Desk <desk@x.test> napsal:",
    "po 23. 11. 2026 o 10:15 Desk <desk@x.test> napísal(a):",
    "Desk <desk@x.test> ezt írta (időpont: 2026. nov. 23., H, 10:15):",
    "În lun., 23 nov. 2026 la 10:15, Desk <desk@x.test> a scris:",
    "Desk <desk@x.test>, 23 Kas 2026 Pzt, 10:15 tarihinde şunu yazdı:",
    "пн, 23 лист. 2026 р. о 10:15 Desk <desk@x.test> пише:",
    "На пн, 23.11.2026 г. в 10:15 Desk <desk@x.test> написа:",
    "Στις Δευ 23 Νοε 2026 στις 10:15 π.μ., ο χρήστης Desk <desk@x.test> έγραψε:",
    "pon, 23. stu 2026. u 10:15 Desk <desk@x.test> napisao je:",
    "2026年11月23日(月) 10:15 Desk <desk@x.test>:",
    "Desk <desk@x.test> 于2026年11月23日周一 10:15写道：",
    "2026년 11월 23일 (월) 오전 10:15, Desk <desk@x.test>님이 작성:",
    "‫בתאריך יום ב׳, 23 בנוב׳ 2026 ב-10:15 מאת ‪Desk‬‏ <‪desk@x.test‬‏>:‬",
    "On Monday 23 November 2026 at 10:15:00 GMT+1, Desk <desk@x.test> wrote:",
    "On 23/11/2026 10:15, Desk wrote:",
    "On Nov 23, 2026, at 10:15 AM, Desk <desk@x.test> wrote:",
    "Le 23 nov. 2026 à 10:15, Desk <desk@x.test> a écrit :",
    "Am 23.11.2026 um 10:15 schrieb Desk <desk@x.test>:",
    "Wiadomość napisana przez Desk <desk@x.test> w dniu 23 lis 2026, o godz. 10:15:",
]


@pytest.mark.parametrize("head", MORE_HEADS)
def test_heads_of_more_mail_programs(head: str) -> None:
    for mark in ("> ", ""):
        assert quotes.fold(f"Thank you!\n\n{head}\n\n{mark}Good morning")[0] == "Thank you!"


LABELS = [
    'Message du : 23/11/2026 10:15\nDe : "Desk" <desk@x.test>\nA : carl@client.test\nCopie à : \nSujet : Re: order',
    "From: Desk <desk@x.test>\nSent: Monday, November 23, 2026 10:15 AM\nTo: Carl\nSubject: RE: order",
    "Von: Desk <desk@x.test>\nGesendet: Montag, 23. November 2026 10:15\nAn: Carl\nBetreff: AW: Bestellung",
    "De : Desk <desk@x.test>\nEnvoyé : lundi 23 novembre 2026 10:15\nÀ : Carl\nObjet : RE: commande",
    "Od: Desk <desk@x.test>\nWysłano: poniedziałek, 23 listopada 2026 10:15\nDo: Carl\nTemat: RE: zamówienie",
    "De: Desk <desk@x.test>\nEnviado: lunes, 23 de noviembre de 2026 10:15\nPara: Carl\nAsunto: RE: pedido",
    "De: Desk <desk@x.test>\nEnviada em: segunda-feira, 23 de novembro de 2026 10:15\nPara: Carl\nAssunto: RES: pedido",
    "Da: Desk <desk@x.test>\nInviato: lunedì 23 novembre 2026 10:15\nA: Carl\nOggetto: R: ordine",
    "Van: Desk <desk@x.test>\nVerzonden: maandag 23 november 2026 10:15\nAan: Carl\nOnderwerp: RE: bestelling",
    "Od: Desk <desk@x.test>\nOdesláno: pondělí 23. listopadu 2026 10:15\nKomu: Carl\nPředmět: RE: objednávka",
    "Från: Desk <desk@x.test>\nSkickat: den 23 november 2026 10:15\nTill: Carl\nÄmne: SV: order",
    "Fra: Desk <desk@x.test>\nSendt: 23. november 2026 10:15\nTil: Carl\nEmne: SV: ordre",
    "От: Desk <desk@x.test>\nОтправлено: 23 ноября 2026 г. 10:15\nКому: Carl\nТема: RE: заказ",
    "Від: Desk <desk@x.test>\nНадіслано: 23 листопада 2026 р. 10:15\nКому: Carl\nТема: RE: замовлення",
    "Lähettäjä: Desk <desk@x.test>\nLähetetty: 23. marraskuuta 2026 10:15\nVastaanottaja: Carl\nAihe: VS: tilaus",
    "Feladó: Desk <desk@x.test>\nElküldve: 2026. november 23., hétfő 10:15\nCímzett: Carl\nTárgy: RE: rendelés",
    "Kimden: Desk <desk@x.test>\nGönderildi: 23 Kasım 2026 10:15\nKime: Carl\nKonu: RE: sipariş",
    "Από: Desk <desk@x.test>\nΣτάλθηκε: 23 Νοεμβρίου 2026 10:15\nΠρος: Carl\nΘέμα: RE: x",
    "发件人: Desk <desk@x.test>\n发送时间: 2026年11月23日 10:15\n收件人: Carl\n主题: 回复: x",
    "差出人: Desk <desk@x.test>\n送信日時: 2026年11月23日 10:15\n宛先: Carl\n件名: RE: x",
    "보낸 사람: Desk <desk@x.test>\n보낸 날짜: 2026년 11월 23일 10:15\n받는 사람: Carl\n제목: RE: x",
    "From: Desk <desk@x.test>\nDate: Monday, 23 November 2026 at 10:15\nTo: Carl\nSubject: Re: order",
    "Von: Desk <desk@x.test>\nDatum: Montag, 23. November 2026 um 10:15\nAn: Carl\nBetreff: Re: x",
    "**From:** Desk <desk@x.test>\n**Sent:** Monday\n**To:** Carl\n**Subject:** x",
]


@pytest.mark.parametrize("head", LABELS)
def test_labels_of_more_languages(head: str) -> None:
    for above in ("", "________________________________\n", "-----Original Message-----\n"):
        written, quoted = quotes.fold(f"Thank you!\n\n{above}{head}\n\nGood morning")
        assert written == "Thank you!"
        assert quoted.endswith("Good morning")


SENTENCES = [
    "Sent from my desk, is much easier than from my phone.",
    "Sent from our warehouse it would take three days, so please use the other one.",
    "Get the blue one from the shop.",
    "Sent from Berlin on Monday, arrived nowhere.",
    "Get well soon, and call me.",
    "Wysłane z opóźnieniem, proszę o zwrot.",
    "Envoyé de Paris, le colis n'est jamais arrivé.",
    "From: Berlin\nTo: Paris\nDate: 12 May\nPlease book it for me.",
    "Subject: refund\nDate: 12 May\nI wait since then.",
]
SIGNATURES = [
    "Sent from TypeApp<http://www.typeapp.com/r?b=1>",
    "Sent from Proton Mail for iOS",
    "Sent with Proton Mail secure email.",
    "Sent from my Galaxy",
    "Sent from my iPhone",
    "Sent from Yahoo Mail on Android<https://go.onelink.me/1>",
    "Sent from Outlook for iOS<https://aka.ms/o0ukef>",
    "Get Outlook for Android<https://aka.ms/AAb9ysg>",
    "Sent via BlackBerry from T-Mobile",
    "Gesendet mit der GMX Mail App",
    "Von meinem iPhone gesendet",
    "Von meinem Samsung Galaxy Smartphone gesendet.",
    "Envoyé de mon iPhone",
    "Envoyé depuis l'application Mail Orange",
    "Enviado desde mi iPhone",
    "Enviado do meu iPhone",
    "Inviato da iPhone",
    "Verzonden vanaf mijn iPhone",
    "Skickat från min iPhone",
    "Sendt fra min iPhone",
    "Lähetetty iPhonesta",
    "Odesláno z iPhonu",
    "Wysłane z iPhone'a",
    "Wysłane z telefonu Samsung",
    "Wysłano z aplikacji Outlook dla systemu Android",
    "Отправлено с iPhone",
    "Надіслано з iPhone",
    "iPhone'umdan gönderildi",
    "iPhoneから送信",
    "发自我的iPhone",
]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_sentences_that_begin_like_signatures_stay(sentence: str) -> None:
    for text in (f"Hello,\n\n{sentence}", sentence, f"Hello\n{sentence}\n\nRegards\nCarl"):
        assert quotes.fold(text) == (text, "")


@pytest.mark.parametrize("signature", SIGNATURES)
def test_signatures_of_telephones_and_programs(signature: str) -> None:
    assert quotes.fold(f"Hello\n\n{signature}") == ("Hello", signature)
    head = "On Mon, Nov 23, 2026 at 10:15 AM Desk <desk@x.test> wrote:"
    assert quotes.fold(f"Hello\n\n{signature}\n\n{head}\n> x")[0] == "Hello"


def test_gmails_indenting_is_no_quote() -> None:
    for style in (
        "margin:0 0 0 40px;border:none;padding:0px",
        "margin: 0px 0px 0px 40px; border: none; padding: 0px;",
    ):
        html = f"<div dir=ltr>The error:<blockquote class='gmail_quote' style='{style}'>E-4711 refused</blockquote></div>"
        assert markup.to_text(html) == ("The error:\n\nE-4711 refused", "")
    quote = "<blockquote class='gmail_quote' style='margin:0px 0px 0px 0.8ex;border-left:1px solid #ccc;'>old</blockquote>"
    assert markup.to_text(f"<div>new</div>{quote}") == ("new", "old")


CITED = '<div>Please look at this:</div><blockquote type="cite"><div>Section 4</div></blockquote>'


def test_an_indent_of_apple_mail_and_thunderbird_is_no_quote_in_a_new_mail() -> None:
    new = received(mail(CITED, Content_Type="text/html"))
    assert (new.text, new.data.get("quoted")) == ("Please look at this:\n\nSection 4", None)
    plain = received(mail("Please look at this:\n\n> Section 4\n"))
    assert (plain.text, plain.data.get("quoted")) == ("Please look at this:\n\n> Section 4", None)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (CITED, {"In_Reply_To": "<x@example.test>"}),
        (CITED, {"Subject": "Re: A question"}),
        (CITED, {"Subject": "Odp: A question"}),
        (CITED.replace('type="cite"', 'type="cite" cite="mid:a@x.test"'), {}),
        (CITED.replace("<div>Section", "<div>On 23 Nov 2026, at 10:15, Desk wrote:</div><div>Section"), {}),
    ],
)
def test_a_quote_without_references_is_folded_where_the_mail_says_that_it_is_one(
    body: str, headers: dict[str, str]
) -> None:
    item = received(mail(body, Content_Type="text/html", **headers))
    assert item.text == "Please look at this:"
    assert "Section 4" in item.data["quoted"]
